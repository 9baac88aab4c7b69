import { randomUUID } from 'node:crypto'

type Json = Record<string, unknown>
// What the API answers is looked at, not typed, as in any script of a client.
// oxlint-disable-next-line typescript/no-explicit-any
type Answer = any

/** A shop of the demo's own in the running service: its items, suppliers and keys, made through the API as operators do. */
export type Shop = {
  /** Sends a request; throws with the problem's words unless it is answered with a yes. */
  call(method: string, path: string, body?: Json, key?: string): Promise<Answer>
  /** The same as an operator. */
  operate(method: string, path: string, body?: Json): Promise<Answer>
  /** Has the sample plant report a step of a vehicle that its order processor has confirmed. */
  plant(vehicle: string, step: string): Promise<void>
  /** Makes an item with so many units on the shelf; gives its code. */
  item(name: string, onHand: number): Promise<string>
  /** Makes a supplier that the sample suppliers play, and what it can bring. */
  supplier(name: string, options: { skus: string[]; rank: number; behaviour: Json }): Promise<string>
  /** Makes a dealer that the sample dealers play, with the seconds after which it counts as silent; gives its id. */
  dealer(
    name: string,
    options: { make: string; latitude: number; seconds: number; behaviour: Json },
  ): Promise<string>
  /** A make that only this demo's dealers sell. */
  make(name: string): string
  /** Orders one item; gives the order. */
  order(sku: string, quantity: number): Promise<Answer>
  /** Orders what is short and accepts to wait for all of it; gives the back order's number. */
  backOrder(sku: string, quantity: number, answer?: Json): Promise<string>
  /**
   * Does something while goods may be held for a few seconds only, which a house does not allow unless it was started with
   * sample data. Afterwards its shortest hold is again what it was.
   */
  withShortHolds<T>(doing: () => Promise<T>): Promise<T>
  /**
   * Does something while the house takes a deposit of such orders in euros. Afterwards its terms are what they were; where it
   * had none, they take none.
   */
  withDeposit<T>(kind: 'custom_order' | 'tag', doing: () => Promise<T>): Promise<T>
  /** Brings units as a count of the shelf. */
  count(sku: string, counted: number): Promise<void>
  /** Waits until it is so, and says in a line what it waits for. */
  until(path: string, what: string, isSo: (view: Answer) => boolean): Promise<Answer>
  /** Another shop, whose payments the house takes. */
  whosePaymentsTheHouseTakes(): Promise<Shop>
  /** What the buyer does on the payment provider's page, once that is open. */
  buyer(payment: string, does: 'pay' | 'decline'): Promise<void>
  say(line: string): void
}

const PATIENCE_MS = 60_000
const NO_DEPOSIT = { deposit: 0, fee: 0, refund_banked: 'full', refund_scheduled: 'full' }
const DEPOSIT = { deposit: 50_000, fee: 15_000, refund_banked: 'full', refund_scheduled: 'less_fee' }

