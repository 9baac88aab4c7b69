import { expectStatus } from '../support/shop.ts'
import {
  answerTag,
  confirmTag,
  inPipeline,
  lotVehicle,
  newBuyer,
  newModel,
  onLot,
  tag,
  waitForMatch,
} from '../support/vehicle.ts'
import type { Path } from './scene.ts'

const HURRY = { acknowledgeSeconds: 2, remindSeconds: 2 }

/** Also a repeated word, and one after the end, which is refused. */
export const handedOver: Path = async ({ shop, keep }) => {
  const dealer = await shop.dealer()
  const [car] = await onLot(shop, dealer, [lotVehicle(await newModel(shop))])
  const { number } = await tag(shop, car)
  await confirmTag(shop, dealer, number)
  expectStatus(await answerTag(shop, dealer, number, 'there'), 200)
  expectStatus(await shop.call('POST', `/v1/tags/${number}/handover`, { key: dealer.key, body: {} }), 200)
  await keep('confirmed-handed-over', `tag/${number}`)
  expectStatus(await answerTag(shop, dealer, number, 'sold'), 409)
  await keep('refused', `tag/${number}`, 'last')
}

export const silentSold: Path = async ({ shop, keep }) => {
  const dealer = await shop.dealer(HURRY)
  const [car] = await onLot(shop, dealer, [lotVehicle(await newModel(shop))])
  const { number } = await tag(shop, car)
  await shop.until(number, (view) => view.dealer_silent, 60)
  expectStatus(await answerTag(shop, dealer, number, 'sold'), 200)
  await keep('reminded-escalated-sold', `tag/${number}`)
}

/** Given up in Temporal; the one who waits takes it, and gives it up as well. */
export const givenUp: Path = async (scene) => {
  const { shop, keep } = scene
  const dealer = await shop.dealer()
  const model = await newModel(shop)
  const car = await inPipeline(shop, dealer, model)
  const { number } = await tag(shop, car)
  const waiter = await waitForMatch(shop, model)
  await scene.untilShown(`tag/${number}`, 'pending')
  await scene.cancelInTemporal(`tag/${number}`)
  await scene.until(waiter.number, 'offered')
  await keep('cancelled-in-temporal', `tag/${number}`)
  const accepted = expectStatus(
    await shop.call('POST', `/v1/match-requests/${waiter.number}/acceptance`, { body: {} }),
    200,
  )
  await keep('offered-accepted', `match-request/${waiter.number}`)
  const next = accepted.body.tag
  expectStatus(await shop.call('POST', `/v1/tags/${next}/cancellation`, { body: {} }), 200)
  await keep('cancelled', `tag/${next}`)
}

/** Lapsed, declined, taken back by the dealer, cancelled; and one refused to whoever wants what is kept. */
export const waited: Path = async ({ shop, keep }) => {
  const dealer = await shop.dealer({ matchSeconds: 2 })
  const slow = await shop.dealer()
  const model = await newModel(shop)
  const { number } = await waitForMatch(shop, model)
  await onLot(shop, dealer, [lotVehicle(model)])
  await shop.until(number, ({ offers }) => offers[0]?.outcome === 'lapsed', 60)
  await onLot(shop, slow, [lotVehicle(model)])
  expectStatus(await shop.call('POST', `/v1/match-requests/${number}/refusal`, { body: {} }), 200)
  const [car] = await onLot(shop, slow, [lotVehicle(model)])
  const wanted = { vehicle: car, customer: newBuyer() }
  expectStatus(await shop.call('POST', '/v1/tags', { body: wanted }), 409)
  const path = `/v1/stock-vehicles/${car}/withdrawal`
  expectStatus(await shop.call('POST', path, { key: slow.key, body: {} }), 200)
  expectStatus(await shop.call('POST', `/v1/match-requests/${number}/cancellation`, { body: {} }), 200)
  await keep('lapsed-declined-taken-back-cancelled', `match-request/${number}`)
}

export const expired: Path = async ({ shop, keep }) => {
  const { number } = await waitForMatch(shop, await newModel(shop), { valid_for: 'PT2S' })
  await shop.until(number, ({ state }) => state === 'expired', 60)
  await keep('expired', `match-request/${number}`)
}

/** So many words that it goes on in another run. */
export const longLivedTag: Path = async ({ shop, keep }) => {
  const dealer = await shop.dealer()
  const [car] = await onLot(shop, dealer, [lotVehicle(await newModel(shop))])
  const { number } = await tag(shop, car)
  for (let count = 0; count < 60; count++) expectStatus(await answerTag(shop, dealer, number, 'there'), 200)
  expectStatus(await shop.call('POST', `/v1/tags/${number}/cancellation`, { body: {} }), 200)
  await keep('continued-as-new', `tag/${number}`)
}
