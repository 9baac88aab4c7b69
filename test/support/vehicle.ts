import { randomBytes } from 'node:crypto'
import { processorSays } from './custom-order.ts'
import { type Answer, expectStatus, type Shop } from './shop.ts'

export type Model = { make: string; model: string; years: string[] }

const feature = (kind: string, code: string, name: string, price = 0) => ({ kind, code, name, price })
export const FEATURES = [
  feature('trim', 'PURE', 'Pure'),
  feature('trim', 'SPORT', 'Sport', 290_000),
  feature('engine', 'E15', '1.5 Turbo'),
  feature('engine', 'E20', '2.0 Turbo', 310_000),
  feature('transmission', 'AUT', 'automatic'),
  feature('exterior', 'IVORY', 'ivory white'),
  feature('exterior', 'BLUE', 'fjord blue', 85_000),
  feature('exterior', 'RED', 'ember red', 85_000),
  feature('interior', 'CLOTH', 'charcoal cloth'),
  feature('interior', 'HIDE', 'black leather', 240_000),
  feature('option', 'ROOF', 'panoramic roof', 135_000),
  feature('option', 'TOW', 'tow bar', 98_000),
  feature('option', 'HEAT', 'heated seats', 41_000),
]
/** The features of a vehicle, where nothing else is said. */
export const PLAIN = ['PURE', 'E15', 'AUT', 'IVORY', 'CLOTH']

/** A make's model of its own, with its model years, as operators load them. */
export async function newModel(shop: Shop, years: number[] = [2027]): Promise<Model> {
  const hex = randomBytes(4).toString('hex')
  const model = {
    make: { code: `make-${hex}`, name: 'Tarn' },
    model: { code: `model-${hex}`, name: 'Heron' },
  }
  const ids = []
  for (const year of years) {
    const id = `my-${hex}-${year}`
    const body = {
      ...model,
      model_line: { code: `line-${hex}`, name: 'Heron' },
      year,
      currency: 'EUR',
      base_price: 3_000_000,
      features: FEATURES,
      rules: [],
    }
    expectStatus(
      await shop.call('PUT', `/v1/operator/model-years/${id}`, { key: shop.operatorKey, body }),
      201,
    )
    ids.push(id)
  }
  return { make: model.make.code, model: model.model.code, years: ids }
}

export function newVin(): string {
  return `TRN${randomBytes(7).toString('hex').toUpperCase().slice(0, 14)}`
}

/** A vehicle on a dealer's lot; some features may be others than the plain ones. */
export function lotVehicle(model: Model, more: { features?: string[]; price?: number; year?: number } = {}) {
  return {
    model_year: model.years[more.year ?? 0],
    features: more.features ?? PLAIN,
    vin: newVin(),
    price: { amount: more.price ?? 3_000_000, currency: 'EUR' },
  }
}

/** Puts vehicles on a dealer's lot; gives their numbers. */
export async function onLot(
  shop: Shop,
  dealer: { key: string },
  vehicles: object[],
): Promise<[string, ...string[]]> {
  const { body } = expectStatus(
    await shop.call('POST', '/v1/stock-vehicles/bulk', { key: dealer.key, body: { vehicles } }),
    201,
  )
  return body.vehicles
}

export function newBuyer() {
  const email = `buyer-${randomBytes(4).toString('hex')}@example.test`
  return { name: 'Ada Example', email, time_zone: 'Europe/Berlin' }
}

/** Tags a vehicle for a buyer of its own. */
export async function tag(
  shop: Shop,
  vehicle: string,
  more: object = {},
): Promise<{ number: string; email: string; tag: Answer['body'] }> {
  const customer = newBuyer()
  const { body } = expectStatus(
    await shop.call('POST', '/v1/tags', { body: { vehicle, customer, ...more } }),
    201,
  )
  return { number: body.number, email: customer.email, tag: body }
}

/** A dealer's word on a tag, by its API key. */
export function answerTag(
  shop: Shop,
  dealer: { key: string },
  number: string,
  answer: 'there' | 'sold',
  more: object = {},
): Promise<Answer> {
  return shop.call('POST', `/v1/tags/${number}/answers`, { key: dealer.key, body: { answer, ...more } })
}

/** The order processor's word on a tag, signed. */
export const judgeTag = (shop: Shop, number: string, verdict: 'accepted' | 'refused', more: object) =>
  processorSays(shop, `tag.${verdict}`, { number, ...more })

/** The dealer has the vehicle and the processor accepts. */
export async function confirmTag(shop: Shop, dealer: { key: string }, number: string): Promise<void> {
  expectStatus(await answerTag(shop, dealer, number, 'there'), 200)
  const reference = `P-${randomBytes(4).toString('hex')}`
  expectStatus(await judgeTag(shop, number, 'accepted', { reference }), 200)
}

/** A stock order of a dealer in the order bank; gives the vehicle's number. */
export async function inPipeline(
  shop: Shop,
  dealer: { key: string },
  model: Model,
  features: string[] = PLAIN,
): Promise<string> {
  const body = { type: 'stock', model_year: model.years[0], features }
  const answer = await shop.call('POST', '/v1/stock-orders', { key: dealer.key, body })
  return expectStatus(answer, 201).body.number
}

/** The numbers of the best matches, in their order. */
export async function search(shop: Shop, model: Model, more: object = {}): Promise<string[]> {
  const body = { make: model.make, model: model.model, ...more }
  const { data } = expectStatus(await shop.call('POST', '/v1/match-search', { body }), 200).body
  return data.map((match: { vehicle: { number: string } }) => match.vehicle.number)
}

/** A match request of a buyer of its own. */
export async function waitForMatch(
  shop: Shop,
  model: Model,
  more: { search?: object; valid_for?: string } = {},
): Promise<{ number: string; email: string; request: Answer['body'] }> {
  const customer = newBuyer()
  const { search: wish = {}, ...rest } = more
  const { body } = expectStatus(
    await shop.call('POST', '/v1/match-requests', {
      body: { customer, search: { make: model.make, model: model.model, ...wish }, ...rest },
    }),
    201,
  )
  return { number: body.number, email: customer.email, request: body }
}

/** The types of a number's events, the first one first, without the name of the thing. */
export async function story(shop: Shop, number: string): Promise<string[]> {
  const rows = await shop.house.db<{ type: string }[]>`
    SELECT type FROM events WHERE number = ${number} ORDER BY sequence`
  return rows.map(({ type }) => type.split('.').at(-1) ?? '')
}

/** What the books say of a vehicle. */
export async function bookedAs(shop: Shop, vehicle: string) {
  const [row] = await shop.house.db`
    SELECT v.type, v.buyer, v.state, a.state AS availability, a.tag, a.match_request
      FROM vehicles v JOIN vehicle_availability a ON a.vehicle = v.number WHERE v.number = ${vehicle}`
  return { ...row }
}
