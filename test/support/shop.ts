import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { isGrpcServiceError, WorkflowNotFoundError } from '@temporalio/client'
import type { House } from './house.ts'

/** An answer of the API as tests look at it. */
// biome-ignore lint/suspicious/noExplicitAny: tests look into JSON that the API made
export type Answer = { status: number; body: any; headers: Headers }

type ReceivedMail = { message_id: string; subject: string; text: string; html: string }

export const ADDRESS = {
  name: 'Ada Example',
  lines: ['12 Example Street'],
  city: 'Exampleton',
  postcode: '12345',
  country: 'DE',
}

/** The house's periods in tests: as short as a test wants them, and unless it says so none ends while a slow one runs. */
export const SHORT_PERIODS = { default_seconds: 900, min_seconds: 1, max_seconds: 3_600 }

/** A small shop in a house: a storefront, an operator, suppliers and items as each test wants them. */
export class Shop {
  readonly house: House
  readonly storefront: string
  readonly storefrontKey: string
  readonly operatorKey: string

  private constructor(house: House, storefront: string, storefrontKey: string, operatorKey: string) {
    this.house = house
    this.storefront = storefront
    this.storefrontKey = storefrontKey
    this.operatorKey = operatorKey
  }

  static async open(house: House): Promise<Shop> {
    const { db } = house
    const storefront = `shop-${randomBytes(3).toString('hex')}`
    await db`INSERT INTO storefronts (id, name, mail_name, reply_to) VALUES (${storefront}, 'Test Shop', 'Test Shop', 'shop@example.test')`
    for (const kind of ['offer', 'wait', 'hold', 'confirm']) {
      await db`INSERT INTO periods (kind, default_seconds, min_seconds, max_seconds)
               VALUES (${kind}, ${SHORT_PERIODS.default_seconds}, ${SHORT_PERIODS.min_seconds}, ${SHORT_PERIODS.max_seconds})
               ON CONFLICT (kind) DO UPDATE SET default_seconds = excluded.default_seconds, min_seconds = excluded.min_seconds, max_seconds = excluded.max_seconds`
    }
    return new Shop(
      house,
      storefront,
      await makeKey(house, 'storefront', storefront),
      await makeKey(house, 'operator', null),
    )
  }

  /** An item with so many units on the shelf, brought by a movement as every unit is. */
  async item(
    options: { onHand?: number; sku?: string; cap?: number | null; backOrderable?: boolean } = {},
  ): Promise<string> {
    const sku = options.sku ?? `SKU-${randomBytes(4).toString('hex')}`
    const onHand = options.onHand ?? 0
    const { db } = this.house
    await db`INSERT INTO items (sku, name, price_minor, currency, back_orderable, back_order_cap)
             VALUES (${sku}, ${`Item ${sku}`}, 1999, 'EUR', ${options.backOrderable ?? true}, ${options.cap ?? null})`
    await db`INSERT INTO stock_levels (sku, on_hand) VALUES (${sku}, ${onHand})`
    if (onHand > 0) {
      await db`INSERT INTO stock_movements (sku, kind, quantity, cause, step)
               VALUES (${sku}, 'count_up', ${onHand}, 'count/opening', ${`opening/${sku}`})`
    }
    return sku
  }

  /** A supplier without a webhook of its own: what it says comes from the test, by its API key. */
  async supplier(options: {
    skus: string[]
    packSize?: number
    rank?: number
    gatherSeconds?: number
    acknowledgeSeconds?: number
    remindSeconds?: number
    webhookUrl?: string
    webhookSecret?: string
  }): Promise<{ id: string; key: string; secret: string }> {
    const id = `sup-${randomBytes(3).toString('hex')}`
    const secret = options.webhookSecret ?? `whsec_${randomBytes(24).toString('base64')}`
    const { db } = this.house
    await db`INSERT INTO suppliers (id, name, channel, webhook_url, email, webhook_secret, gather_seconds, acknowledge_seconds, remind_seconds, overdue_seconds, pass_over_seconds)
             VALUES (${id}, ${`Supplier ${id}`}, ${options.webhookUrl ? 'webhook' : 'mail'}, ${options.webhookUrl ?? null}, ${`${id}@example.test`}, ${secret},
                     ${options.gatherSeconds ?? 1}, ${options.acknowledgeSeconds ?? 600}, ${options.remindSeconds ?? 600}, 3600, 600)`
    for (const sku of options.skus) {
      await db`INSERT INTO supplier_items (supplier, sku, rank, lead_seconds, pack_size, price_minor, currency)
               VALUES (${id}, ${sku}, ${options.rank ?? 1}, 86400, ${options.packSize ?? 1}, 999, 'EUR')`
    }
    return { id, key: await makeKey(this.house, 'supplier', id), secret }
  }

