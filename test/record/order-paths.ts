import { expectStatus } from '../support/shop.ts'
import { inSeconds, type Path } from './scene.ts'

export const metAtOnce: Path = async ({ shop, keep }) => {
  const sku = await shop.item({ onHand: 5 })
  const order = expectStatus(await shop.order([{ sku, quantity: 2 }]), 201)
  await keep('met-at-once', `order/${order.body.number}`)
}

export const answeredInParts: Path = async ({ shop, keep }) => {
  const [first, second] = [await shop.item({ onHand: 1 }), await shop.item()]
  const lines = [first, second].map((sku) => ({ sku, quantity: 2 }))
  const { number } = expectStatus(await shop.order(lines), 201).body
  const answers = [
    { line: 1, choice: 'ship_available' },
    { line: 2, choice: 'decline' },
  ]
  for (const answer of answers)
    expectStatus(
      await shop.call('POST', `/v1/orders/${number}/answers`, { body: { answers: [answer] } }),
      200,
    )
  await keep('answered-in-parts', `order/${number}`)
}

export const offerExpired: Path = async ({ shop, keep }) => {
  const sku = await shop.item({ onHand: 1 })
  const order = await shop.order([{ sku, quantity: 2 }], { more: { offer_period: 'PT2S' } })
  await keep('offer-expired', `order/${expectStatus(order, 201).body.number}`)
}

export const cancelled: Path = async ({ shop, keep }) => {
  const sku = await shop.item()
  const { number } = expectStatus(await shop.order([{ sku, quantity: 1 }]), 201).body
  const path = `/v1/orders/${number}`
  const later = inSeconds(900).toISOString()
  expectStatus(await shop.call('POST', `${path}/deadline`, { body: { deadline_at: later } }), 200)
  const wrong = { answers: [{ line: 1, choice: 'ship_available' }] }
  expectStatus(await shop.call('POST', `${path}/answers`, { body: wrong }), 422)
  expectStatus(await shop.call('POST', `${path}/cancellation`, { body: {} }), 200)
  await keep('deadline-changed-refused-cancelled', `order/${number}`)
}

export const cancelledInTemporal: Path = async (scene) => {
  const sku = await scene.shop.item()
  const { number } = expectStatus(await scene.shop.order([{ sku, quantity: 1 }]), 201).body
  await scene.untilShown(`order/${number}`, 'offered')
  await scene.cancelInTemporal(`order/${number}`)
  await scene.keep('cancelled-in-temporal', `order/${number}`)
}