export async function openShop(at: {
  apiUrl: string
  mailUrl: string
  supplierUrl: string
  dealerUrl: string
  processorUrl: string
  paymentsUrl: string
  operatorKey: string
  tag: string
  takesPayment?: boolean
}): Promise<Shop> {
  const storefront = `demo-${at.tag.toLowerCase()}`

  async function send(
    base: string,
    method: string,
    path: string,
    body: Json | undefined,
    key: string,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const response = await fetch(new URL(path, base), {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        'content-type': 'application/json',
        ...(method === 'POST' ? { 'idempotency-key': randomUUID() } : {}),
        ...headers,
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    const text = await response.text()
    const answer: Answer = text ? JSON.parse(text) : {}
    if (response.ok) return answer
    throw new Error(
      `${method} ${path} was answered with ${response.status}: ${answer.detail ?? answer.reason ?? text}`,
    )
  }
  const operator = (method: string, path: string, body?: Json) =>
    send(at.apiUrl, method, path, body, at.operatorKey)
  /** The house's shortest hold period is this from now on; gives what it was. */
  const setShortestHold = async (min: string): Promise<string> => {
    const url = new URL('/v1/operator/periods', at.apiUrl)
    const authorization = `Bearer ${at.operatorKey}`
    const answer = await fetch(url, { headers: { authorization } })
    const periods: Answer = await answer.json()
    const changed = await fetch(url, {
      method: 'PUT',
      headers: {
        authorization,
        'content-type': 'application/json',
        'if-match': answer.headers.get('etag') ?? '',
      },
      body: JSON.stringify({ ...periods, hold: { ...periods.hold, min } }),
    })
    if (!changed.ok) throw new Error(`the house's shortest hold could not be set: ${await changed.text()}`)
    return periods.hold.min
  }
  /** The house's terms for such orders are these from now on; gives what they were. */
  const setTerms = async (kind: 'custom_order' | 'tag', terms: Json): Promise<Json> => {
    const { data } = await operator('GET', '/v1/operator/order-terms')
    const known = data.find((row: Answer) => row.kind === kind && row.currency === 'EUR')
    const headers: Record<string, string> = known ? { 'if-match': `"${known.version}"` } : {}
    const path = `/v1/operator/order-terms/${kind}/EUR`
    await send(at.apiUrl, 'PUT', path, terms, at.operatorKey, headers)
    if (!known) return NO_DEPOSIT
    const { deposit, fee, refund_banked, refund_scheduled } = known
    return { deposit, fee, refund_banked, refund_scheduled }
  }
  const keyFor = async (role: string, partner: string): Promise<string> =>
    (await operator('POST', '/v1/operator/api-keys', { role, partner, name: 'demo' })).secret

  await operator('PUT', `/v1/operator/storefronts/${storefront}`, {
    name: `Demo shop ${at.tag}`,
    mail_name: 'Demo shop',
    reply_to: 'demo@holdfast.example',
    takes_payment: at.takesPayment ?? false,
  })
  const storefrontKey = await keyFor('storefront', storefront)

  let paying: Promise<Shop> | undefined

  const shop: Shop = {
    call: (method, path, body, key = storefrontKey) => send(at.apiUrl, method, path, body, key),

    operate: operator,

    async plant(vehicle, step) {
      await send(at.processorUrl, 'POST', `/api/vehicles/${vehicle}/steps`, { step }, '')
      shop.say(`${vehicle}: the plant says ${step}`)
    },

    async item(name, onHand) {
      const sku = `DEMO-${at.tag}-${name}`
      const price = { amount: 1_999, currency: 'EUR' }
      await operator('PUT', `/v1/operator/items/${sku}`, { name: `Demo ${name.toLowerCase()}`, price })
      if (onHand > 0) await shop.count(sku, onHand)
      return sku
    },

    async supplier(name, { skus, rank, behaviour }) {
      const id = `${name}-${at.tag.toLowerCase()}`
      const { webhook_secret } = await operator('PUT', `/v1/operator/suppliers/${id}`, {
        name: `Demo supplier ${name}`,
        channel: 'webhook',
        webhook_url: `${at.supplierUrl}/suppliers/${id}/webhooks`,
        periods: { gather: 'PT2S', acknowledge: 'PT3S', remind: 'PT3S' },
      })
      const price = { amount: 999, currency: 'EUR' }
      for (const sku of skus) {
        await operator('PUT', `/v1/operator/suppliers/${id}/items/${sku}`, {
          rank,
          lead_period: 'P2D',
          price,
        })
      }
      const api_key = await keyFor('supplier', id)
      const mode = 'automatic'
      await send(
        at.supplierUrl,
        'PUT',
        `/api/suppliers/${id}`,
        { id, name, api_key, webhook_secret, mode },
        '',
      )
      await send(at.supplierUrl, 'PUT', `/api/suppliers/${id}/behaviour`, { mode, ...behaviour }, '')
      return id
    },

    async dealer(name, { make, latitude, seconds, behaviour }) {
      const id = `${name}-${at.tag.toLowerCase()}`
      const period = `PT${seconds}S`
      const { webhook_secret } = await operator('PUT', `/v1/operator/dealers/${id}`, {
        name: `Demo dealer ${name}`,
        latitude,
        longitude: 8.8,
        time_zone: 'Europe/Berlin',
        channel: 'webhook',
        webhook_url: `${at.dealerUrl}/dealers/${id}/webhooks`,
        lead_format: 'json',
        makes: [make],
        periods: { acknowledge: period, remind: period, escalate: period },
      })
      const api_key = await keyFor('dealer', id)
      const mode = 'automatic'
      const path = `/api/dealers/${id}`
      await send(at.dealerUrl, 'PUT', path, { id, name, api_key, webhook_secret, mode }, '')
      await send(at.dealerUrl, 'PUT', `${path}/behaviour`, { mode, ...behaviour }, '')
      return id
    },

    make: (name) => `${name}-${at.tag.toLowerCase()}`,

    async order(sku, quantity) {
      const name = 'Ada Marsh'
      const order = await shop.call('POST', '/v1/orders', {
        customer: { name, email: 'ada@example.test', time_zone: 'Europe/Berlin' },
        ship_to: { name, lines: ['12 Quay Street'], city: 'Bremen', postcode: '28195', country: 'DE' },
        lines: [{ sku, quantity }],
      })
      const [line] = order.lines
      shop.say(
        `${order.number}: ${quantity} ordered, ${line.available} there, ${line.shortfall} short → ${order.state}`,
      )
      return order
    },

    async backOrder(sku, quantity, answer = {}) {
      const { number } = await shop.order(sku, quantity)
      const answers = [{ line: 1, choice: 'wait_for_all', ...answer }]
      const answered = await shop.call('POST', `/v1/orders/${number}/answers`, { answers })
      const backOrder: string = answered.lines[0].back_order
      const view = await shop.call('GET', `/v1/back-orders/${backOrder}`)
      shop.say(`${backOrder}: accepted; ${view.explanation}`)
      return backOrder
    },

    async withShortHolds(doing) {
      const before = await setShortestHold('PT1S')
      try {
        return await doing()
      } finally {
        await setShortestHold(before)
      }
    },

    async withDeposit(kind, doing) {
      const before = await setTerms(kind, DEPOSIT)
      try {
        return await doing()
      } finally {
        await setTerms(kind, before)
      }
    },

    async count(sku, counted) {
      await operator('POST', '/v1/operator/stock-counts', { counts: [{ sku, counted }], reason: 'Demo' })
    },

    async until(path, what, isSo) {
      const end = Date.now() + PATIENCE_MS
      for (let said = 0; ; ) {
        const view = await shop.call('GET', path)
        if (isSo(view)) {
          shop.say(`${what}: yes`)
          return view
        }
        if (Date.now() > end) throw new Error(`waited a minute for "${what}"; it is ${view.state}`)
        if (Date.now() - said > 2_000) {
          shop.say(`${what}? it is ${view.state} …`)
          said = Date.now()
        }
        await new Promise((resolve) => setTimeout(resolve, 200))
      }
    },

    whosePaymentsTheHouseTakes() {
      paying ??= openShop({ ...at, tag: `${at.tag}P`, takesPayment: true })
      return paying
    },

    async buyer(payment, does) {
      await shop.until(
        `/v1/payments/${payment}`,
        `${payment} can be paid`,
        ({ state }) => state === 'pending',
      )
      const { sessions } = await send(at.paymentsUrl, 'GET', '/api/books', undefined, '')
      const open = sessions.find(
        (session: Answer) => session.metadata.payment === payment && session.status === 'open',
      )
      await send(at.paymentsUrl, 'POST', `/api/sessions/${open?.id}/${does}`, {}, '')
      shop.say(`${payment}: on the provider's page the buyer ${does === 'pay' ? 'pays' : 'is declined'}`)
    },

    say: (line) => console.log(`   ${line}`),
  }
  return shop
}
