import { ProviderSide } from '../support/provider.ts'
import { expectStatus } from '../support/shop.ts'
import { inSeconds, type Path, type Scene, type Subject } from './scene.ts'

/** Paths of a shop whose payments the house takes. */

/** Its confirmation is asked for; gives the payment's number, which can be paid. */
async function toBePaid(scene: Scene, more: object = {}): Promise<Subject & { payment: string }> {
  const subject = await scene.requested(more)
  const { payment } = (await scene.command(subject.number, 'confirmation')).body
  await scene.until(payment.number, 'pending')
  return { ...subject, payment: payment.number }
}

/** The same, paid and with the carrier. */
async function booked(scene: Scene): Promise<Subject & { payment: string; delivery: string }> {
  const subject = await toBePaid(scene)
  await new ProviderSide(scene.house).buyer(subject.payment, 'pay')
  const { delivery } = await scene.until(subject.number, 'confirmed')
  await scene.until(delivery, 'booked')
  return { ...subject, delivery }
}

export const paid: Path = async (scene) => {
  const { number, payment } = await toBePaid(scene)
  const provider = new ProviderSide(scene.house)
  await provider.buyer(payment, 'decline')
  await provider.buyer(payment, 'pay')
  const { delivery } = await scene.until(number, 'confirmed')
  await scene.until(delivery, 'booked')
  await scene.reports(delivery, 'delivered')
  await scene.keep('paid-confirmed-delivered', `back-order/${number}`)
  await scene.keep('declined-paid-captured', `payment/${payment}`)
}

export const notPaid: Path = async (scene) => {
  const { number, payment } = await toBePaid(scene)
  const deadline_at = inSeconds(2).toISOString()
  await scene.command(number, 'deadline', { deadline_at })
  await scene.keep('not-paid-expired', `back-order/${number}`)
  await scene.keep('not-paid-in-time', `payment/${payment}`)
}

export const released: Path = async (scene) => {
  const deliver_on = inSeconds(2 * 86_400)
    .toISOString()
    .slice(0, 10)
  const { number, payment } = await toBePaid(scene, { deliver_on })
  await new ProviderSide(scene.house).buyer(payment, 'pay')
  await scene.until(number, 'confirmed')
  await scene.command(number, 'cancellation')
  await scene.keep('held-released', `payment/${payment}`)
}

export const takenBack: Path = async (scene) => {
  const { number, payment, sku } = await toBePaid(scene)
  await scene.count(sku, 1)
  await scene.until(payment, 'voided')
  await scene.command(number, 'cancellation')
  await scene.keep('taken-back-while-to-be-paid-cancelled', `back-order/${number}`)
  await scene.keep('withdrawn', `payment/${payment}`)
}

export const refunded: Path = async (scene) => {
  const { payment, delivery } = await booked(scene)
  await scene.reports(delivery, 'collected')
  await scene.until(payment, 'captured')
  await scene.keep('captured', `payment/${payment}`)
  const part = { amount: 100, reason: 'A scratch' }
  expectStatus(await scene.operator(`payments/${payment}/refund`, part), 200)
  await scene.shop.until(payment, ({ refunded }) => refunded.amount === 100)
  await scene.reports(delivery, 'failed')
  await scene.until(delivery, 'failed')
  const decision = { decision: 'return_to_stock', reason: 'As agreed' }
  expectStatus(await scene.operator(`deliveries/${delivery}/decision`, decision), 200)
  await scene.until(payment, 'refunded')
  await scene.keep('refunded', `payment/${payment}`, 'last')
}

/** For which the provider has to misbehave, so that nothing else can be played beside it. */
export const refusedByTheProvider: Path = async (scene) => {
  const provider = new ProviderSide(scene.house)
  const { payment, delivery } = await booked(scene)
  await provider.behave({ mode: 'refuse_capture', times: 1 })
  await scene.reports(delivery, 'delivered')
  await scene.until(payment, 'capture_failed')
  await provider.behave({ mode: 'unavailable', on: 'capture', times: 4 })
  const decision = { decision: 'retry', reason: 'As agreed' }
  expectStatus(await scene.operator(`payments/${payment}/decision`, decision), 200)
  await scene.until(payment, 'captured')
  await scene.keep('capture-refused-provider-unreachable-captured', `payment/${payment}`)
}
