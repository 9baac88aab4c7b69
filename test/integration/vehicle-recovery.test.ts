import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { Bank } from '../support/bank.ts'
import { useHouse } from '../support/house.ts'
import { newLead, say } from '../support/lead.ts'
import { expectSoundHouse } from '../support/proof.ts'
import { reconcileNow } from '../support/reconcile.ts'
import { BY_RECONCILE, expectStatus, Shop, waitFor } from '../support/shop.ts'
import {
  answerTag,
  bookedAs,
  judgeTag,
  lotVehicle,
  newBuyer,
  newModel,
  onLot,
  story,
  tag,
  waitForMatch,
} from '../support/vehicle.ts'

const house = useHouse({ partners: ['mail'] })

async function mailSink(mode: 'hang' | 'accept'): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const orders = { method: 'PUT', headers, body: JSON.stringify({ mode }) }
  expect((await fetch(`${house().mailUrl}/api/behaviour`, orders)).status).toBe(200)
}

/** Waits until a run of the schedule and so many other transactions of the worker cannot go on: events are locked. */
async function inTheMiddle(others: number): Promise<void> {
  await waitFor(
    `the run and ${others} more to be in the middle of writing`,
    () => house().db<{ query: string }[]>`
      SELECT query FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'holdfast worker' AND wait_event_type = 'Lock'`,
    (rows) => rows.length > others && rows.some(({ query }) => query.includes('UPDATE vehicles v')),
  )
}

test('killed in the middle of a run of the schedule and of the words of dealers and a buyer, the worker leaves nothing half done; the next one does each once, and tells what was not told (A9, B6, B8, B9, B11)', async () => {
  const shop = await Shop.open(house())
  const bank = new Bank(shop)
  await bank.periods(4)
  const { line, modelYear } = await bank.line()
  const dealer = await shop.dealer()
  expectStatus(await bank.plant('a-killed', { lines: [line], slots: [2, 2, 2] }), 201)
  const orders: string[] = []
  for (let count = 0; count < 6; count++) orders.push(await bank.ordered(dealer, modelYear))
  const before = await bank.settled(orders)
  expect(before.map((slot) => slot.slice(0, 10))).toEqual([
    'a-killed/1',
    'a-killed/1',
    'a-killed/2',
    'a-killed/2',
    'a-killed/3',
    'a-killed/3',
  ])
  const model = await newModel(shop)
  const { number: lead } = await newLead(shop, dealer)
  const [car, freed] = await onLot(shop, dealer, [lotVehicle(model), lotVehicle(model)])
  const { number: tagged } = await tag(shop, car)
  const { number: given } = await tag(shop, freed ?? '')
  const waiter = await waitForMatch(shop, model)
  const [kept] = await onLot(shop, dealer, [lotVehicle(model)])
  const next = await waitForMatch(shop, model)

  // What it has committed it cannot tell: nobody takes its mails.
  await mailSink('hang')
  const cancellation = shop.call('POST', `/v1/tags/${given}/cancellation`, { body: {} })
  await waitFor(
    'the vehicle to be kept for the next',
    () => bookedAs(shop, freed ?? ''),
    ({ availability }) => availability === 'offered',
  )

  expectStatus(await bank.cancel(dealer, orders[0] ?? ''), 200)
  // The run has the vehicles' rows changed, each word its own, and none comes further than its events.
  const words = await house().db.begin(async (tx) => {
    await tx`LOCK TABLE events IN EXCLUSIVE MODE`
    const sent = {
      acceptance: shop.call('POST', `/v1/match-requests/${waiter.number}/acceptance`, { body: {} }),
      ofTag: answerTag(shop, dealer, tagged, 'there'),
      ofLead: say(shop, dealer, lead, { status: 'sold' }),
    }
    await inTheMiddle(3)
    await house().killWorker(0)
    return sent
  })
  await waitFor(
    'what was killed to be gone',
    () => house().db`
      SELECT 1 FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'holdfast worker'`,
    (rows) => rows.length === 0,
  )
  await mailSink('accept')
  expect(await bank.slots(orders.slice(1))).toEqual(before.slice(1))
  expect(await house().db`SELECT 1 FROM events WHERE type = 'vehicle.rescheduled'`).toHaveLength(0)
  expect((await house().db`SELECT 1 FROM schedule_requests`).length).toBeGreaterThan(0)
  expect(await shop.look(waiter.number)).toMatchObject({ state: 'offered', tag: null })
  expect(await shop.look(tagged)).toMatchObject({ state: 'pending', dealer_accepted: false })
  expect(await shop.look(lead)).toMatchObject({ state: 'sent', statuses: [] })

  await house().startWorker(0)
  await reconcileNow(house())
  expect(expectStatus(await cancellation, 200).body).toMatchObject({ state: 'cancelled' })
  const offers = await shop.mails(next.email, /: a Tarn Heron 2027 for you$/, BY_RECONCILE)
  expect(offers.filter(({ subject }) => subject.endsWith('for you'))).toHaveLength(1)
  expect(await story(shop, freed ?? '')).toEqual(['listed', 'tagged', 'untagged', 'offered'])
  const accepted = expectStatus(await words.acceptance, 200).body
  expect(accepted).toMatchObject({ state: 'accepted', tag: expect.stringMatching(/^TG-/) })
  expect(await bookedAs(shop, kept)).toMatchObject({ buyer: accepted.tag, availability: 'tagged' })
  expect(await house().db`SELECT 1 FROM tags WHERE vehicle = ${kept}`).toHaveLength(1)
  expect(expectStatus(await words.ofTag, 200).body).toMatchObject({
    state: 'pending',
    dealer_accepted: true,
  })
  expectStatus(await judgeTag(shop, tagged, 'accepted', { reference: 'P-1' }), 200)
  const types = await story(shop, tagged)
  expect(types.filter((type) => type === 'dealer_accepted')).toHaveLength(1)
  const { body } = expectStatus(await words.ofLead, 200)
  expect(body).toMatchObject({ state: 'sold', statuses: [{ status: 'sold' }] })
  await waitFor(
    'the process of the lead to end',
    () => house().temporal.workflow.getHandle(`lead/${lead}`).describe(),
    ({ status }) => status.name === 'COMPLETED',
  )
  expect((await bank.settled(orders)).map((slot) => slot.slice(0, 10))).toEqual([
    '- -',
    'a-killed/1',
    'a-killed/1',
    'a-killed/2',
    'a-killed/2',
    'a-killed/3',
  ])
  expect(await house().db`SELECT number FROM events WHERE type = 'vehicle.rescheduled'`).toHaveLength(2)
  await expectSoundHouse(house())
})