  /** A dealer on mail who says nothing by itself: what it says comes from the test, by its API key. */
  async dealer(
    options: {
      latitude?: number
      longitude?: number
      timeZone?: string
      makes?: string[]
      format?: 'adf' | 'json'
      webhookUrl?: string
      acknowledgeSeconds?: number
      remindSeconds?: number
      escalateSeconds?: number
      statusSeconds?: number
      closeSeconds?: number
      matchSeconds?: number
    } = {},
  ): Promise<{ id: string; name: string; key: string; secret: string; email: string }> {
    const id = `deal-${randomBytes(3).toString('hex')}`
    const secret = `whsec_${randomBytes(24).toString('base64')}`
    const {
      latitude = 53,
      longitude = 8.8,
      timeZone = 'UTC',
      makes = [`make-${id}`],
      format = 'adf',
      webhookUrl = null,
    } = options
    const name = `Dealer ${id}`
    const email = `${id}@example.test`
    const { db } = this.house
    await db`INSERT INTO dealers (id, name, latitude, longitude, time_zone, channel, lead_format, webhook_url, email, webhook_secret, makes,
                                  acknowledge_seconds, remind_seconds, escalate_seconds, status_seconds, close_seconds, match_seconds)
             VALUES (${id}, ${name}, ${latitude}, ${longitude}, ${timeZone}, ${webhookUrl ? 'webhook' : 'mail'}, ${format}, ${webhookUrl}, ${email}, ${secret}, ${makes},
                     ${options.acknowledgeSeconds ?? 600}, ${options.remindSeconds ?? 600}, ${options.escalateSeconds ?? 600},
                     ${options.statusSeconds ?? 600}, ${options.closeSeconds ?? 600}, ${options.matchSeconds ?? 600})`
    return { id, name, key: await makeKey(this.house, 'dealer', id), secret, email }
  }

  async call(
    method: string,
    path: string,
    options: {
      /** The API key; the storefront's unless told otherwise, null for none. */
      key?: string | null
      /** Sent as it is if it is text or a stream, else as JSON. */
      body?: unknown
      idempotencyKey?: string | null
      api?: number
      headers?: Record<string, string>
    } = {},
  ): Promise<Answer> {
    const headers = new Headers(options.headers)
    if (options.key !== null) headers.set('authorization', `Bearer ${options.key ?? this.storefrontKey}`)
    if (options.body !== undefined)
      headers.set('content-type', headers.get('content-type') ?? 'application/json')
    if (method === 'POST' && options.idempotencyKey !== null) {
      headers.set('idempotency-key', options.idempotencyKey ?? randomUUID())
    }
    const base = this.house.apiUrls[options.api ?? 0] ?? this.house.apiUrl
    const send = () => this.send(method, new URL(path, base), headers, options.body)
    // As storefronts do: on a busy machine an outcome may take longer than the API waits for it. A test that chose the
    // key itself is about what exactly comes back.
    if (method !== 'POST' || options.idempotencyKey !== undefined) return send()
    return waitFor(
      'an outcome',
      send,
      ({ status, body }) =>
        status !== 503 && !(status === 409 && String(body?.type).endsWith('request-running')),
      60,
    )
  }

  /** A request of an operator, below `/v1/operator`. */
  operate(
    method: string,
    path: string,
    body?: unknown,
    options: Parameters<Shop['call']>[2] = {},
  ): Promise<Answer> {
    return this.call(method, `/v1/operator/${path}`, {
      key: this.operatorKey,
      ...(body === undefined ? {} : { body }),
      ...options,
    })
  }

