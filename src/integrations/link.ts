import { createHmac, timingSafeEqual } from 'node:crypto'

/**
 * The link in a customer's mail (DESIGN §5): names one order and proves itself by an HMAC, so that nothing has to be
 * stored for it. Raising the order's link version makes every link mailed so far worthless. The link in a dealer's mail
 * is made in the same way, of a lead and the turn in which the dealer got it.
 */
export type Links = {
  /** The whole address of an order's page. */
  url(order: string, version: number): string
  /** The whole address of a dealer's page of a lead. */
  leadUrl(lead: string, turn: number): string
  /** True when this proof was made for this order and link version, or this lead and turn. */
  isValid(number: string, version: number, proof: string): boolean
}

export function createLinks(options: { secret: string; publicUrl: string }): Links {
  const proofOf = (number: string, version: number) =>
    createHmac('sha256', options.secret).update(`${number}/${version}`).digest('base64url').slice(0, 32)
  return {
    url: (order, version) => new URL(`/o/${order}/${proofOf(order, version)}`, options.publicUrl).href,
    leadUrl: (lead, turn) => new URL(`/l/${lead}/${turn}/${proofOf(lead, turn)}`, options.publicUrl).href,
    isValid(number, version, proof) {
      const expected = Buffer.from(proofOf(number, version))
      const given = Buffer.from(proof)
      return given.length === expected.length && timingSafeEqual(given, expected)
    },
  }
}
