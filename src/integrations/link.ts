import { createHmac, timingSafeEqual } from 'node:crypto'

/**
 * The link in a customer's mail (DESIGN §5): names one order and proves itself by an HMAC, so that nothing has to be
 * stored for it. Raising the order's link version makes every link mailed so far worthless. The link in a dealer's mail
 * is made in the same way, of a lead, custom order or tag and the turn in which the dealer got it; so is the prospect's, of a
 * lead and no turn, and the one to pay, of a payment.
 */
export type Links = {
  /** The whole address of an order's page. */
  url(order: string, version: number): string
  /** The whole address of a dealer's page of a lead. */
  leadUrl(lead: string, turn: number): string
  /** The whole address of a dealer's page of a custom order. */
  customOrderUrl(customOrder: string, turn: number): string
  /** The whole address of a dealer's page of a tag, which has one turn only. */
  tagUrl(tag: string): string
  /** The whole address of a prospect's page of their enquiry. */
  prospectUrl(lead: string): string
  /** The address that leads to the provider's page of a payment. */
  payUrl(payment: string): string
  /**
   * True when this proof was made for this order and link version, this lead, custom order or tag and turn (`NO_TURN` for
   * the prospect), or this payment and `PAY_LINK`.
   */
  isValid(number: string, version: number, proof: string): boolean
}

/** In a prospect's link what the turn is in a dealer's: turns count from 1. */
export const NO_TURN = 0

/** The turn of every tag: its vehicle has one dealer. */
export const ONLY_TURN = 1

/** The version of every link to pay: there is nothing to revoke, since it opens nothing but the provider's page. */
export const PAY_LINK = 1

export function createLinks(options: { secret: string; publicUrl: string }): Links {
  const proofOf = (number: string, version: number) =>
    createHmac('sha256', options.secret).update(`${number}/${version}`).digest('base64url').slice(0, 32)
  return {
    url: (order, version) => new URL(`/o/${order}/${proofOf(order, version)}`, options.publicUrl).href,
    leadUrl: (lead, turn) => new URL(`/l/${lead}/${turn}/${proofOf(lead, turn)}`, options.publicUrl).href,
    customOrderUrl: (order, turn) =>
      new URL(`/c/${order}/${turn}/${proofOf(order, turn)}`, options.publicUrl).href,
    tagUrl: (tag) => new URL(`/t/${tag}/${ONLY_TURN}/${proofOf(tag, ONLY_TURN)}`, options.publicUrl).href,
    prospectUrl: (lead) => new URL(`/e/${lead}/${proofOf(lead, NO_TURN)}`, options.publicUrl).href,
    payUrl: (payment) => new URL(`/p/${payment}/${proofOf(payment, PAY_LINK)}`, options.publicUrl).href,
    isValid(number, version, proof) {
      const expected = Buffer.from(proofOf(number, version))
      const given = Buffer.from(proof)
      return given.length === expected.length && timingSafeEqual(given, expected)
    },
  }
}
