import { randomBytes } from 'node:crypto'
import { type Answer, expectStatus, type Shop, waitFor } from './shop.ts'

/** What a test says of a plant: lines, slots by the ordinal of the period, freeze. */
export type PlantGiven = { lines: string[]; slots: number[]; freeze?: string }

/** An order bank of a test's own: a model year with a line of its own, periods, plants, dealers who order. */
export class Bank {
  readonly shop: Shop

  constructor(shop: Shop) {
    this.shop = shop
  }

  operate(method: string, path: string, body?: unknown, options: object = {}): Promise<Answer> {
    return this.shop.call(method, `/v1/operator/${path}`, {
      key: this.shop.operatorKey,
      ...(body === undefined ? {} : { body }),
      ...options,
    })
  }

  /** A model year of a line of its own; `ROOF` and `HOOK` are options. */
  async line(): Promise<{ line: string; modelYear: string }> {
    const line = `line-${randomBytes(3).toString('hex')}`
    const modelYear = `${line}-2027`
    const body = {
      make: { code: 'tarn', name: 'Tarn' },
      model: { code: line, name: 'Heron' },
      year: 2027,
      model_line: { code: line, name: 'Heron' },
      currency: 'EUR',
      base_price: 3_000_000,
      features: [
        { code: 'BASE', kind: 'trim', name: 'Base' },
        { code: 'E15', kind: 'engine', name: '1.5 Turbo' },
        { code: 'MAN', kind: 'transmission', name: 'manual' },
        { code: 'WHITE', kind: 'exterior', name: 'white' },
        { code: 'GREY', kind: 'interior', name: 'grey' },
        { code: 'ROOF', kind: 'option', name: 'panoramic roof', price: 120_000 },
        { code: 'HOOK', kind: 'option', name: 'tow bar', price: 90_000 },
      ],
      rules: [{ kind: 'excludes', subject: 'ROOF', objects: ['HOOK'] }],
    }
    expectStatus(await this.operate('PUT', `model-years/${modelYear}`, body), 201)
    return { line, modelYear }
  }

  /** Periods of a day each, the first one beginning so many seconds from now. */
  async periods(count: number, startsIn = 3_600): Promise<void> {
    const start = Date.now() + startsIn * 1_000
    const at = (days: number) => new Date(start + days * 86_400_000).toISOString()
    const production_periods = Array.from({ length: count }, (_, index) => ({
      ordinal: index + 1,
      starts_at: at(index),
      ends_at: at(index + 1),
    }))
    expectStatus(await this.operate('POST', 'production-periods/bulk', { production_periods }), 200)
  }

  /** Creates or replaces a plant. Slots are those of period 1, 2, …. */
  async plant(id: string, { lines, slots, freeze = 'PT0S' }: PlantGiven): Promise<Answer> {
    const { headers } = await this.operate('GET', `plants/${id}`)
    const etag = headers.get('etag')
    const body = {
      name: `Plant ${id}`,
      model_lines: lines,
      freeze,
      capacities: slots.map((count, index) => ({ period: index + 1, slots: count })),
    }
    return this.operate('PUT', `plants/${id}`, body, etag ? { headers: { 'if-match': etag } } : {})
  }

  order(dealer: { key: string }, modelYear: string, options: string[] = [], type = 'stock'): Promise<Answer> {
    const features = ['BASE', 'E15', 'MAN', 'WHITE', 'GREY', ...options]
    return this.shop.call('POST', '/v1/stock-orders', {
      key: dealer.key,
      body: { model_year: modelYear, features, type },
    })
  }

  /** The number of an order that was taken. */
  async ordered(...given: Parameters<Bank['order']>): Promise<string> {
    return expectStatus(await this.order(...given), 201).body.number
  }

  /** The slots of vehicles as `plant/period`, and what holds them: `-` for none. */
  async slots(numbers: string[]): Promise<string[]> {
    const rows = await this.shop.house.db<{ number: string; slot: string; held_by: string | null }[]>`
      SELECT number, COALESCE(plant || '/' || period, '-') AS slot, held_by FROM vehicles WHERE number IN ${this.shop.house.db(numbers)}`
    const byNumber = new Map(rows.map((row) => [row.number, `${row.slot} ${row.held_by ?? '-'}`]))
    return numbers.map((number) => byNumber.get(number) ?? 'gone')
  }

  /** Once no run is called for: the slots of these vehicles. */
  async settled(numbers: string[]): Promise<string[]> {
    await waitFor(
      'the schedule to be up to date',
      () => this.shop.house.db`SELECT id FROM schedule_requests`,
      (rows) => rows.length === 0,
      60,
    )
    return this.slots(numbers)
  }

  cancel(dealer: { key: string }, number: string): Promise<Answer> {
    return this.shop.call('POST', `/v1/stock-orders/${number}/cancellation`, { key: dealer.key, body: {} })
  }
}
