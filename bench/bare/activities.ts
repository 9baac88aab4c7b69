/** What the activities of the service come to when there are no books, no partners and nobody to tell. */
export const nothing = {
  async nothing(): Promise<void> {},
}
export type Nothing = typeof nothing
