import { type CarrierReport, TRACKING } from '../domain/delivery.ts'

/** What a carrier is asked to fetch and bring. `collect_on` is a calendar day, YYYY-MM-DD in UTC, or null for at once. */
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
  /** Books a shipment; the same reference again, with the same content, is the same shipment. */
  book(shipment: Shipment): Promise<{ tracking: string } | { refused: true }>
  /** Takes a shipment back, unless it was collected, or the carrier does not know it. */
  cancel(tracking: string): Promise<'returned' | 'collected' | 'unknown'>
  /** The last thing that happened to a shipment; null before it is collected. */
  status(tracking: string): Promise<CarrierReport | null>
}

const CALL_MS = 8_000

/** An answer that is neither a yes nor one of the noes that are agreed on: it says nothing about the parcel. */
class StrangeAnswer extends Error {
  constructor(what: string) {
    super(`the carrier answered ${what}`)
    // What is logged and shown of a failure is its name.
    this.name = `carrier answered ${what}`
  }
}

/** A carrier that speaks JSON over HTTP as docs/partners.md says. */
export function httpCarrier({ url, apiKey }: { url: string; apiKey?: string | undefined }): Carrier {
  async function call(
    method: string,
    path: string,
    options: { key?: string; body?: unknown } = {},
  ): Promise<Response> {
    const headers = new Headers({ accept: 'application/json' })
    if (apiKey) headers.set('authorization', `Bearer ${apiKey}`)
    if (options.key) headers.set('idempotency-key', options.key)
    if (options.body) headers.set('content-type', 'application/json')
    return fetch(url.replace(/\/$/, '') + path, {
      method,
      headers,
      // Whoever is named there was not chosen to be given addresses.
      redirect: 'manual',
      signal: AbortSignal.timeout(CALL_MS),
      ...(options.body ? { body: JSON.stringify(options.body) } : {}),
    })
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
      mustBeYes(response)
      const answer = (await response.json().catch(() => null)) as { tracking?: unknown } | null
      // It may have been booked: only the same question again tells.
      if (typeof answer?.tracking !== 'string' || !TRACKING.test(answer.tracking))
        throw new StrangeAnswer(`${response.status} without a tracking number`)
      return { tracking: answer.tracking }
    },
    async cancel(tracking) {
      const response = await call('DELETE', `/shipments/${encodeURIComponent(tracking)}`)
      if (response.status === 409) return 'collected'
      if (response.status === 404) return 'unknown'
      mustBeYes(response)
      return 'returned'
    },
    async status(tracking) {
      const response = await call('GET', `/shipments/${encodeURIComponent(tracking)}`)
      if (response.status === 404) return null
      mustBeYes(response)
      const { status } = (await response.json()) as { status: string }
      return status === 'collected' || status === 'delivered' || status === 'failed' ? status : null
    },
  }
}

function mustBeYes(response: Response): void {
  if (!response.ok) throw new StrangeAnswer(String(response.status))
}
