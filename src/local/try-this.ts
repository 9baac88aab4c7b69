export type Addresses = {
  apiUrl: string
  docsUrl: string
  mailUrl: string
  /** Absent when the Temporal server is not ours. */
  temporalUiUrl?: string
  supplierUrl: string
}

export type SampleKeys = { storefrontKey?: string; operatorKey?: string; supplierKey?: string }

/** The first thing to do with a running service, as lines that can be pasted. */
export function tryThis({ apiUrl, storefrontKey }: Addresses & SampleKeys): string {
  if (!storefrontKey) return ''
  return `Try this:\n  curl -H 'Authorization: Bearer ${storefrontKey}' ${apiUrl}/v1/items\n`
}