  private async send(method: string, url: URL, headers: Headers, body: unknown): Promise<Answer> {
    const response = await fetch(url, {
      method,
      headers,
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, body: text ? JSON.parse(text) : undefined, headers: response.headers }
  }

  async order(
    lines: { sku: string; quantity: number }[],
    options: { email?: string; more?: object; idempotencyKey?: string; api?: number } = {},
  ): Promise<Answer> {
    return this.call('POST', '/v1/orders', {
      ...(options.idempotencyKey ? { idempotencyKey: options.idempotencyKey } : {}),
      ...(options.api === undefined ? {} : { api: options.api }),
      body: {
        customer: {
          name: 'Ada Example',
          email: options.email ?? `ada-${randomBytes(4).toString('hex')}@example.test`,
        },
        ship_to: ADDRESS,
        lines,
        ...options.more,
      },
    })
  }

  /** Orders one item that is short and accepts to wait; gives the back order's number. */
  async backOrder(
    sku: string,
    quantity: number,
    answer: object = {},
  ): Promise<{ order: string; number: string }> {
    const order = expectStatus(await this.order([{ sku, quantity }]), 201)
    const answers = [{ line: 1, choice: 'wait_for_all', ...answer }]
    const answered = expectStatus(
      await this.call('POST', `/v1/orders/${order.body.number}/answers`, { body: { answers } }),
      200,
    )
    return { order: order.body.number, number: answered.body.lines[0].back_order }
  }

  async look(number: string): Promise<Answer['body']> {
    const kinds = {
      OR: 'orders',
      BO: 'back-orders',
      DL: 'deliveries',
      PO: 'purchase-orders',
      LE: 'leads',
      CO: 'custom-orders',
      VH: 'vehicles',
      PY: 'payments',
      TG: 'tags',
      MR: 'match-requests',
    } as const
    const kind = kinds[number.slice(0, 2) as keyof typeof kinds]
    return expectStatus(await this.call('GET', `/v1/${kind}/${number}`, { key: this.operatorKey }), 200).body
  }

  /**
   * Polls until it is so; fails with the last thing seen. Looks are dear, and most are for nothing: it is looked at again
   * when something has happened in the books, and otherwise once a second.
   */
  async until(
    number: string,
    isSo: (view: Answer['body']) => boolean,
    seconds?: number,
  ): Promise<Answer['body']> {
    const { db } = this.house
    let seen: { view: Answer['body']; events: number; at: number } | undefined
    return waitFor(
      `${number} to change`,
      async () => {
        const [{ events } = { events: 0 }] = await db<{ events: number }[]>`
          SELECT count(*)::int AS events FROM events`
        if (seen?.events !== events || Date.now() - seen.at >= 1_000)
          seen = { at: Date.now(), events, view: await this.look(number) }
        return seen.view
      },
      isSo,
      seconds,
    )
  }

  command(
    number: string,
    command: string,
    body: object = {},
    options: { key?: string; idempotencyKey?: string; api?: number } = {},
  ) {
    return this.call('POST', `/v1/back-orders/${number}/${command}`, { body, ...options })
  }

  bring(
    supplier: { key: string },
    sku: string,
    received: number,
    more: object = {},
    reference: string = randomUUID(),
  ) {
    return this.call('POST', '/v1/inventory-updates', {
      key: supplier.key,
      body: { reference, lines: [{ sku, received, ...more }] },
    })
  }

  /** The mails that this person got, once one of them has such a subject. */
  async mails(to: string, subject: RegExp, seconds?: number): Promise<ReceivedMail[]> {
    return waitFor(
      `a mail to ${to} about ${subject}`,
      async () =>
        (await (
          await fetch(`${this.house.mailUrl}/api/mails?to=${encodeURIComponent(to)}`)
        ).json()) as ReceivedMail[],
      (mails) => mails.some((mail) => subject.test(mail.subject)),
      seconds,
    )
  }

  async level(
    sku: string,
  ): Promise<{ on_hand: number; allocated: number; outbound: number; outstanding: number }> {
    const [row] = await this.house.db<
      { on_hand: number; allocated: number; outbound: number; outstanding: number }[]
    >`
      SELECT on_hand, allocated, outbound, outstanding FROM stock_levels WHERE sku = ${sku}`
    if (!row) throw new Error(`no level of ${sku}`)
    return { ...row }
  }
}

/** For a change of what has this ETag. */
export const ifMatch = (etag: string | null) => ({ headers: { 'if-match': etag ?? '' } })

export function expectStatus(answer: Answer, status: number): Answer {
  if (answer.status !== status)
    throw new Error(`expected ${status}, got ${answer.status}: ${JSON.stringify(answer.body)}`)
  return answer
}

/**
 * What a killed worker was about to do beside its processes (wake others, tell people) is done by `reconcile`, which runs
 * every 30 seconds and leaves alone what is younger than that (s).
 */
export const BY_RECONCILE = 100

/** Waits for a condition, never for luck. A process of a row that was only just made starts in a moment. */
export async function waitFor<T>(
  what: string,
  look: () => Promise<T>,
  isSo: (value: T) => boolean,
  seconds = 40,
): Promise<T> {
  const start = Date.now()
  for (;;) {
    let seen: T | 'no such process yet' = 'no such process yet'
    try {
      seen = await look()
      if (isSo(seen)) return seen
    } catch (error) {
      if (!isNoSuchProcess(error)) throw error
    }
    const waited = Date.now() - start
    if (waited > seconds * 1_000)
      throw new Error(`waited ${seconds} s for ${what}; last: ${JSON.stringify(seen)?.slice(0, 2_000)}`)
    // Looking costs those who are looked at as well: less and less often.
    await new Promise((resolve) => setTimeout(resolve, Math.min(25 + waited / 5, 1_000)))
  }
}

/** Repeats a request with its key until it is answered for good, as a storefront does; gives that answer. */
export async function insist(send: () => Promise<Answer>, seconds = 60): Promise<Answer> {
  return waitFor(
    'an answer',
    () =>
      send().catch((error: Error): Answer => ({ status: 0, body: error.message, headers: new Headers() })),
    ({ status, body }) =>
      status !== 0 && status < 500 && !(status === 409 && /request-running/.test(body.type)),
    seconds,
  )
}

/** True when Temporal knows no such process, or it has ended. */
export function isNoSuchProcess(error: unknown): boolean {
  const NOT_FOUND = 5
  const code: number | undefined = isGrpcServiceError(error) ? error.code : undefined
  return error instanceof WorkflowNotFoundError || code === NOT_FOUND
}

async function makeKey(house: House, role: string, partner: string | null): Promise<string> {
  const secret = `hf_${role}_${randomBytes(24).toString('base64url')}`
  const hash = createHash('sha256').update(secret).digest()
  await house.db`INSERT INTO api_keys (role, partner, name, hash) VALUES (${role}, ${partner}, 'test', ${hash})`
  return secret
}
