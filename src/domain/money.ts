/** An amount in minor units of an ISO 4217 currency as people read it: "€19.99". */
export function moneyInWords(minor: number, currency: string): string {
  const format = new Intl.NumberFormat('en-GB', { style: 'currency', currency })
  return format.format(minor / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2))
}
