import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { plantSays } from '../support/custom-order.ts'
import { useHouse } from '../support/house.ts'
import { webhooksOf } from '../support/inbox.ts'
import { type Document, differences } from '../support/openapi.ts'
import { expectProblem, expectReplayable, expectSoundHouse } from '../support/proof.ts'
import { reconcile } from '../support/reconcile.ts'
import { type Answer, expectStatus, Shop, waitFor } from '../support/shop.ts'
import {
  bookedAs,
  inPipeline,
  lotVehicle,
  newBuyer,
  newModel,
  newVin,
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
    // The other one could be had all the time: that is offered instead.
    const other = first === car ? (second ?? '') : car
    expect(await shop.look(waiter.number)).toMatchObject({
      state: 'offered',
      offered: { number: other },
      offers: [{ outcome: 'taken_back' }, { outcome: 'open' }],
    })
    await shop.mails(waiter.email, /the vehicle is gone$/)
    expect(await bookedAs(shop, first)).toMatchObject({ type: 'stock', availability: 'withdrawn' })
    expectStatus(await ofVehicle(other, 'sale', dealer), 200)
    expect(await bookedAs(shop, other)).toMatchObject({ type: 'retail', availability: 'sold' })
    expect(await shop.look(waiter.number)).toMatchObject({ state: 'waiting' })
    // Taken back and listed again it passes nobody over who waits longer.
    const younger = await waitForMatch(shop, model)
    expectStatus(await ofVehicle(first, 'listing', dealer), 200)
    expect(await shop.look(waiter.number)).toMatchObject({
      state: 'offered',
      offered: { number: first },
      offers: [
        { vehicle: other, outcome: 'taken_back' },
        { vehicle: first, outcome: 'open' },
      ],
    })
    expect(await shop.look(younger.number)).toMatchObject({ state: 'waiting', offers: [] })
    expectStatus(await command(younger.number, 'cancellation'), 200)
    expectStatus(await command(waiter.number, 'cancellation'), 200)
  })

  test('its own time is over: at once while it waits, after the offer while one is kept', async () => {
    const dealer = await shop.dealer()
    const model = await newModel(shop)
    const [a, b] = [
      await waitForMatch(shop, model, { valid_for: 'PT5S' }),
      await waitForMatch(shop, model, { valid_for: 'PT5S' }),
    ]
    const [car] = await onLot(shop, dealer, [lotVehicle(model)])
    await shop.until(b.number, ({ state }) => state === 'expired')
    await shop.mails(b.email, /has ended$/)
    expect(await shop.look(a.number)).toMatchObject({ state: 'offered', deadline: { kind: 'offer' } })
    await house().db`UPDATE match_requests SET deadline_at = now() WHERE number = ${a.number}`
    await house().temporal.workflow.getHandle(`match-request/${a.number}`).signal('look')
    await shop.until(a.number, ({ state }) => state === 'expired')
    expect(await story(shop, a.number)).toEqual(['received', 'offered', 'lapsed', 'expired'])
    expect(await bookedAs(shop, car)).toMatchObject({ availability: 'available' })
    for (const path of ['acceptance', 'refusal', 'cancellation'])
      expect(problem(await command(a.number, path))).toEqual([409, 'state-conflict'])
  })

  test('what can be had already is kept at once, the best first, and none of it twice', async () => {
    const dealer = await shop.dealer()
    const model = await newModel(shop)
    const [dear, cheap, roof] = await onLot(shop, dealer, [
      lotVehicle(model),
      lotVehicle(model, { price: 2_900_000 }),
      lotVehicle(model, { features: [...PLAIN, 'ROOF'], price: 3_100_000 }),
    ])
    const wish = { nice_to_have: [{ feature: 'ROOF' }], price: { max: 3_100_000, currency: 'EUR' } }
    const waiter = await waitForMatch(shop, model, { search: wish })
    expect(waiter.request).toMatchObject({ state: 'offered', version: 2, offered: { number: roof } })
    for (const next of [cheap, dear]) {
      const { body } = expectStatus(await command(waiter.number, 'refusal'), 200)
      expect(body).toMatchObject({ state: 'offered', offered: { number: next } })
    }
    expect(expectStatus(await command(waiter.number, 'refusal'), 200).body).toMatchObject({
      state: 'waiting',
      offers: [{ vehicle: roof }, { vehicle: cheap }, { vehicle: dear }],
    })
    // One that is too dear fits as soon as its price does.
    const [other] = await onLot(shop, dealer, [lotVehicle(model, { price: 3_100_001 })])
    const price = (amount: number) =>
      ofVehicle(other, 'price', dealer, { price: { amount, currency: 'EUR' } })
    expectStatus(await price(3_100_002), 200)
    expect(await shop.look(waiter.number)).toMatchObject({ state: 'waiting' })
    expectStatus(await price(3_100_000), 200)
    expect(await shop.look(waiter.number)).toMatchObject({ state: 'offered', offered: { number: other } })
    expectStatus(await command(waiter.number, 'cancellation'), 200)
  })

  test('Cancel in the Temporal UI gives up tag and request, each with what follows; Terminate ends neither (P4)', async () => {
    const dealer = await shop.dealer()
    const model = await newModel(shop)
    const [car] = await onLot(shop, dealer, [lotVehicle(model)])
    const { number } = await tag(shop, car)
    const waiter = await waitForMatch(shop, model)
    const handleOf = (id: string) => house().temporal.workflow.getHandle(id)
    const statusOf = async (id: string, status: string) =>
      waitFor(
        `${id} to be ${status}`,
        () => handleOf(id).describe(),
        (described) => described.status.name === status,
      )
    const [ofTag, ofRequest] = [`tag/${number}`, `match-request/${waiter.number}`]
    for (const id of [ofTag, ofRequest]) await statusOf(id, 'RUNNING')
    // It shows itself a moment after it has begun.
    const { searchAttributes } = await waitFor(
      'the request to show itself',
      () => handleOf(ofRequest).describe(),
      (described) => described.searchAttributes.Stage !== undefined,
    )
    expect(searchAttributes).toMatchObject({
      OrderNumber: [waiter.number],
      PartnerId: [shop.storefront],
      Stage: ['waiting'],
    })
    for (const id of [ofTag, ofRequest]) await handleOf(id).terminate('a test')
    await waitFor(
      'reconcile to start them again',
      async () => {
        await reconcile(house())
        return Promise.all([ofTag, ofRequest].map(async (id) => (await handleOf(id).describe()).status.name))
      },
      (statuses) => statuses.every((status) => status === 'RUNNING'),
    )

    await handleOf(ofTag).cancel()
    expect(await shop.until(number, ({ state }) => state === 'cancelled')).toMatchObject({ vin: null })
    expect(await bookedAs(shop, car)).toMatchObject({
      type: 'stock',
      buyer: null,
      availability: 'offered',
      match_request: waiter.number,
    })
    await handleOf(ofRequest).cancel()
    await shop.until(waiter.number, ({ state }) => state === 'cancelled')
    expect(await bookedAs(shop, car)).toMatchObject({ availability: 'available', match_request: null })
    for (const id of [ofTag, ofRequest]) await statusOf(id, 'COMPLETED')
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

/** A storefront with a webhook endpoint, and what came there. */
async function listening() {
  const own = await Shop.open(house())
  return { shop: own, ...(await webhooksOf(own)) }
}

test('storefronts are told by webhook, as documented, and of a vehicle only as long as it was their buyer’s (B2, B8)', async () => {
  const [here, there] = [await listening(), await listening()]
  try {
    const dealer = await shop.dealer()
    const model = await newModel(shop)
    const waiter = await waitForMatch(here.shop, model)
    const car = await inPipeline(shop, dealer, model)
    const path = `/v1/match-requests/${waiter.number}/acceptance`
    const { tag: first } = expectStatus(await here.shop.call('POST', path, { body: {} }), 200).body
    const arrival = { key: dealer.key, body: {} }
    expectStatus(await shop.call('POST', `/v1/vehicles/${car}/arrival`, arrival), 200)
    await here.until(4)
    expectStatus(await here.shop.call('POST', `/v1/tags/${first}/cancellation`, { body: {} }), 200)
    const all = ['match_request.received', 'match_request.offered', 'tag.placed', 'vehicle.at_dealer']
    expect(await here.until(5)).toEqual([...all, 'tag.cancelled'].sort())
    const next = await tag(there.shop, car)
    const vin = newVin()
    expectStatus(await plantSays(shop, 'vin_assigned', car, { vin }), 200)
    expect(await there.until(2)).toEqual(['tag.placed', 'vehicle.vin_assigned'])
    expect(there.received.find(({ type }) => type === 'vehicle.vin_assigned')?.data.tag).toMatchObject({
      number: next.number,
      vin,
      buyer: { email: next.email },
    })

    // Told once more when it is another buyer's: of the first one's tag, and by mail not at all.
    const notices = await house().db<{ id: string; channel: string }[]>`
      SELECT n.id, n.channel FROM notifications n JOIN events e ON e.id = n.event
       WHERE e.number = ${car} AND e.type = 'vehicle.at_dealer'`
    expect(notices.map(({ channel }) => channel).sort()).toEqual(['mail', 'webhook'])
    for (const { id } of notices) {
      const again = { key: shop.operatorKey, body: {} }
      expectStatus(await shop.call('POST', `/v1/operator/notifications/${id}/redelivery`, again), 202)
    }
    await here.until(6)
    expect(here.received.at(-1)).toMatchObject({
      type: 'vehicle.at_dealer',
      data: { tag: { number: first, storefront: here.shop.storefront, state: 'cancelled', vin: null } },
    })
    expect(JSON.stringify(here.received)).not.toMatch(new RegExp(`${next.email}|${next.number}|${vin}`))
    await waitFor(
      'the mail to be given up',
      () => house().db`SELECT last_failure FROM notifications WHERE state = 'abandoned' AND number = ${car}`,
      (rows) => rows.length === 1 && rows[0]?.last_failure === 'nobody to tell',
    )

    const document = (await (await fetch(`${house().apiUrl}/openapi.json`)).json()) as Document
    for (const body of [...here.received, ...there.received]) {
      const schema = document.webhooks[body.type]?.post.requestBody.content['application/json'].schema
      expect([body.type, differences(document, schema ?? {}, body)]).toEqual([body.type, []])
    }
  } finally {
    await here.close()
    await there.close()
  }
})

test('one that becomes free as the request is stored is seen by one of the two', async () => {
  const dealer = await shop.dealer()
  const model = await newModel(shop)
  const [car] = await onLot(shop, dealer, [lotVehicle(model)])
  const { number } = await tag(shop, car)
  const { version } = await shop.look(number)
  const { db } = house()
  const waiting = () => db`
    SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`
  const both = await db.begin(async (tx) => {
    // Freed, and looked for who waits, but not committed: its next event has to wait for this one.
    await tx`INSERT INTO events (number, sequence, type, actor, details) VALUES (${number}, ${version + 1}, 'tag.cancelled', 'test', '{}')`
    const freed = giveUp(number)
    await waitFor('the tag to be about to end', waiting, (rows) => rows.length === 1)
    let isStored = false
    const stored = waitForMatch(shop, model).finally(() => (isStored = true))
    const settled = async () => isStored || (await waiting()).length === 2
    await waitFor('the request to be stored, or about to be', settled, (so) => so)
    await tx`DELETE FROM events WHERE number = ${number} AND sequence = ${version + 1}`
    return { freed, stored }
  })
  const [waiter] = await Promise.all([both.stored, both.freed])
  expect(await shop.look(waiter.number)).toMatchObject({ state: 'offered', offered: { number: car } })
  expectStatus(await command(waiter.number, 'cancellation'), 200)
})

test('two buyers who decline vehicles of one model at the same moment go one after the other; so does a price (B8)', async () => {
  const dealer = await shop.dealer()
  const model = await newModel(shop)
  const waiters = [await waitForMatch(shop, model), await waitForMatch(shop, model)]
  const cars = await onLot(shop, dealer, [lotVehicle(model), lotVehicle(model)])
  const { db } = house()
  const held = (count: number) =>
    waitFor(
      'the locks to be asked for',
      () =>
        db`SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      (rows) => rows.length === count,
    )
  const declined = await db.begin(async (tx) => {
    // Their vehicles cannot be freed yet: both have gone as far as they can without each other.
    await tx`SELECT 1 FROM vehicle_availability WHERE vehicle IN ${tx(cars)} FOR UPDATE`
    const both = waiters.map(({ number }) => command(number, 'refusal'))
    await held(2)
    const locks = await tx`
      SELECT granted FROM pg_locks WHERE locktype = 'advisory' AND classid = 6203 AND mode = 'ExclusiveLock' ORDER BY granted`
    expect(locks).toEqual([{ granted: false }, { granted: true }])
    return { both }
  })
  for (const answer of await Promise.all(declined.both)) expectStatus(answer, 200)
  for (const { number } of waiters) expectStatus(await command(number, 'cancellation'), 200)

  // A dealer's price waits for who begins to wait, without the vehicle that they may be offered.
  const [car] = cars
  const price = { price: { amount: 2_900_000, currency: 'EUR' } }
  const priced = await db.begin(async (tx) => {
    await tx`SELECT pg_advisory_xact_lock(6203, hashtext(${`${model.make}/${model.model}`}))`
    const answer = ofVehicle(car, 'price', dealer, price)
    await held(1)
    expect(await tx`SELECT 1 FROM vehicles WHERE number = ${car} FOR NO KEY UPDATE NOWAIT`).toHaveLength(1)
    return { answer }
  })
  expectStatus(await priced.answer, 200)
})
