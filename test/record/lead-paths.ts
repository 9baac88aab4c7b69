import { randomBytes } from 'node:crypto'
import { newLead, say, storyUntil } from '../support/lead.ts'
import { expectStatus } from '../support/shop.ts'
import type { Path } from './scene.ts'

const IMPATIENT = { acknowledgeSeconds: 2, remindSeconds: 2, escalateSeconds: 2, closeSeconds: 2 }
const someMake = () => `make-${randomBytes(4).toString('hex')}`

/** Also a word after the end, which is refused. */
export const workedOnSold: Path = async ({ shop, keep }) => {
  const dealer = await shop.dealer({ statusSeconds: 2 })
  const { number } = await newLead(shop, dealer)
  expectStatus(await say(shop, dealer, number, { status: 'contacted' }), 200)
  await storyUntil(shop, number, 'lead.status_requested')
  expectStatus(await say(shop, dealer, number, { status: 'sold' }), 200)
  await keep('asked-for-status-sold', `lead/${number}`)
  expectStatus(await say(shop, dealer, number, { status: 'contacted' }), 409)
  await keep('refused', `lead/${number}`, 'last')
}

/** The first dealer's word comes too late. */
export const passedOn: Path = async ({ shop, keep }) => {
  const make = someMake()
  const silent = await shop.dealer({ makes: [make], ...IMPATIENT })
  const next = await shop.dealer({ makes: [make] })
  const { number } = await newLead(shop, silent, { another_dealer: true, vehicle: { make } })
  await shop.until(number, (view) => view.dealer === next.id, 60)
  expectStatus(await say(shop, silent, number, { status: 'received' }), 200)
  expectStatus(await say(shop, next, number, { status: 'lost', reason: 'other' }), 200)
  await keep('passed-on-late-status-lost', `lead/${number}`)
}

export const agreedLater: Path = async ({ shop, keep }) => {
  const make = someMake()
  const silent = await shop.dealer({ makes: [make], ...IMPATIENT, closeSeconds: 600 })
  const next = await shop.dealer({ makes: [make] })
  const { number } = await newLead(shop, silent, { vehicle: { make } })
  await storyUntil(shop, number, 'lead.unanswered', 60)
  expectStatus(await shop.call('POST', `/v1/leads/${number}/agreement`, { body: {} }), 200)
  expectStatus(await say(shop, next, number, { status: 'sold' }), 200)
  await keep('unanswered-agreed-sold', `lead/${number}`)
}

export const closed: Path = async ({ shop, keep }) => {
  const silent = await shop.dealer(IMPATIENT)
  const { number } = await newLead(shop, silent)
  await storyUntil(shop, number, 'lead.closed', 60)
  await keep('unanswered-closed', `lead/${number}`)
}

/** By an operator, once refused for want of consent; then the prospect cancels. */
export const handedOver: Path = async ({ shop, keep }) => {
  const [first, next] = [await shop.dealer(), await shop.dealer()]
  const { number } = await newLead(shop, first)
  const handOver = (body: object) =>
    shop.operate('POST', `leads/${number}/hand-over`, { dealer: next.id, reason: 'Closer', ...body })
  expectStatus(await handOver({}), 409)
  expectStatus(await handOver({ agreement: 'By telephone' }), 200)
  expectStatus(await shop.call('POST', `/v1/leads/${number}/cancellation`, { body: {} }), 200)
  await keep('handed-over-cancelled', `lead/${number}`)
}

export const closedByOperators: Path = async ({ shop, keep, ...scene }) => {
  const dealer = await shop.dealer()
  const { number } = await newLead(shop, dealer)
  expectStatus(await shop.operate('POST', `leads/${number}/closing`, { reason: 'A prank' }), 200)
  await keep('closed-by-an-operator', `lead/${number}`)
  const { number: other } = await newLead(shop, dealer)
  expectStatus(await say(shop, dealer, other, { status: 'contacted' }), 200)
  await scene.house.temporal.workflow.getHandle(`lead/${other}`).cancel()
  await storyUntil(shop, other, 'lead.closed')
  await keep('closed-in-temporal', `lead/${other}`)
}

/** So many words that it goes on in another run. */
export const longLived: Path = async ({ shop, keep }) => {
  const dealer = await shop.dealer()
  const { number } = await newLead(shop, dealer)
  for (let count = 0; count < 60; count++) {
    expectStatus(await say(shop, dealer, number, { status: 'contacted' }), 200)
  }
  expectStatus(await say(shop, dealer, number, { status: 'sold' }), 200)
  await keep('continued-as-new', `lead/${number}`)
}
