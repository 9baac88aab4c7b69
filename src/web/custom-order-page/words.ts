import type { CancelCause, GatewayWord } from '../../domain/custom-order.ts'
import type { EventType } from '../../domain/event.ts'
import type { VehicleState } from '../../domain/vehicle.ts'
import type { CustomOrderPage } from '../../store/custom-order-page.ts'
import type { ToldEvent } from '../../store/event.ts'

/** Why there is nothing more to do. */
export const OVER_WORDS: Record<NonNullable<CustomOrderPage['over']>, string> = {
  refused: 'It was not accepted. The buyer may choose another dealer.',
  cancelled: 'It is cancelled.',
  asked_anew: 'You were asked about it anew since: please use the link in our newer mail.',
  passed_on: 'It is with another dealer now.',
}

/** Where the vehicle stands. */
export const VEHICLE_WORDS: Record<VehicleState, string> = {
  banked: 'In the order bank, waits for a slot in production',
  scheduled: 'Scheduled for production',
  in_production: 'Being built',
  built: 'Built',
  shipped: 'On its way to you',
  at_dealer: 'At your place',
  delivered: 'Handed over',
  cancelled: 'Not built',
}

/** What happened since the page was shown at that version. */
export function wordsSince({ events }: CustomOrderPage, version: number): string[] {
  return events.filter(({ sequence }) => sequence > version).flatMap((event) => eventWords(event) ?? [])
}

/** What happened, in words for the dealer; null for what is only between others. */
export function eventWords(event: ToldEvent): string | null {
  return WORDS[event.type]?.(event) ?? null
}

const TOLD_WORDS: Partial<Record<GatewayWord, string>> = {
  submitted: 'We asked you to accept or refuse it.',
  reminded: 'We reminded you to answer.',
}

const CANCELLED_WORDS: Partial<Record<CancelCause, string>> = {
  not_paid: 'It was cancelled: the balance was not paid. The vehicle is yours to sell, and among your stock.',
  written_off: 'It was cancelled: the vehicle cannot be delivered.',
}

const WORDS: Partial<Record<EventType, (event: ToldEvent) => string | undefined>> = {
  'custom_order.told_dealer': ({ details }) => TOLD_WORDS[details.message as GatewayWord],
  'custom_order.dealer_accepted': () => 'You accepted it.',
  'custom_order.processor_accepted': () => 'The manufacturer accepted it.',
  'custom_order.refused': ({ details, note }) => {
    if (details.by === 'silence') return 'Not everybody answered in time, which counts as a refusal.'
    return details.by === 'dealer' ? `You refused it: ${note}` : 'The manufacturer refused it.'
  },
  'custom_order.escalated': () => 'Not everybody answered: our staff is looking after it.',
  'custom_order.confirmed': () => 'It is confirmed, and its vehicle is in the order bank.',
  'custom_order.reconfigured': () => 'The buyer changed the configuration.',
  'custom_order.balance_requested': () => 'The buyer was asked for the balance.',
  'custom_order.balance_overdue': () => 'The balance was not paid in time.',
  'custom_order.balance_settled': () => 'The balance was recorded as settled with you.',
  'custom_order.dealer_chosen': () => 'The buyer chose a dealer anew.',
  'custom_order.cancelled': ({ details }) =>
    CANCELLED_WORDS[details.because as CancelCause] ?? 'It was cancelled.',
  'custom_order.completed': () => 'The vehicle was handed over.',
}
