export type Addresses = {
  apiUrl: string
  docsUrl: string
  mailUrl: string
  /** Absent when the Temporal server is not ours. */
  temporalUiUrl?: string
  supplierUrl: string
  processorUrl: string
  dealerUrl: string
  paymentsUrl: string
}

export type SampleKeys = { storefrontKey?: string; operatorKey?: string; supplierKey?: string }

/**
 * The first thing to do with a running service, as lines that can be pasted: order what is short, accept to wait, and
 * see it arrive. With no sample data it says what to bring first.
 */
export function tryThis({
  apiUrl,
  mailUrl,
  docsUrl,
  supplierUrl,
  dealerUrl,
  storefrontKey,
  operatorKey,
}: Addresses & SampleKeys): string {
  if (!storefrontKey) {
    return `There is no data yet. Bring your own through ${docsUrl}, with the operator's key:
  export KEY=${operatorKey ?? '(in the keys file)'}
`
  }
  return `Make a back order: paste this into another terminal.

  export KEY=${storefrontKey}
  post() { curl -s "${apiUrl}$1" -H "Authorization: Bearer $KEY" -H "Content-Type: application/json" -H "Idempotency-Key: $(date +%s%N)" -d "$2"; }
  ORDER=$(post /v1/orders '{"customer":{"name":"Ada Marsh","email":"ada@example.test","time_zone":"Europe/Berlin"},"ship_to":{"name":"Ada Marsh","lines":["12 Quay Street"],"city":"Bremen","postcode":"28195","country":"DE"},"lines":[{"sku":"PAN-CI-28","quantity":5}]}' | node -p 'JSON.parse(require("fs").readFileSync(0)).number')
  post /v1/orders/$ORDER/answers '{"answers":[{"line":1,"choice":"wait_for_all"}]}'

Two pans are there, three are missing: the supplier is asked, answers by itself, and sends them within half a minute.
Then open ${mailUrl}, follow the link in "your goods are here", request the delivery and confirm it.
Order TENT-2P instead and you play the supplier yourself, at ${supplierUrl}.

Leads go to car dealers. The nearest who sells the make answers by itself; chosen by "dealer":"riverside" instead, it
waits for you at ${dealerUrl}:

  post /v1/leads '{"near":{"country":"DE","postcode":"28195"},"another_dealer":true,"prospect":{"name":"Ada Marsh","email":"ada@example.test","time_zone":"Europe/Berlin"},"vehicle":{"make":"Brio","year":2026}}'
`
}
