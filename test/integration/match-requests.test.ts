import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { useHouse } from '../support/house.ts'
import { expectProblem, expectReplayable, expectSoundHouse } from '../support/proof.ts'
import { type Answer, expectStatus, Shop, waitFor } from '../support/shop.ts'
import {
  bookedAs,
  inPipeline,
  lotVehicle,
  newBuyer,
  newModel,
  onLot,
  PLAIN,
  story,
  tag,
  waitForMatch,
} from '../support/vehicle.ts'

const house = useHouse({ partners: ['mail'] })
let shop: Shop
beforeAll(async () => {
  shop = await Shop.open(house())
})
afterAll(async () => {
  await expectSoundHouse(house())
  await expectReplayable(house(), `WorkflowType = 'matchRequest'`)
})

const command = (number: string, path: string, body: object = {}, key?: string) =>
  shop.call('POST', `/v1/match-requests/${number}/${path}`, { body, ...(key ? { key } : {}) })
const ofVehicle = (vehicle: string, path: string, dealer: { key: string }, body: object = {}) =>
  shop.call('POST', `/v1/stock-vehicles/${vehicle}/${path}`, { key: dealer.key, body })
const giveUp = async (number: string) =>
  expectStatus(await shop.call('POST', `/v1/tags/${number}/cancellation`, { body: {} }), 200)
const problem = (answer: Answer) => [answer.status, String(answer.body?.type).split('/').at(-1)]

