import { ProviderSide } from '../support/provider.ts'
import { expectStatus } from '../support/shop.ts'
import {
  answerTag,
  confirmTag,
  inPipeline,
  judgeTag,
  lotVehicle,
  newBuyer,
  newModel,
  onLot,
  tag,
  waitForMatch,
} from '../support/vehicle.ts'
import type { Path, Scene } from './scene.ts'

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
  await keep('refused-after-the-end', `tag/${number}`, 'last')
}

/** Accepted and then refused by the order processor, while the dealer says nothing. */
export const refused: Path = async ({ shop, keep }) => {
  const dealer = await shop.dealer()
  const [car] = await onLot(shop, dealer, [lotVehicle(await newModel(shop))])
  const { number } = await tag(shop, car)
  expectStatus(await judgeTag(shop, number, 'accepted', { reference: 'P-1' }), 200)
  expectStatus(await judgeTag(shop, number, 'refused', { reasons: ['Recalled'] }), 200)
  await keep('refused-by-the-processor', `tag/${number}`)
}

/** Nobody says anything, until that counts as a refusal. */
export const unanswered: Path = async ({ shop, keep }) => {
  const dealer = await shop.dealer({ ...HURRY, escalateSeconds: 2 })
  const [car] = await onLot(shop, dealer, [lotVehicle(await newModel(shop))])
  const { number } = await tag(shop, car)
  await keep('reminded-escalated-unanswered', `tag/${number}`)
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

/** Of a shop whose payments the house takes: its deposit is held. */
async function paidTag({ shop, house }: Scene, dealer: { key: string }): Promise<string> {
  const [car] = await onLot(shop, dealer, [lotVehicle(await newModel(shop))])
  const { number, tag: placed } = await tag(shop, car)
  await new ProviderSide(house).buyer(placed.deposit.number, 'pay')
  await shop.until(number, ({ state }) => state === 'pending', 60)
  return number
}

/** Paths of a shop whose payments the house takes. */
export const paying = {
  paid: (async (scene) => {
    const { shop, house, keep } = scene
    const dealer = await shop.dealer()
    const number = await paidTag(scene, dealer)
    await confirmTag(shop, dealer, number)
    const { balance } = await shop.until(number, (view) => view.balance?.state === 'pending', 60)
    await new ProviderSide(house).buyer(balance.number, 'pay')
    await scene.until(balance.number, 'captured')
    expectStatus(await shop.call('POST', `/v1/tags/${number}/handover`, { key: dealer.key, body: {} }), 200)
    await keep('deposit-balance-handed-over', `tag/${number}`)
  }) satisfies Path,

  paidAndSold: (async (scene) => {
    const { shop, keep } = scene
    const dealer = await shop.dealer()
    const number = await paidTag(scene, dealer)
    expectStatus(await answerTag(shop, dealer, number, 'sold'), 200)
    await keep('deposit-sold', `tag/${number}`)
  }) satisfies Path,

  notPaid: (async ({ shop, house, keep }) => {
    const dealer = await shop.dealer()
    const [car] = await onLot(shop, dealer, [lotVehicle(await newModel(shop))])
    const { number } = await tag(shop, car)
    await house.db`UPDATE tags SET deadline_at = now() + interval '2 seconds' WHERE number = ${number}`
    await house.temporal.workflow.getHandle(`tag/${number}`).signal('look')
    await keep('deposit-not-paid', `tag/${number}`)
  }) satisfies Path,
}
