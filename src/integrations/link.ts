import { createHmac, timingSafeEqual } from 'node:crypto'

/**
 * The link in a customer's mail (DESIGN §5): names one order and proves itself by an HMAC, so that nothing has to be
 * stored for it. Raising the order's link version makes every link mailed so far worthless.
 */
export type Links = {
  /** The whole address of an order's page. */
  url(order: string, version: number): string
  /** True when this proof was made for this order and link version. */
  isValid(order: string, version: number, proof: string): boolean
}

export function createLinks(options: { secret: string; publicUrl: string }): Links {
  const proofOf = (order: string, version: number) =>
    createHmac('sha256', options.secret).update(`${order}/${version}`).digest('base64url').slice(0, 32)
  return {
    url: (order, version) => new URL(`/o/${order}/${proofOf(order, version)}`, options.publicUrl).href,
    isValid(order, version, proof) {
      const expected = Buffer.from(proofOf(order, version))
      const given = Buffer.from(proof)
      return given.length === expected.length && timingSafeEqual(given, expected)
    },
  }
}
