import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common'
import { defineSignal, defineUpdate } from '@temporalio/workflow'
import type { Command, Outcome } from '../domain/command.ts'
import type { Judge } from '../domain/custom-order.ts'
import type { CarrierReport } from '../domain/delivery.ts'
import type { LineAnswer } from '../domain/order.ts'
import type { TagAnswer, TagVerdict } from '../domain/tag.ts'

/** Every message that a workflow understands, and the search attributes that operators find it by. */

/** "Look at your row again": carries nothing, so it may come twice, late or for nothing. */
export const look = defineSignal('look')

/** Waits for an order to be placed: the answer to the request that made it. */
export const placed = defineUpdate<Outcome>('placed')

export const answerOffer = defineUpdate<Outcome, [Command & { answers: LineAnswer[] }]>('answerOffer')
export const changeDeadline = defineUpdate<Outcome, [Command & { deadline_at: string }]>('changeDeadline')
export const cancel = defineUpdate<Outcome, [Command]>('cancel')

export const lower = defineUpdate<Outcome, [Command & { quantity: number }]>('lower')
export const requestDelivery = defineUpdate<Outcome, [Command]>('requestDelivery')
export const confirm = defineUpdate<Outcome, [Command]>('confirm')
export const decline = defineUpdate<Outcome, [Command]>('decline')

export const carrierReported = defineUpdate<
  Outcome,
  [Command & { attempt: number; report: CarrierReport; tracking: string }]
>('carrierReported')
export const decideDelivery = defineUpdate<
  Outcome,
  [Command & { decision: 'cancel' | 'retry' | 'return_to_stock' }]
>('decideDelivery')

export const acknowledge = defineUpdate<Outcome, [Command]>('acknowledge')
export const noteShipment = defineUpdate<Outcome, [Command]>('noteShipment')
export const withdrawLine = defineUpdate<Outcome, [Command & { line: number }]>('withdrawLine')

export const giveStatus = defineUpdate<Outcome, [Command & { dealer: string }]>('giveStatus')
export const agree = defineUpdate<Outcome, [Command]>('agree')
export const handOver = defineUpdate<Outcome, [Command & { dealer: string }]>('handOver')
export const close = defineUpdate<Outcome, [Command]>('close')

export const judge = defineUpdate<Outcome, [Command & { judge: Judge; dealer: string | null }]>('judge')
export const chooseDealer = defineUpdate<Outcome, [Command & { dealer: string }]>('chooseDealer')
export const reconfigure = defineUpdate<Outcome, [Command & { configuration: string }]>('reconfigure')
export const decidePayment = defineUpdate<
  Outcome,
  [Command & ({ decision: 'refund'; amount_minor: number } | { decision: 'retry' | 'settle' })]
>('decidePayment')

export const forfeit = defineUpdate<Outcome, [Command]>('forfeit')
export const handOverVehicle = defineUpdate<Outcome, [Command & { settled: boolean; dealer: string | null }]>(
  'handOverVehicle',
)

export const answerTag = defineUpdate<Outcome, [Command & { answer: TagAnswer }]>('answerTag')
export const judgeTag = defineUpdate<Outcome, [Command & { verdict: TagVerdict }]>('judgeTag')
export const handOverTagged = defineUpdate<Outcome, [Command & { settled: boolean }]>('handOverTagged')

export const acceptMatch = defineUpdate<Outcome, [Command]>('acceptMatch')
export const declineMatch = defineUpdate<Outcome, [Command]>('declineMatch')

export const bookReceipt = defineUpdate<Outcome, [Command]>('bookReceipt')
export const countStock = defineUpdate<Outcome, [Command]>('countStock')

export const SEARCH_ATTRIBUTES = {
  orderNumber: defineSearchAttributeKey('OrderNumber', SearchAttributeType.KEYWORD),
  stage: defineSearchAttributeKey('Stage', SearchAttributeType.KEYWORD),
  partnerId: defineSearchAttributeKey('PartnerId', SearchAttributeType.KEYWORD),
  sku: defineSearchAttributeKey('Sku', SearchAttributeType.KEYWORD_LIST),
  deadline: defineSearchAttributeKey('Deadline', SearchAttributeType.DATETIME),
}
