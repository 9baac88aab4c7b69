import { randomBytes, randomUUID } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import { type Answer, expectStatus, type Shop } from './shop.ts'

/** A make of its own with one model year that can be ordered, and a dealer who sells it. */
export type Range = { make: string; modelYear: string; modelLine: string; document: object }

export const PLAIN = ['BASE', 'E15', 'MAN', 'WHITE', 'GREY']
export const RICH = ['LUX', 'E15', 'AUTO', 'BLUE', 'GREY', 'ROOF']

const hex = () => randomBytes(4).toString('hex')

/** Loads a model year of a make of its own, built on a line of its own unless told otherwise. */
export async function newRange(
  shop: Shop,
  {
    make = `make-${hex()}`,
    modelLine = `line-${hex()}`,
    basePrice = 3_000_000,
  }: Partial<Range> & { basePrice?: number } = {},
): Promise<Range> {
  const modelYear = `car-${hex()}`
  const body = {
    make: { code: make, name: 'Tarn' },
    model: { code: modelYear, name: 'Heron' },
    year: 2027,
    model_line: { code: modelLine, name: 'Heron line' },
    currency: 'EUR',
    base_price: basePrice,
    features: [
      { code: 'BASE', kind: 'trim', name: 'Base' },
      { code: 'LUX', kind: 'trim', name: 'Lux', price: 450_000 },
      { code: 'E15', kind: 'engine', name: '1.5 Turbo' },
      { code: 'MAN', kind: 'transmission', name: 'manual' },
      { code: 'AUTO', kind: 'transmission', name: 'automatic', price: 190_000 },
      { code: 'WHITE', kind: 'exterior', name: 'white' },
      { code: 'BLUE', kind: 'exterior', name: 'blue', price: 60_000 },
      { code: 'GREY', kind: 'interior', name: 'grey' },
      { code: 'ROOF', kind: 'option', name: 'panoramic roof', price: 120_000 },
    ],
    rules: [],
  }
  const path = `/v1/operator/model-years/${modelYear}`
  expectStatus(await shop.call('PUT', path, { key: shop.operatorKey, body }), 201)
  return { make, modelYear, modelLine, document: body }
}

/** Stores a configuration of it; gives its id. */
export async function configure(shop: Shop, { modelYear }: Range, features = PLAIN): Promise<string> {
  const body = { model_year: modelYear, features }
  return expectStatus(await shop.call('POST', '/v1/configurations', { body }), 201).body.id
}

/** Orders a vehicle of the range from the dealer; gives the order, its buyer's address, and the answer. */
export async function orderVehicle(
  shop: Shop,
  range: Range,
  dealer: { id: string },
  more: { features?: string[]; type?: 'retail' | 'fleet'; reference?: string } = {},
): Promise<{ number: string; email: string; order: Answer['body'] }> {
  const { features, ...members } = more
  const email = `buyer-${hex()}@example.test`
  const { body } = expectStatus(
    await shop.call('POST', '/v1/custom-orders', {
      body: {
        configuration: await configure(shop, range, features),
        dealer: dealer.id,
        buyer: { name: 'Ada Example', email, phone: '+49 421 555 0100', time_zone: 'Europe/Berlin' },
        ...members,
      },
    }),
    201,
  )
  return { number: body.number, email, order: body }
}

/** What the order processor says, signed; `id` is the message's. */
export async function processorSays(
  shop: Shop,
  type: string,
  data: object,
  { id = `msg_${randomUUID()}`, secret = shop.house.processorSecret, at = new Date() } = {},
): Promise<Answer> {
  const body = JSON.stringify({ type, timestamp: new Date().toISOString(), data })
  return shop.call('POST', '/v1/processor-webhooks', {
    key: null,
    body,
    idempotencyKey: null,
    headers: {
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
      'webhook-signature': new Webhook(secret).sign(id, at, body),
    },
  })
}

/** What the plant reports of a vehicle, by the processor. */
export const plantSays = (shop: Shop, stage: string, vehicle: string, more: object = {}) =>
  processorSays(shop, `vehicle.${stage}`, { vehicle, at: new Date().toISOString(), ...more })

export const dealerSays = (shop: Shop, dealer: { key: string }, number: string, body: object) =>
  shop.call('POST', `/v1/custom-orders/${number}/dealer-answer`, { key: dealer.key, body })

/** Dealer and processor accept; gives the order, whose vehicle is in the bank. */
export async function accept(shop: Shop, dealer: { key: string }, number: string): Promise<Answer['body']> {
  const { turn } = expectStatus(await dealerSays(shop, dealer, number, { verdict: 'accepted' }), 200).body
  const word = { number, turn, reference: `P-${hex()}` }
  return expectStatus(await processorSays(shop, 'custom_order.accepted', word), 200).body
}

let serial = 0
/** A well-formed VIN that nobody else has. */
export function newVin(): string {
  serial += 1
  return `TRN${hex().toUpperCase()}${String(serial).padStart(6, '0')}`
}
