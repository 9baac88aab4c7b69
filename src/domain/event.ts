/**
 * What can happen, by name, and who is told of it (REQUIREMENTS A2, A5–A7, B5, B7, B9): the customer, the prospect, the
 * buyer of a vehicle or whoever pays by mail together with the storefront by webhook, the supplier, the dealer, or the house's
 * operators by mail. The name is the event's `type` in the history, the webhook's `type`, and chooses the mail's words.
 */
export const EVENTS = {
  'order.received': { told: null },
  'order.placed': { told: 'customer' },
  'order.offered': { told: 'customer' },
  'order.answered': { told: 'customer' },
  'order.deadline_changed': { told: 'customer' },
  'order.offer_expired': { told: 'customer' },
  'order.cancelled': { told: 'customer' },
  'order.links_revoked': { told: null },

  'back_order.accepted': { told: null },
  'back_order.allocated': { told: null },
  'back_order.met': { told: 'customer' },
  'back_order.lowered': { told: 'customer' },
  'back_order.deadline_changed': { told: 'customer' },
  'back_order.promised': { told: null },
  'back_order.delayed': { told: 'customer' },
  'back_order.unsourced': { told: 'customer' },
  'back_order.taken_back': { told: 'customer' },
  'back_order.delivery_requested': { told: 'customer' },
  'back_order.payment_requested': { told: null },
  'back_order.confirmed': { told: null },
  'back_order.declined': { told: 'customer' },
  'back_order.cancelling': { told: null },
  'back_order.cancelled': { told: 'customer' },
  'back_order.expired': { told: 'customer' },
  'back_order.dispatched': { told: null },
  'back_order.delivered': { told: null },
  'back_order.delivery_failed': { told: null },
  'back_order.delivery_retried': { told: null },
  'back_order.returned': { told: null },

  'delivery.planned': { told: 'customer' },
  'delivery.booking': { told: null },
  'delivery.booked': { told: null },
  'delivery.dispatched': { told: 'customer' },
  'delivery.delivered': { told: 'customer' },
  'delivery.failed': { told: 'customer' },
  'delivery.retried': { told: 'customer' },
  'delivery.cancelling': { told: null },
  'delivery.cancelled': { told: 'customer' },
  'delivery.returned': { told: 'customer' },

  'purchase_order.created': { told: 'supplier' },
  'purchase_order.reminded': { told: 'supplier' },
  'purchase_order.acknowledged': { told: null },
  'purchase_order.shipment_notified': { told: null },
  'purchase_order.line_withdrawn': { told: 'supplier' },
  'purchase_order.change_requested': { told: 'supplier' },
  'purchase_order.received': { told: null },
  'purchase_order.overdue': { told: null },
  'purchase_order.closed': { told: null },

  'lead.received': { told: 'prospect' },
  'lead.sent': { told: 'dealer' },
  'lead.status_requested': { told: 'dealer' },
  'lead.reminded': { told: 'dealer' },
  'lead.status_given': { told: null },
  'lead.late_status': { told: null },
  'lead.escalated': { told: 'operators' },
  'lead.agreed': { told: null },
  'lead.withdrawn': { told: 'dealer' },
  'lead.passed_on': { told: 'prospect' },
  'lead.unanswered': { told: 'prospect' },
  'lead.cancelled': { told: 'prospect' },
  'lead.closed': { told: 'prospect' },

  'custom_order.received': { told: 'buyer' },
  'custom_order.deposit_requested': { told: null },
  'custom_order.deposit_held': { told: null },
  'custom_order.balance_requested': { told: null },
  'custom_order.balance_overdue': { told: 'operators' },
  'custom_order.balance_settled': { told: null },
  'custom_order.told_dealer': { told: 'order_dealer' },
  'custom_order.told_processor': { told: 'processor' },
  'custom_order.dealer_accepted': { told: null },
  'custom_order.processor_accepted': { told: null },
  'custom_order.refused': { told: 'buyer' },
  'custom_order.dealer_chosen': { told: null },
  'custom_order.escalated': { told: 'operators' },
  'custom_order.confirmed': { told: 'buyer' },
  'custom_order.reconfigured': { told: 'buyer' },
  'custom_order.cancelled': { told: 'buyer' },
  'custom_order.completed': { told: null },

  'tag.placed': { told: 'buyer' },
  'tag.deposit_requested': { told: null },
  'tag.deposit_held': { told: null },
  'tag.balance_requested': { told: null },
  'tag.balance_overdue': { told: 'operators' },
  'tag.balance_settled': { told: null },
  'tag.sent': { told: 'dealer' },
  'tag.told_processor': { told: 'processor' },
  'tag.reminded': { told: 'dealer' },
  'tag.escalated': { told: 'operators' },
  'tag.dealer_accepted': { told: null },
  'tag.processor_accepted': { told: null },
  'tag.confirmed': { told: 'buyer' },
  'tag.ready': { told: 'dealer' },
  'tag.answer_repeated': { told: null },
  'tag.word_kept': { told: null },
  'tag.sold': { told: 'buyer' },
  'tag.refused': { told: 'buyer' },
  'tag.cancelled': { told: 'buyer' },
  'tag.withdrawn': { told: 'dealer' },
  'tag.delivered': { told: null },

  'match_request.received': { told: 'buyer' },
  'match_request.offered': { told: 'buyer' },
  'match_request.accepted': { told: null },
  'match_request.declined': { told: null },
  'match_request.lapsed': { told: 'buyer' },
  'match_request.taken_back': { told: 'buyer' },
  'match_request.cancelled': { told: 'buyer' },
  'match_request.expired': { told: 'buyer' },

  'vehicle.banked': { told: null },
  'vehicle.scheduled': { told: 'buyer' },
  'vehicle.rescheduled': { told: 'buyer' },
  'vehicle.unscheduled': { told: 'buyer' },
  'vehicle.reconfigured': { told: null },
  'vehicle.in_production': { told: 'buyer' },
  'vehicle.vin_assigned': { told: 'buyer' },
  'vehicle.vin_released': { told: null },
  'vehicle.built': { told: 'buyer' },
  'vehicle.shipped': { told: 'buyer' },
  'vehicle.at_dealer': { told: 'buyer' },
  'vehicle.delivered': { told: 'buyer' },
  'vehicle.tagged': { told: null },
  'vehicle.untagged': { told: null },
  'vehicle.listed': { told: null },
  'vehicle.priced': { told: null },
  'vehicle.offered': { told: null },
  'vehicle.freed': { told: null },
  'vehicle.withdrawn': { told: null },
  'vehicle.sold': { told: null },
  'vehicle.cancelled': { told: null },
  'vehicle.written_off': { told: null },
  'vehicle.forfeited': { told: null },
  'payment.requested': { told: 'payer' },
  'payment.opened': { told: null },
  'payment.declined': { told: null },
  'payment.deadline_changed': { told: null },
  'payment.authorised': { told: null },
  'payment.lapsed': { told: null },
  'payment.capture_asked': { told: null },
  'payment.captured': { told: 'payer' },
  'payment.capture_failed': { told: null },
  'payment.capture_retried': { told: null },
  'payment.void_asked': { told: null },
  'payment.released': { told: 'payer' },
  'payment.voided': { told: null },
  'payment.expired': { told: null },
  'payment.refund_asked': { told: null },
  'payment.refund_underway': { told: null },
  'payment.refunded': { told: 'payer' },
  'payment.refund_failed': { told: null },
  'payment.refund_retried': { told: null },
  'payment.settle_asked': { told: null },
  'payment.settled': { told: 'payer' },

  'item.counted': { told: null },

  'member.verified': { told: null },
  'member.merged': { told: null },
  'member.separated': { told: null },
  'member.exported': { told: null },
  'member.erasing': { told: null },
  'member.erased': { told: null },

  'model_year.created': { told: null },
  'model_year.changed': { told: null },
} as const

export type EventType = keyof typeof EVENTS

type Told<Whom extends string> = {
  [Type in EventType]: (typeof EVENTS)[Type]['told'] extends Whom ? Type : never
}[EventType]

/** The events that customers, prospects, buyers, payers and dealers are told of, each in words of its own. */
export type CustomerEvent = Told<'customer'>
export type ProspectEvent = Told<'prospect'>
export type BuyerEvent = Told<'buyer'>
export type PayerEvent = Told<'payer'>
export type DealerEvent = Told<'dealer'>

/** True when this is an event that those are told of. */
export function isTold<Whom extends 'customer' | 'prospect' | 'buyer' | 'payer' | 'dealer'>(
  whom: Whom,
  type: EventType,
): type is Told<Whom> {
  return EVENTS[type].told === whom
}

/** True when this is an event of such a thing's story: `lead`, `tag` … */
export function isAbout<Thing extends string>(
  thing: Thing,
  type: EventType,
): type is Extract<EventType, `${Thing}.${string}`> {
  return type.startsWith(`${thing}.`)
}
