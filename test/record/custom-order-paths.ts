import {
  accept,
  configure,
  dealerSays,
  newRange,
  orderVehicle,
  plantSays,
  processorSays,
  RICH,
} from '../support/custom-order.ts'
import { expectStatus } from '../support/shop.ts'
import type { Path } from './scene.ts'

const IMPATIENT = { acknowledgeSeconds: 2, remindSeconds: 2, escalateSeconds: 2 }

/** Accepted, changed, built and handed over; what comes after the end is refused. */
export const delivered: Path = async ({ shop, keep }) => {
  const range = await newRange(shop)
  const dealer = await shop.dealer({ makes: [range.make] })
  const { number } = await orderVehicle(shop, range, dealer)
  const { vehicle } = await accept(shop, dealer, number)
  const body = { configuration: await configure(shop, range, RICH) }
  expectStatus(await shop.call('POST', `/v1/custom-orders/${number}/configuration`, { body }), 200)
  for (const stage of ['in_production', 'built', 'shipped', 'at_dealer'])
    expectStatus(await plantSays(shop, stage, vehicle.number), 200)
  const handover = { key: dealer.key, body: {} }
  expectStatus(await shop.call('POST', `/v1/custom-orders/${number}/handover`, handover), 200)
  await keep('reconfigured-delivered', `custom-order/${number}`)
  expectStatus(await dealerSays(shop, dealer, number, { verdict: 'accepted' }), 200)
  expectStatus(await shop.call('POST', `/v1/custom-orders/${number}/cancellation`, { body: {} }), 409)
  await keep('refused-after-the-end', `custom-order/${number}`, 'last')
}

/** Silence, another dealer, who refuses; cancelled by the press of a button in Temporal. */
export const refused: Path = async ({ shop, keep, ...scene }) => {
  const range = await newRange(shop)
  const silent = await shop.dealer({ makes: [range.make], ...IMPATIENT })
  const other = await shop.dealer({ makes: [range.make] })
  const { number } = await orderVehicle(shop, range, silent)
  await shop.until(number, (view) => view.state === 'refused', 60)
  const body = { dealer: other.id }
  expectStatus(await shop.call('POST', `/v1/custom-orders/${number}/dealer`, { body }), 200)
  expectStatus(await processorSays(shop, 'custom_order.refused', { number, turn: 2, reasons: ['No'] }), 200)
  await scene.house.temporal.workflow.getHandle(`custom-order/${number}`).cancel()
  await keep('silent-another-dealer-refused-cancelled', `custom-order/${number}`)
}

/** Frozen, so that the button in Temporal changes nothing and says so. */
export const cancelRefused: Path = async (scene) => {
  const { shop, keep } = scene
  const range = await newRange(shop)
  const dealer = await shop.dealer({ makes: [range.make] })
  const { number } = await orderVehicle(shop, range, dealer)
  const { vehicle } = await accept(shop, dealer, number)
  expectStatus(await plantSays(shop, 'in_production', vehicle.number), 200)
  await scene.untilShown(`custom-order/${number}`, 'in_production')
  await scene.house.temporal.workflow.getHandle(`custom-order/${number}`).cancel()
  for (const stage of ['built', 'at_dealer']) expectStatus(await plantSays(shop, stage, vehicle.number), 200)
  const handover = { key: dealer.key, body: {} }
  expectStatus(await shop.call('POST', `/v1/custom-orders/${number}/handover`, handover), 200)
  await keep('cancel-refused-by-the-freeze', `custom-order/${number}`)
}

/** Ended by operators: the buyer does not pay for what has arrived, and what was being built is lost. */
export const endedByOperators: Path = async ({ shop, keep }) => {
  const range = await newRange(shop)
  const dealer = await shop.dealer({ makes: [range.make] })
  const reason = { reason: 'By telephone' }
  const [unpaid, lost] = [await orderVehicle(shop, range, dealer), await orderVehicle(shop, range, dealer)]
  const arrived = (await accept(shop, dealer, unpaid.number)).vehicle.number
  expectStatus(await plantSays(shop, 'at_dealer', arrived), 200)
  expectStatus(await shop.operate('POST', `custom-orders/${unpaid.number}/forfeiture`, reason), 200)
  await keep('forfeited', `custom-order/${unpaid.number}`)
  const begun = (await accept(shop, dealer, lost.number)).vehicle.number
  expectStatus(await plantSays(shop, 'in_production', begun), 200)
  expectStatus(await shop.operate('POST', `vehicles/${begun}/write-off`, reason), 200)
  await keep('written-off', `custom-order/${lost.number}`)
}
