/** A postcode as it is looked up: "sw1a 1aa" and "SW1A1AA" are one. Not every country has digits only. */
export function postcodeKey(given: string): string {
  return given.toUpperCase().replace(/[\s-]+/g, '')
}
