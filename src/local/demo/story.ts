import type { Shop } from './shop.ts'

/** A story with its end in words; it throws when it does not come to that end. */
export type Story = { title: string; play: (shop: Shop) => Promise<string> }

export function expect(isSo: boolean, what: string): void {
  if (!isSo) throw new Error(`not as it should be: ${what}`)
}
