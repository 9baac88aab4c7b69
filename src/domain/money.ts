/** Currencies whose minor unit is not the hundredth, by the decimals that ISO 4217 gives them. */
const DECIMALS: Record<number, string> = {
  0: 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF',
  3: 'BHD IQD JOD KWD LYD OMR TND',
  4: 'CLF UYW',
}
const DECIMALS_OF = new Map(
  Object.entries(DECIMALS).flatMap(([decimals, codes]) =>
    codes.split(' ').map((code) => [code, Number(decimals)] as const),
  ),
)

/** An amount in minor units of an ISO 4217 currency as people read it: "€19.99", or with its code "EUR 19.99". */
export function moneyInWords(
  minor: number,
  currency: string,
  currencyDisplay: 'symbol' | 'code' = 'symbol',
): string {
  // What Intl knows of decimals is how cash is counted: of a forint it shows none, though prices have two.
  const decimals = DECIMALS_OF.get(currency) ?? 2
  const format = new Intl.NumberFormat('en-GB', {
    style: 'currency',
    currency,
    currencyDisplay,
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  })
  return format.format(minor / 10 ** decimals)
}