test('Temporal and the worker killed after the commit of a run, before anybody is woken: whom it moved is told all the same, once; what is sent while they are away is taken, and goes on (A9, B6, B8, B9)', async () => {
  const shop = await Shop.open(house())
  const bank = new Bank(shop)
  await bank.periods(4)
  const [moving, away] = [await bank.line(), await bank.line()]
  expectStatus(await bank.plant('a-away', { lines: [away.line], slots: [1, 1] }), 201)
  const [dealer, impatient] = [await shop.dealer(), await shop.dealer({ acknowledgeSeconds: 1 })]
  const [other] = await onLot(shop, impatient, [lotVehicle(await newModel(shop))])
  const vehicle = await bank.ordered(dealer, moving.modelYear)
  const moved = await tag(shop, vehicle)
  expect(await bank.settled([vehicle])).toEqual(['- no_plant'])

  // Temporal is gone when the run commits, and the worker before it can tell anybody.
  await house().db.begin(async (tx) => {
    await tx`LOCK TABLE events IN EXCLUSIVE MODE`
    expectStatus(await bank.plant('a-told', { lines: [moving.line], slots: [1] }), 201)
    await inTheMiddle(0)
    await house().killTemporal()
  })
  expect(await bank.settled([vehicle])).toEqual(['a-told/1 -'])
  await house().killWorker(0)
  expect(await house().db`SELECT 1 FROM wakes WHERE workflow LIKE 'tag/%'`).toHaveLength(1)
  // Frozen earlier it keeps its slot: its buyer is told, but the run, for which others may wait, is woken first (B7, B10).
  const frozenEarlier = { lines: [moving.line], slots: [1], freeze: 'PT1M' }
  expectStatus(await bank.plant('a-told', frozenEarlier), 200)
  const wakes = await house().db<{ workflow: string }[]>`SELECT workflow FROM wakes ORDER BY id DESC LIMIT 2`
  expect(wakes.map(({ workflow }) => workflow.split('/')[0])).toEqual(['tag', 'schedule-production'])

  const { number: lead, email, lead: taken } = await newLead(shop, impatient)
  expect(taken).toMatchObject({ state: 'sent', dealer: impatient.id })
  const customer = newBuyer()
  const idempotencyKey = randomUUID()
  const send = () => shop.call('POST', '/v1/tags', { body: { vehicle: other, customer }, idempotencyKey })
  const { number: placed } = expectStatus(await send(), 201).body
  expect(expectStatus(await send(), 201).body.number).toBe(placed)
  const orders = [await bank.ordered(dealer, away.modelYear), await bank.ordered(dealer, away.modelYear)]
  expect(await bank.slots(orders)).toEqual(['- -', '- -'])

  await house().startTemporal()
  await house().startWorker(0)
  // By the schedule of `reconcile` alone, as where nobody looks on.
  for (const number of [lead, placed])
    await shop.until(number, ({ deadline }) => deadline?.kind === 'remind', BY_RECONCILE)
  await shop.mails(email, /we have it$/, BY_RECONCILE)
  await shop.mails(customer.email, /is yours if it is there$/, BY_RECONCILE)
  await shop.mails(impatient.email, new RegExp(`^Tag ${placed}`), BY_RECONCILE)
  await waitFor(
    'the slots',
    () => bank.slots(orders),
    (slots) => slots.join() === 'a-away/1 -,a-away/2 capacity',
    BY_RECONCILE,
  )
  const mails = await shop.mails(moved.email, /: scheduled$/, BY_RECONCILE)
  await expectSoundHouse(house())
  expect(mails.filter(({ subject }) => subject.endsWith(': scheduled'))).toHaveLength(1)
  const scheduled = await story(shop, vehicle)
  expect(scheduled.filter((type) => type === 'scheduled')).toHaveLength(1)
  expect(await house().db`SELECT 1 FROM leads WHERE dealer = ${impatient.id}`).toHaveLength(1)
})