describe.concurrent('waiting for a vehicle that fits (B8, B11)', () => {
  test('a freed one is kept for the oldest that it fits; accepting tags it in the same moment', async () => {
    const dealer = await shop.dealer()
    const model = await newModel(shop)
    const [car] = await onLot(shop, dealer, [lotVehicle(model, { features: [...PLAIN, 'ROOF'] })])
    const first = await tag(shop, car)
    const picky = await waitForMatch(shop, model, { search: { must_have: ['TOW'] } })
    const oldest = await waitForMatch(shop, model, { search: { must_have: ['ROOF'] } })
    const younger = await waitForMatch(shop, model)
    expect(oldest.number).toMatch(/^MR-.{4}-.{4}-.{3}$/)
    expect(oldest.request).toMatchObject({
      state: 'waiting',
      deadline: { kind: 'validity' },
      allowed_actions: ['cancel'],
      wish: { must_have: ['ROOF'], year: null },
      offered: null,
      offers: [],
      tag: null,
    })
    await giveUp(first.number)
    const offered = await shop.look(oldest.number)
    expect(offered).toMatchObject({
      state: 'offered',
      deadline: { kind: 'offer' },
      allowed_actions: ['accept', 'decline', 'cancel'],
      offered: { number: car },
      offers: [{ vehicle: car, outcome: 'open' }],
    })
    await shop.mails(oldest.email, /: a Tarn Heron 2027 for you$/)
    for (const { number } of [picky, younger])
      expect(await shop.look(number)).toMatchObject({ state: 'waiting', offers: [] })

    // Nobody else can have it meanwhile, and everybody is told until when.
    const refused = await expectProblem(
      house(),
      await shop.call('POST', '/v1/tags', { body: { vehicle: car, customer: newBuyer() } }),
      409,
      'vehicle-taken',
    )
    expect(refused).toMatchObject({ availability: 'offered', until: offered.deadline.at })

    const accepted = expectStatus(await command(oldest.number, 'acceptance'), 200).body
    expect(accepted).toMatchObject({ state: 'accepted', deadline: null, offers: [{ outcome: 'accepted' }] })
    expect(await shop.look(accepted.tag)).toMatchObject({
      state: 'pending',
      match_request: oldest.number,
      vehicle: { number: car },
      buyer: { email: oldest.email },
    })
    await shop.mails(oldest.email, /is yours if it is there$/)
    await shop.mails(dealer.email, new RegExp(`^Tag ${accepted.tag}: `))
    expect(await bookedAs(shop, car)).toMatchObject({ buyer: accepted.tag, availability: 'tagged' })
    expect(problem(await command(oldest.number, 'acceptance'))).toEqual([409, 'state-conflict'])
    for (const { number } of [picky, younger]) expectStatus(await command(number, 'cancellation'), 200)
  })

  test('declined, it goes to the next, and the first one keeps the place but is not offered it again', async () => {
    const dealer = await shop.dealer()
    const model = await newModel(shop)
    const [a, b] = [await waitForMatch(shop, model), await waitForMatch(shop, model)]
    const [car] = await onLot(shop, dealer, [lotVehicle(model)])
    expect(await shop.look(a.number)).toMatchObject({ offered: { number: car } })
    expectStatus(await command(a.number, 'refusal'), 200)
    expect(await shop.look(a.number)).toMatchObject({ state: 'waiting', offers: [{ outcome: 'declined' }] })
    expect(await shop.look(b.number)).toMatchObject({ state: 'offered', offered: { number: car } })
    expectStatus(await command(b.number, 'cancellation', { reason: 'Bought a boat' }), 200)
    // Nobody is left who was not offered it.
    expect(await bookedAs(shop, car)).toMatchObject({ availability: 'available', match_request: null })
    expect(await story(shop, car)).toEqual(['listed', 'offered', 'freed', 'offered', 'freed'])
    // The next one goes to the older again.
    const [next] = await onLot(shop, dealer, [lotVehicle(model)])
    expect(await shop.look(a.number)).toMatchObject({ state: 'offered', offered: { number: next } })
    expectStatus(await command(a.number, 'cancellation', {}, shop.operatorKey), 200)
  })

  test('no answer in time: it goes to the next, then to anybody', async () => {
    const dealer = await shop.dealer({ matchSeconds: 1 })
    const model = await newModel(shop)
    const [a, b] = [await waitForMatch(shop, model), await waitForMatch(shop, model)]
    const [car] = await onLot(shop, dealer, [lotVehicle(model)])
    await shop.until(b.number, ({ offers }) => offers[0]?.outcome === 'lapsed')
    expect(await shop.look(a.number)).toMatchObject({ state: 'waiting', offers: [{ outcome: 'lapsed' }] })
    await shop.mails(a.email, /went to the next$/)
    await waitFor(
      'it to be free',
      () => bookedAs(shop, car),
      (row) => row.availability === 'available',
    )
    expect(await story(shop, car)).toEqual(['listed', 'offered', 'freed', 'offered', 'freed'])
    for (const { number } of [a, b]) expectStatus(await command(number, 'cancellation'), 200)
  })

  test('its dealer takes it back or sells it: the buyer is told and waits on', async () => {
    const dealer = await shop.dealer()
    const model = await newModel(shop)
    const waiter = await waitForMatch(shop, model)
    const [car, second] = await onLot(shop, dealer, [lotVehicle(model), lotVehicle(model)])
    const first = (await shop.look(waiter.number)).offered.number
    expectStatus(await ofVehicle(first, 'withdrawal', dealer), 200)
    expect(await shop.look(waiter.number)).toMatchObject({
      state: 'waiting',
      offers: [{ outcome: 'taken_back' }],
    })
    await shop.mails(waiter.email, /the vehicle is gone$/)
    expect(await bookedAs(shop, first)).toMatchObject({ type: 'stock', availability: 'withdrawn' })
    // What could be had all the time is no news; what is sold and comes back is.
    const other = first === car ? (second ?? '') : car
    expectStatus(await ofVehicle(other, 'sale', dealer), 200)
    expect(await bookedAs(shop, other)).toMatchObject({ type: 'retail', availability: 'sold' })
    expectStatus(await ofVehicle(other, 'listing', dealer), 200)
    expect(await shop.look(waiter.number)).toMatchObject({ state: 'offered', offered: { number: other } })
    expectStatus(await ofVehicle(other, 'sale', dealer), 200)
    expect(await shop.look(waiter.number)).toMatchObject({ state: 'waiting' })
    expectStatus(await command(waiter.number, 'cancellation'), 200)
  })

  test('its own time is over: at once while it waits, after the offer while one is kept', async () => {
    const dealer = await shop.dealer({ matchSeconds: 4 })
    const model = await newModel(shop)
    const [a, b] = [
      await waitForMatch(shop, model, { valid_for: 'PT2S' }),
      await waitForMatch(shop, model, { valid_for: 'PT2S' }),
    ]
    const [car] = await onLot(shop, dealer, [lotVehicle(model)])
    await shop.until(b.number, ({ state }) => state === 'expired')
    await shop.mails(b.email, /has ended$/)
    expect(await shop.look(a.number)).toMatchObject({ state: 'offered', deadline: { kind: 'offer' } })
    await shop.until(a.number, ({ state }) => state === 'expired')
    expect(await story(shop, a.number)).toEqual(['received', 'offered', 'lapsed', 'expired'])
    expect(await bookedAs(shop, car)).toMatchObject({ availability: 'available' })
    for (const path of ['acceptance', 'refusal', 'cancellation'])
      expect(problem(await command(a.number, path))).toEqual([409, 'state-conflict'])
  })

  test('price, year and distance count as they do in a search', async () => {
    const place = { latitude: 53, longitude: 8.8 }
    const [near, far] = [await shop.dealer(place), await shop.dealer({ latitude: 48, longitude: 11 })]
    const model = await newModel(shop, [2026, 2027])
    const waiter = await waitForMatch(shop, model, {
      search: {
        year: 2027,
        price: { max: 3_000_000, currency: 'EUR' },
        near: { ...place, within_m: 50_000 },
      },
    })
    const fitting = { year: 1, price: 3_000_000 }
    await onLot(shop, far, [lotVehicle(model, fitting)])
    await onLot(shop, near, [
      lotVehicle(model, { ...fitting, year: 0 }),
      lotVehicle(model, { ...fitting, price: 3_000_001 }),
    ])
    expect(await shop.look(waiter.number)).toMatchObject({ state: 'waiting', offers: [] })
    const [car] = await onLot(shop, near, [lotVehicle(model, fitting)])
    expect(await shop.look(waiter.number)).toMatchObject({ state: 'offered', offered: { number: car } })
    expectStatus(await command(waiter.number, 'cancellation'), 200)
  })

  test('a stock order is kept for whoever waits as soon as it is banked; cancelled, the buyer waits on', async () => {
    const dealer = await shop.dealer()
    const model = await newModel(shop)
    const waiter = await waitForMatch(shop, model)
    const ordered = await inPipeline(shop, dealer, model)
    expect(await shop.look(waiter.number)).toMatchObject({
      state: 'offered',
      offered: { number: ordered, whereabouts: 'pipeline' },
    })
    const cancel = (number: string) =>
      shop.call('POST', `/v1/stock-orders/${number}/cancellation`, { key: dealer.key, body: {} })
    expectStatus(await cancel(ordered), 200)
    expect(await shop.look(waiter.number)).toMatchObject({
      state: 'waiting',
      offers: [{ outcome: 'taken_back' }],
    })
    expect(await bookedAs(shop, ordered)).toMatchObject({ state: 'cancelled', availability: 'cancelled' })
    // One that is tagged, or sold elsewhere, is its dealer's to cancel no longer.
    const next = await inPipeline(shop, dealer, model)
    const accepted = expectStatus(await command(waiter.number, 'acceptance'), 200).body
    expect(problem(await cancel(next))).toEqual([409, 'state-conflict'])
    await giveUp(accepted.tag)
    expectStatus(await ofVehicle(next, 'sale', dealer), 200)
    expect(problem(await cancel(next))).toEqual([409, 'state-conflict'])
  })

  test('what is in the pipeline is kept for a buyer like what is on a lot', async () => {
    const dealer = await shop.dealer()
    const model = await newModel(shop)
    const car = await inPipeline(shop, dealer, model)
    const first = await tag(shop, car)
    const waiter = await waitForMatch(shop, model)
    await giveUp(first.number)
    const { tag: number } = expectStatus(await command(waiter.number, 'acceptance'), 200).body
    expect(await bookedAs(shop, car)).toMatchObject({ state: 'banked', buyer: number, type: 'retail' })
    const found = expectStatus(
      await shop.call('GET', `/v1/match-requests?email=${waiter.email}&state=accepted`),
      200,
    ).body.data
    expect(found).toMatchObject([{ number: waiter.number, tag: number, make: model.make }])
  })
})
