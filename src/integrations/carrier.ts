import type { CarrierReport } from '../domain/delivery.ts'

/** What a carrier is asked to fetch and bring. `collect_on` is a calendar day, YYYY-MM-DD in UTC and not over yet, or null for at once. */
export type Shipment = {
  reference: string
  ship_to: {
    name: string
    lines: string[]
    city: string
    postcode: string
    region: string | null
    country: string
  }
  parcels: { sku: string; quantity: number }[]
  collect_on: string | null
}

/**
 * A carrier (REQUIREMENTS A8). Each call is one attempt; a carrier that cannot be reached or is in trouble makes it
 * throw, without anything of the shipment in the message, and the activity is tried again.
 */
export type Carrier = {
  /** Books a shipment; the same reference again is the same shipment. */
  book(shipment: Shipment): Promise<{ tracking: string } | { refused: true }>
  /** Takes a shipment back, unless it was collected. */
  cancel(tracking: string): Promise<'returned' | 'collected'>
  /** The last thing that happened to a shipment; null before it is collected. */
  status(tracking: string): Promise<CarrierReport | null>
}

const CALL_MS = 8_000

/** A carrier that speaks JSON over HTTP as docs/partners.md says. */
export function httpCarrier(baseUrl: string): Carrier {
  async function call(
    method: string,
    path: string,
    options: { key?: string; body?: unknown } = {},
  ): Promise<Response> {
    const headers = new Headers({ accept: 'application/json' })
    if (options.key) headers.set('idempotency-key', options.key)
    if (options.body) headers.set('content-type', 'application/json')
    const response = await fetch(baseUrl.replace(/\/$/, '') + path, {
      method,
      headers,
      signal: AbortSignal.timeout(CALL_MS),
      ...(options.body ? { body: JSON.stringify(options.body) } : {}),
    })
    if (response.status >= 500 || response.status === 429)
      throw new Error(`the carrier answered ${response.status}`)
    return response
  }

  return {
    async book(shipment) {
      const { region, ...shipTo } = shipment.ship_to
      const body = {
        reference: shipment.reference,
        ship_to: { ...shipTo, ...(region ? { region } : {}) },
        parcels: shipment.parcels,
        ...(shipment.collect_on ? { collect_on: shipment.collect_on } : {}),
      }
      const response = await call('POST', '/shipments', { key: shipment.reference, body })
      if (response.status === 400 || response.status === 422) return { refused: true }
      refuseStrange(response)
      const { tracking } = (await response.json()) as { tracking: string }
      return { tracking }
    },
    async cancel(tracking) {
      const response = await call('DELETE', `/shipments/${encodeURIComponent(tracking)}`)
      if (response.status === 409) return 'collected'
      // What the carrier does not know it cannot fetch.
      if (response.status !== 404) refuseStrange(response)
      return 'returned'
    },
    async status(tracking) {
      const response = await call('GET', `/shipments/${encodeURIComponent(tracking)}`)
      if (!response.ok) return null
      const { status } = (await response.json()) as { status: string }
      return status === 'collected' || status === 'delivered' || status === 'failed' ? status : null
    },
  }
}

/** An answer that is neither a yes nor one of the noes that are agreed on says nothing about the parcel. */
function refuseStrange(response: Response): void {
  if (!response.ok) throw new Error(`the carrier answered ${response.status}`)
}
