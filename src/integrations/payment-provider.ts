/** What is to be paid on the provider's page. Minor units of an ISO 4217 currency. */
export type SessionAsked = {
  /** The payment's number: all that the provider learns of whose it is. */
  payment: string
  /** What the page says that it is for. */
  words: string
  amount_minor: number
  currency: string
  /** Where the buyer comes back to, having paid or not. */
  paid_url: string
  unpaid_url: string
}

/**
 * How a session on the provider's page stands: `open` can be paid, with the last attempt that was declined; `held` is
 * authorised; `taken` is captured; of `gone` nothing can be paid and nothing is held.
 */
export type SessionOutcome =
  | { state: 'open'; declined: string | null }
  | { state: 'held'; intent: string }
  | { state: 'taken'; intent: string }
  | { state: 'gone' }

/** What became of a refund. `failure` is a code. */
export type RefundOutcome =
  | { state: 'done' | 'underway'; reference: string }
  | { state: 'failed'; failure: string }

/**
 * Whoever takes the money (REQUIREMENTS B5), on a page of its own: card numbers never reach us. Each call is one attempt. A
 * provider that cannot be reached, or is in trouble, makes it throw, without anything of the buyer in the message. The same
 * call under the same key is done once, whatever became of the tries before and however long ago they were. Amounts are in
 * minor units of an ISO 4217 currency, however the provider counts.
 */
export type PaymentProvider = {
  /** Opens a page where the buyer can pay, so that the money is held and not yet taken. */
  openSession(asked: SessionAsked, key: string): Promise<{ session: string; url: string }>
  look(session: string): Promise<SessionOutcome>
  /** Nothing can be paid in this session any more; what was paid before that is told. */
  close(session: string): Promise<SessionOutcome>
  /** Closes it and lets go of what is held, if anything was; `taken` when it was taken already. */
  release(
    session: string,
    key: string,
  ): Promise<{ state: 'gone'; was_held: boolean } | { state: 'taken'; intent: string }>
  /** Takes what is held. */
  capture(intent: string, key: string): Promise<{ state: 'taken' } | { state: 'refused'; failure: string }>
  /** Gives back a part of what was taken. */
  refund(
    refund: { payment: string; intent: string; amount_minor: number; currency: string },
    key: string,
  ): Promise<RefundOutcome>
  lookAtRefund(reference: string): Promise<RefundOutcome>
}

/** What checks the webhooks of a provider. */
export type PaymentWebhooks = {
  /** What an event says; undefined when it was not signed by the provider just now. */
  read(body: string, signature: string): PaymentEvent | undefined
}

/** The event's id, the payment that it is about, and the refund of it that failed, if it says so of one. */
export type PaymentEvent = {
  id: string
  payment: string | null
  failed_refund: { reference: string; failure: string } | null
}
