import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { inZone } from '../../src/domain/letter.ts'
import { newNumber } from '../../src/domain/number.ts'
import { Bank } from '../support/bank.ts'
import {
  accept,
  configure,
  dealerSays,
  newRange,
  newVin,
  orderVehicle,
  PLAIN,
  plantSays,
  processorSays,
  type Range,
  RICH,
} from '../support/custom-order.ts'
import { useHouse } from '../support/house.ts'
import { takeEverything, vacate } from '../support/inbox.ts'
import { type Dealer, dealersServer } from '../support/lead.ts'
import { changesNothing, expectProblem, expectReplayable, expectSoundHouse } from '../support/proof.ts'
import { expectStatus, ifMatch, Shop, waitFor } from '../support/shop.ts'
import { lotVehicle, newModel, onLot, tag } from '../support/vehicle.ts'

const house = useHouse({ partners: ['mail'] })
let shop: Shop
let range: Range
let dealer: Dealer
const processorPort = () => Number(new URL(house().processorUrl).port)
beforeAll(async () => {
  shop = await Shop.open(house())
  range = await newRange(shop)
  dealer = await shop.dealer({ makes: [range.make] })
  await house().db`
    INSERT INTO order_terms (kind, currency, deposit_minor, fee_minor, refund_banked, refund_scheduled)
    VALUES ('custom_order', 'EUR', 50000, 15000, 'full', 'less_fee')`
})
afterAll(async () => {
  await expectSoundHouse(house())
  await expectReplayable(house(), `WorkflowType = 'customOrder'`)
})

/** The types of an order's or a vehicle's events, oldest first. */
const storyOf = async (number: string): Promise<string[]> =>
  (
    await house().db<{ type: string }[]>`SELECT type FROM events WHERE number = ${number} ORDER BY sequence`
  ).map(({ type }) => type.replace(/^(custom_order|vehicle)\./, ''))
/** The last mail to somebody with such a subject. */
const mailOf = async (to: string, subject: RegExp) =>
  (await shop.mails(to, subject)).findLast((mail) => subject.test(mail.subject))
/** What the gateway was to tell of an order: to whom and what, in order. */
const toldOf = async (number: string): Promise<string[]> =>
  (
    await house().db<{ told: string }[]>`
      SELECT replace(type, 'custom_order.told_', '') || ' ' || (details ->> 'message') AS told FROM events
       WHERE number = ${number} AND type LIKE 'custom\\_order.told%' ORDER BY sequence`
  ).map(({ told }) => told)
/** The range costs more from now on. */
async function newPrice({ modelYear, document }: Range): Promise<void> {
  const path = `model-years/${modelYear}`
  const read = await shop.operate('GET', path)
  const dearer = { ...document, base_price: 3_100_000 }
  expectStatus(await shop.operate('PUT', path, dearer, ifMatch(read.headers.get('etag'))), 200)
}
const cancellation = (number: string, body: object = {}) =>
  shop.call('POST', `/v1/custom-orders/${number}/cancellation`, { body })

describe('a custom order, from the configuration to the keys (B4, B7)', () => {
  test('dealer and processor accept, the vehicle is in the bank, built, and handed over; the buyer hears of it all', async () => {
    const { number, email, order } = await orderVehicle(shop, range, dealer, {
      features: RICH,
      reference: 'WEB-1',
    })
    expect(number).toMatch(/^CO-.{4}-.{4}-.{3}$/)
    expect(order).toMatchObject({
      storefront: shop.storefront,
      reference: 'WEB-1',
      type: 'retail',
      state: 'submitted',
      version: 3,
      deadline: { kind: 'answer' },
      allowed_actions: ['cancel'],
      buyer: { name: 'Ada Example', email, phone: '+49 421 555 0100', time_zone: 'Europe/Berlin' },
      price: { amount: 3_820_000, currency: 'EUR' },
      terms: { deposit: { amount: 50_000 }, fee: { amount: 15_000 }, refund_scheduled: 'less_fee' },
      dealer: dealer.id,
      turn: 1,
      dealer_accepted: false,
      processor_reference: null,
      refusal: null,
      vehicle: null,
    })
    const received = await mailOf(email, /we have it$/)
    expect(received?.text).toContain('Tarn Heron 2027 for €38,200.00')
    const asked = await mailOf(dealer.email, new RegExp(`^Order ${number}: Tarn Heron 2027$`))
    expect(asked?.text).toContain('Please accept or refuse it until')

    // The dealer has no key at hand: an operator answers for it.
    const byTelephone = { key: shop.operatorKey }
    const half = expectStatus(await dealerSays(shop, byTelephone, number, { verdict: 'accepted' }), 200)
    expect(half.body).toMatchObject({ state: 'submitted', dealer_accepted: true, vehicle: null })
    const whole = expectStatus(
      await processorSays(shop, 'custom_order.accepted', { number, turn: 1, reference: 'P-1' }),
      200,
    )
    const accepted = await shop.look(number)
    expect(accepted).toMatchObject({
      state: 'accepted',
      processor_reference: 'P-1',
      deadline: null,
      allowed_actions: ['reconfigure', 'cancel'],
      vehicle: { state: 'banked', vin: null, order_bank: { slot: null } },
    })
    // The processor learns nothing of the buyer, not even from the answer to its own message.
    const { state, version, turn, processor_reference } = accepted
    expect(whole.body).toEqual({
      number,
      state,
      version,
      dealer: dealer.id,
      turn,
      processor_reference,
      vehicle: accepted.vehicle,
    })
    const vehicle: string = whole.body.vehicle.number
    const confirmation = await mailOf(email, /confirmed$/)
    expect(confirmation?.text).toContain(
      'The deposit is €500.00, the fee for a cancellation €150.00. Should you cancel, the deposit is given back in full until production is scheduled, and less the fee after that.',
    )
    expect(confirmation?.text).toContain('until its production is frozen')

    const vin = newVin()
    for (const stage of ['in_production', 'vin_assigned', 'built', 'shipped', 'at_dealer']) {
      const more = stage === 'vin_assigned' ? { vin } : {}
      expectStatus(await plantSays(shop, stage, vehicle, more), 200)
    }
    const handover = () =>
      shop.call('POST', `/v1/custom-orders/${number}/handover`, { key: dealer.key, body: {} })
    const completed = expectStatus(await handover(), 200).body
    expect(completed).toMatchObject({ state: 'completed', vehicle: { state: 'delivered', vin, version: 7 } })
    // Said twice it changes nothing.
    expect(expectStatus(await handover(), 200).body).toEqual(completed)
    const done = await shop.look(number)
    expect(done).toMatchObject({
      state: 'completed',
      allowed_actions: [],
      vehicle: { state: 'delivered', vin },
    })
    expect(await storyOf(number)).toEqual([
      'received',
      'told_dealer',
      'told_processor',
      'dealer_accepted',
      'processor_accepted',
      'confirmed',
      'told_dealer',
      'told_processor',
      'completed',
    ])
    expect(await storyOf(vehicle)).toEqual([
      'banked',
      'in_production',
      'vin_assigned',
      'built',
      'shipped',
      'at_dealer',
      'delivered',
    ])
    const mails = await shop.mails(email, /handed over$/)
    expect(mails.map(({ subject }) => subject.replace(`Order ${number}: `, '')).sort()).toEqual(
      [
        'we have it',
        'confirmed',
        'in production',
        'has its vehicle number',
        'built',
        'on its way',
        'has arrived',
        'handed over',
      ].sort(),
    )
    // A VIN is personal: it is mailed to nobody.
    for (const { text } of mails) expect(text).not.toContain(vin)
  })

  test('the processor refuses: the buyer is told why, picks another dealer, and both are asked anew', async () => {
    const { number, email } = await orderVehicle(shop, range, dealer)
    const other = await shop.dealer({ makes: [range.make] })
    const reasons = ['The roof is not built this year', 'The price is off by 10']
    const refused = expectStatus(
      await processorSays(shop, 'custom_order.refused', { number, turn: 1, reasons }),
      200,
    )
    expect(refused.body).not.toHaveProperty('buyer')
    expect(await shop.look(number)).toMatchObject({
      state: 'refused',
      refusal: { by: 'processor', reasons: reasons.join('; ') },
      deadline: { kind: 'choose' },
      allowed_actions: ['choose_dealer', 'cancel'],
    })
    const mail = await mailOf(email, /not accepted$/)
    expect(mail?.text).toContain('The roof is not built this year; The price is off by 10')
    const choose = (dealer: string) =>
      shop.call('POST', `/v1/custom-orders/${number}/dealer`, { body: { dealer } })
    const stranger = await shop.dealer({ makes: ['another-make'] })
    for (const id of [stranger.id, 'nobody'])
      await expectProblem(house(), await choose(id), 422, 'invalid-request', ['/dealer'])
    const chosen = expectStatus(await choose(other.id), 200)
    expect(chosen.body).toMatchObject({ state: 'submitted', dealer: other.id, turn: 2, refusal: null })

    // Whoever had it comes too late, with whatever word; and so does a word about the first turn.
    const late = [
      await dealerSays(shop, dealer, number, { verdict: 'accepted' }),
      await dealerSays(shop, other, number, { verdict: 'accepted', turn: 1 }),
      await processorSays(shop, 'custom_order.accepted', { number, turn: 1, reference: 'P-2' }),
    ]
    for (const answer of late) await expectProblem(house(), answer, 409, 'state-conflict')
    const seen = await shop.call('GET', `/v1/custom-orders/${number}`, { key: dealer.key })
    expect(seen.body).toMatchObject({ buyer: null, vehicle: null })

    const { vehicle, ...taken } = await accept(shop, other, number)
    expect(taken).toMatchObject({ state: 'accepted', dealer: other.id })
    expect(await toldOf(number)).toEqual([
      'dealer submitted',
      'processor submitted',
      'dealer withdrawn',
      'dealer submitted',
      'processor submitted',
      'dealer confirmed',
      'processor confirmed',
    ])

    // Who had it before hands nothing over, neither before the handover nor after it, and learns nothing by trying.
    expectStatus(await plantSays(shop, 'at_dealer', vehicle.number), 200)
    const handover = (key: string) =>
      shop.call('POST', `/v1/custom-orders/${number}/handover`, { key, body: { settled_at_dealer: true } })
    const formerDealer = () => changesNothing(house(), () => handover(dealer.key), { answersOnce: true })
    await expectProblem(house(), await formerDealer(), 409, 'state-conflict')
    const strange = await changesNothing(house(), () => handover(stranger.key))
    await expectProblem(house(), strange, 404, 'not-found')
    expect(expectStatus(await handover(other.key), 200).body).toMatchObject({
      state: 'completed',
      buyer: { email },
    })
    await expectProblem(house(), await formerDealer(), 409, 'state-conflict')
  })

  test('the dealer refuses by API key; nobody chooses: it is cancelled, all is given back', async () => {
    const { number, email } = await orderVehicle(shop, range, dealer)
    expectStatus(
      await processorSays(shop, 'custom_order.accepted', { number, turn: 1, reference: 'P-3' }),
      200,
    )
    const refused = await dealerSays(shop, dealer, number, { verdict: 'refused', reasons: ['We close'] })
    expect(expectStatus(refused, 200).body).toMatchObject({
      state: 'refused',
      refusal: { by: 'dealer' },
      buyer: null,
      deposit: null,
    })
    await house().db`UPDATE custom_orders SET deadline_at = now() WHERE number = ${number}`
    await house().temporal.workflow.getHandle(`custom-order/${number}`).signal('look')
    await shop.until(number, (view) => view.state === 'cancelled')
    const mail = await mailOf(email, /cancelled$/)
    expect(mail?.text).toContain('You are given back €500.00')
    expect(await toldOf(number)).toEqual(['dealer submitted', 'processor submitted', 'processor withdrawn'])
  })

  test('nobody answers: reminded, then operators know, then silence counts as a refusal', async () => {
    const slow = await shop.dealer({
      makes: [range.make],
      acknowledgeSeconds: 2,
      remindSeconds: 2,
      escalateSeconds: 2,
    })
    const { number, email } = await orderVehicle(shop, range, slow)
    expectStatus(
      await processorSays(shop, 'custom_order.accepted', { number, turn: 1, reference: 'P-4' }),
      200,
    )
    const view = await shop.until(number, ({ state }) => state === 'refused', 30)
    expect(view.refusal).toEqual({ by: 'silence', reasons: null })
    expect(await toldOf(number)).toEqual([
      'dealer submitted',
      'processor submitted',
      'dealer reminded',
      'dealer withdrawn',
      'processor withdrawn',
    ])
    const known = await mailOf('operators@example.test', new RegExp(number))
    expect(known?.text).toContain(`The dealer ${slow.id}`)
    await shop.mails(email, /not accepted$/)
    await expectProblem(
      house(),
      await dealerSays(shop, slow, number, { verdict: 'accepted' }),
      409,
      'state-conflict',
    )
    expectStatus(await cancellation(number), 200)
  })
})

describe('what a partner says twice, late or wrongly (B4, B7)', () => {
  test('the same word again changes nothing, another reference is refused, a stranger learns nothing, bad messages get exact refusals', async () => {
    const { number } = await orderVehicle(shop, range, dealer)
    const first = await processorSays(shop, 'custom_order.accepted', { number, turn: 1, reference: 'P-5' })
    expectStatus(first, 200)
    const again = await processorSays(shop, 'custom_order.accepted', { number, turn: 1, reference: 'P-5' })
    expect(expectStatus(again, 200).body.version).toBe(first.body.version)
    await expectProblem(
      house(),
      await processorSays(shop, 'custom_order.accepted', { number, turn: 1, reference: 'P-6' }),
      409,
      'state-conflict',
    )
    const stranger = await shop.dealer({ makes: [range.make] })
    await expectProblem(
      house(),
      await changesNothing(house(), () => dealerSays(shop, stranger, number, { verdict: 'accepted' })),
      404,
      'not-found',
    )
    await changesNothing(house(), async () => {
      const forged = { secret: `whsec_${Buffer.from('somebody else').toString('base64')}` }
      const stale = { at: new Date(Date.now() - 600_000) }
      for (const how of [forged, stale]) {
        const said = await processorSays(
          shop,
          'custom_order.accepted',
          { number, turn: 1, reference: 'P-5' },
          how,
        )
        await expectProblem(house(), said, 401, 'invalid-signature')
      }
    })
    const vehicle = newNumber('vehicle')
    const at = new Date().toISOString()
    await changesNothing(house(), async () => {
      const faults: [string, object, string[]][] = [
        ['custom_order.accepted', { number, turn: 1 }, ['/data/reference']],
        ['custom_order.accepted', { number, reference: 'P' }, ['/data/turn']],
        ['custom_order.refused', { number, turn: 1, reasons: [] }, ['/data/reasons']],
        ['custom_order.accepted', { number, turn: 1, reference: 'P', extra: 1 }, ['/data/extra']],
        ['vehicle.vin_assigned', { vehicle, at, vin: 'TRN123' }, ['/data/vin']],
        ['vehicle.vin_assigned', { vehicle, at, vin: 'IOQ00000000000000' }, ['/data/vin']],
        ['vehicle.built', { vehicle, at: 'yesterday' }, ['/data/at']],
        ['vehicle.delivered', { vehicle, at }, ['/type']],
      ]
      for (const [type, data, pointers] of faults)
        await expectProblem(house(), await processorSays(shop, type, data), 422, 'invalid-request', pointers)
      const unknown = await processorSays(shop, 'vehicle.built', { vehicle: 'VH-0000-0000-000', at })
      expect([400, 404]).toContain(unknown.status)
    })
    for (const [body, pointer] of [
      [{ verdict: 'refused' }, '/reasons'],
      [{ verdict: 'accepted', reasons: ['?'] }, '/reasons'],
      [{ verdict: 'perhaps' }, '/verdict'],
    ] as const) {
      const said = await changesNothing(house(), () => dealerSays(shop, dealer, number, body))
      await expectProblem(house(), said, 422, 'invalid-request', [pointer])
    }

    const id = `msg_${randomUUID()}`
    const message = { number, turn: 1, reasons: ['No'] }
    const refused = await processorSays(shop, 'custom_order.refused', message, { id })
    const replayed = await processorSays(shop, 'custom_order.refused', message, { id })
    expect([refused.status, replayed.body]).toEqual([200, refused.body])
    // Another message that says the same changes nothing either.
    const repeated = await processorSays(shop, 'custom_order.refused', message)
    expect(expectStatus(repeated, 200).body).toEqual(refused.body)
    expect((await storyOf(number)).filter((type) => type === 'refused')).toHaveLength(1)
    expectStatus(await cancellation(number), 200)
  })

  test('a VIN is bonded to one vehicle until an operator releases it; late and repeated stages change nothing', async () => {
    const orders = await Promise.all([1, 2].map(() => orderVehicle(shop, range, dealer)))
    const [a = '', b = ''] = await Promise.all(
      orders.map(async ({ number }) => (await accept(shop, dealer, number)).vehicle.number),
    )
    const vin = newVin()
    // Both at once, four times each: one of them has it.
    const said = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        plantSays(shop, 'vin_assigned', index % 2 ? a : b, { vin: vin.toLowerCase() }),
      ),
    )
    const taken = new Set(said.filter(({ status }) => status === 200).map(({ body }) => body.number))
    expect(taken.size).toBe(1)
    const [winner = ''] = taken
    const loser = winner === a ? b : a
    for (const answer of said.filter(({ status }) => status !== 200))
      await expectProblem(house(), answer, 409, 'vin-bonded')
    await expectProblem(
      house(),
      await plantSays(shop, 'vin_assigned', winner, { vin: newVin() }),
      409,
      'vin-bonded',
    )
    const release = (key: string) =>
      shop.call('POST', `/v1/operator/vehicles/${winner}/vin-release`, {
        key,
        body: { reason: 'Stamped on the wrong body' },
      })
    await expectProblem(house(), await release(dealer.key), 403, 'role-forbidden')
    expect(expectStatus(await release(shop.operatorKey), 200).body.vin).toBeNull()
    await expectProblem(house(), await release(shop.operatorKey), 409, 'state-conflict')
    expectStatus(await plantSays(shop, 'vin_assigned', loser, { vin }), 200)

    // Out of order: shipped is believed, what comes late for it is not.
    expect(expectStatus(await plantSays(shop, 'shipped', winner), 200).body.state).toBe('shipped')
    for (const stage of ['in_production', 'built', 'shipped'])
      expect(expectStatus(await plantSays(shop, stage, winner), 200).body.state).toBe('shipped')
    expect((await storyOf(winner)).filter((type) => type === 'built')).toEqual([])
    await expectProblem(
      house(),
      await shop.call('POST', `/v1/custom-orders/${orders[winner === a ? 0 : 1]?.number}/handover`, {
        key: dealer.key,
        body: {},
      }),
      409,
      'state-conflict',
    )
    for (const { number } of orders) {
      const view = await shop.look(number)
      if (view.vehicle.state === 'banked') {
        expectStatus(await cancellation(number), 200)
        // A cancelled vehicle is not built.
        await expectProblem(
          house(),
          await plantSays(shop, 'built', view.vehicle.number),
          409,
          'state-conflict',
        )
      }
    }
  })
})

describe('what the gateway delivers late (B4)', () => {
  test('says what it was made for; a dealer who lost the order learns only that', async () => {
    await vacate(processorPort())
    const late = await dealersServer()
    const first = await shop.dealer({ makes: [range.make], webhookUrl: late.url })
    late.signsWith(first.secret)
    late.opens(false)
    const { number, email } = await orderVehicle(shop, range, first)
    const sent = async () =>
      (
        await shop.call('GET', `/v1/operator/custom-orders/${number}/notifications`, {
          key: shop.operatorKey,
        })
      ).body.data.filter(
        ({ channel }: { channel: string }) => channel === 'dealer' || channel === 'processor',
      )
    const attempted = () =>
      waitFor('the first attempts', sent, (all) =>
        all.every(({ attempts }: { attempts: unknown[] }) => attempts.length > 0),
      )
    await attempted()
    const refused = { number, turn: 1, reasons: ['Not this one'] }
    expectStatus(await processorSays(shop, 'custom_order.refused', refused), 200)
    const choice = { body: { dealer: dealer.id } }
    expectStatus(await shop.call('POST', `/v1/custom-orders/${number}/dealer`, choice), 200)
    const { vehicle } = await accept(shop, dealer, number)
    const body = { configuration: await configure(shop, range, RICH) }
    expectStatus(await shop.call('POST', `/v1/custom-orders/${number}/configuration`, { body }), 200)

    await attempted()

    // Both are reached only now, and told everything again.
    late.opens(true)
    const processor = await dealersServer(processorPort())
    processor.signsWith(house().processorSecret)
    try {
      const all: { id: string; recipient: string }[] = await sent()
      for (const { id, recipient } of all) {
        if (recipient === dealer.id) continue
        const path = `/v1/operator/notifications/${id}/redelivery`
        expectStatus(await shop.call('POST', path, { key: shop.operatorKey, body: {} }), 202)
      }
      const told = await waitFor('all of it to be told', sent, (all) =>
        all.every(({ state }: { state: string }) => state === 'sent' || state === 'abandoned'),
      )
      const ends = told.map((one: { recipient: string; state: string; attempts: { outcome: string }[] }) => [
        one.recipient,
        one.state,
        one.attempts.at(-1)?.outcome,
      ])
      expect(ends.filter(([recipient]: string[]) => recipient === first.id)).toEqual([
        [first.id, 'abandoned', 'passed on'],
        [first.id, 'sent', 'http 204'],
      ])
      const read = ({ taken }: typeof late) =>
        taken
          .map(({ text }) => JSON.parse(text))
          .sort((one, other) => one.timestamp.localeCompare(other.timestamp))
      expect(read(late).map(({ type, data }) => [type, data])).toEqual([
        ['custom_order.withdrawn', { number, turn: 1, because: 'processor' }],
      ])
      const heard = read(processor).map(({ type, data }) => [
        type.replace('custom_order.', ''),
        data.turn,
        data.dealer.id,
        data.configuration.total_price,
        data.vehicle,
        data.answer_by !== null,
      ])
      expect(heard).toEqual([
        ['submitted', 1, first.id, 3_000_000, null, true],
        ['submitted', 2, dealer.id, 3_000_000, null, true],
        ['confirmed', 2, dealer.id, 3_000_000, vehicle.number, false],
        ['reconfigured', 2, dealer.id, 3_820_000, vehicle.number, false],
      ])
      for (const { text } of [...late.taken, ...processor.taken]) expect(text).not.toContain(email)
    } finally {
      late.close()
      processor.close()
      await takeEverything(processorPort())
    }
    expectStatus(await cancellation(number), 200)
  })

  test('a tag that was given up meanwhile is told as it was asked about, then as what became of it', async () => {
    await vacate(processorPort())
    const [car] = await onLot(shop, dealer, [lotVehicle(await newModel(shop))])
    const { number, tag: placed } = await tag(shop, car)
    expectStatus(await shop.call('POST', `/v1/tags/${number}/cancellation`, { body: {} }), 200)
    const sent = async () =>
      (
        await shop.call('GET', `/v1/operator/tags/${number}/notifications`, { key: shop.operatorKey })
      ).body.data.filter(({ channel }: { channel: string }) => channel === 'processor')
    const all: { id: string }[] = await waitFor('the first attempts', sent, (all) =>
      all.every(({ attempts }: { attempts: unknown[] }) => attempts.length > 0),
    )
    const processor = await dealersServer(processorPort())
    processor.signsWith(house().processorSecret)
    try {
      for (const { id } of all) {
        const path = `/v1/operator/notifications/${id}/redelivery`
        expectStatus(await shop.call('POST', path, { key: shop.operatorKey, body: {} }), 202)
      }
      await waitFor('all of it to be told', sent, (all) =>
        all.every(({ state }: { state: string }) => state === 'sent'),
      )
      const heard = processor.taken.map(({ text }) => JSON.parse(text))
      heard.sort((one, other) => one.timestamp.localeCompare(other.timestamp))
      expect(heard.map(({ type, data }) => [type, data.vehicle, data.answer_by])).toEqual([
        ['tag.submitted', car, placed.deadline.at],
        ['tag.cancelled', car, null],
      ])
    } finally {
      processor.close()
      await takeEverything(processorPort())
    }
  })
})

describe('until the freeze point (B6, B10)', () => {
  test('scheduled with its place and its day; one that is cancelled gives its slot to the next; frozen it stays', async () => {
    const bank = new Bank(shop)
    await bank.periods(3)
    const own = await newRange(shop, { make: range.make })
    expectStatus(await bank.plant('custom', { lines: [own.modelLine], slots: [1, 1, 0] }), 201)
    const orders: { number: string; email: string; vehicle: string }[] = []
    for (let count = 0; count < 3; count++) {
      const { number, email } = await orderVehicle(shop, own, dealer)
      const { vehicle } = await accept(shop, dealer, number)
      orders.push({ number, email, vehicle: String(vehicle.number) })
    }
    const [first, second, third] = orders
    if (!first || !second || !third) throw new Error('three orders')
    const slots = () => bank.settled(orders.map(({ vehicle }) => vehicle))
    /** What can be asked for: as the order says, and as the list does. */
    const offered = async ({ number, email }: { number: string; email: string }) => {
      const { data } = (await shop.call('GET', `/v1/custom-orders?email=${email}`)).body
      return [(await shop.look(number)).allowed_actions, data[0].allowed_actions]
    }
    expect(await slots()).toEqual(['custom/1 -', 'custom/2 capacity', '- capacity'])
    const seen = await shop.look(second.number)
    expect(seen.vehicle).toMatchObject({
      state: 'scheduled',
      order_bank: {
        ahead: 1,
        slot: { plant: 'custom', period: 2 },
        held_by: 'capacity',
        explanation: expect.stringMatching(
          /^Expected to be built from .*; 1 ahead of you; not earlier because/,
        ),
      },
    })
    const scheduled = await mailOf(second.email, /: scheduled$/)
    const { starts_at, freezes_at } = seen.vehicle.order_bank.slot
    expect(scheduled?.text).toContain(`from ${starts_at.slice(0, 10)} on`)
    expect(scheduled?.text).toContain(
      `Until ${inZone(freezes_at, 'Europe/Berlin')} you can change or cancel it`,
    )

    expectStatus(await cancellation(first.number), 200)
    expect(await slots()).toEqual(['- -', 'custom/1 -', 'custom/2 capacity'])
    await mailOf(second.email, /: scheduled anew$/)
    await mailOf(third.email, /: scheduled$/)
    // With fewer slots the last one loses its own, is named and told, and told again once it has another.
    const fewer = { lines: [own.modelLine], slots: [1, 0, 1] }
    const lowered = expectStatus(await bank.plant('custom', fewer), 200).body
    expect(lowered.unscheduled).toEqual([third.vehicle])
    await mailOf(third.email, /: waits for another slot$/)
    expect(await slots()).toEqual(['- -', 'custom/1 -', 'custom/3 capacity'])
    await waitFor(
      'the buyer to be told of the other slot',
      () => shop.mails(third.email, /: scheduled$/),
      (mails) => mails.filter(({ subject }) => subject.endsWith(': scheduled')).length === 2,
    )
    // By the terms of a vehicle that has a slot: less the fee.
    expect((await mailOf(first.email, /cancelled$/))?.text).toContain('You are given back €350.00')

    // Its period begins at another time: nothing is moved, but what the buyer was told is so no longer.
    const of = 'production-periods/1'
    const { headers, body: first_period } = expectStatus(await bank.operate('GET', of), 200)
    const later = {
      starts_at: new Date(Date.parse(first_period.starts_at) + 600_000).toISOString(),
      ends_at: first_period.ends_at,
    }
    const matching = { headers: { 'if-match': headers.get('etag') ?? '' } }
    expectStatus(await bank.operate('PUT', of, later, matching), 200)
    const anew = async (count: number) =>
      (
        await waitFor(
          'the buyer to be told the new times',
          async () =>
            (
              await shop.mails(second.email, /./)
            ).filter(({ subject }) => subject.endsWith(': scheduled anew')),
          (mails) => mails.length === count,
        )
      ).map(({ text }) => text)
    const until = `Until ${inZone(later.starts_at, 'Europe/Berlin')} you can change or cancel it`
    expect(await anew(2)).toContainEqual(expect.stringContaining(until))
    expect(await slots()).toEqual(['- -', 'custom/1 -', 'custom/3 capacity'])

    // The plant freezes two hours before the period, which begins in one.
    const frozen = { lines: [own.modelLine], slots: [1, 1, 0], freeze: 'PT2H' }
    expectStatus(await bank.plant('custom', frozen), 200)
    await slots()
    const over = 'it can no longer be changed or cancelled.'
    expect(await anew(3)).toContainEqual(expect.stringContaining(over))
    expect(await storyOf(second.vehicle)).toEqual(['banked', 'scheduled', ...Array(3).fill('rescheduled')])
    const refused = await expectProblem(
      house(),
      await cancellation(second.number),
      409,
      'freeze-point-passed',
    )
    const { vehicle, allowed_actions } = await shop.look(second.number)
    const { slot } = vehicle.order_bank
    expect([refused.frozen_at, refused.allowed_actions]).toEqual([slot.freezes_at, []])
    // What the command refuses is not offered: by the look, by the list, and not before either.
    expect(allowed_actions).toEqual([])
    expect(await offered(second)).toEqual([[], []])
    expect(await offered(third)).toEqual([
      ['reconfigure', 'cancel'],
      ['reconfigure', 'cancel'],
    ])
    expect(new Date(slot.freezes_at).getTime()).toBeLessThan(Date.now())
    expectStatus(await cancellation(third.number), 200)
  })

  test('the buyer changes the configuration: checked, priced, confirmed again, at the same place', async () => {
    const { number, email } = await orderVehicle(shop, range, dealer)
    const before = await accept(shop, dealer, number)
    const change = (configuration: string) =>
      shop.call('POST', `/v1/custom-orders/${number}/configuration`, { body: { configuration } })
    const changed = expectStatus(await change(await configure(shop, range, RICH)), 200)
    expect(changed.body).toMatchObject({
      state: 'accepted',
      price: { amount: 3_820_000 },
      vehicle: { number: before.vehicle.number, state: 'banked' },
    })
    const mail = await mailOf(email, /changed and confirmed$/)
    expect(mail?.text).toContain('It keeps its place in the queue.')
    const places = async () =>
      (
        await house().db<{ place: string; line: string; price: string }[]>`
          SELECT place, model_line AS line, price_minor AS price FROM vehicles WHERE number = ${before.vehicle.number}`
      )[0]
    const kept = await places()
    expect(kept).toMatchObject({ line: range.modelLine, price: '3820000' })

    // Another line: it queues anew.
    const other = await newRange(shop, { make: range.make })
    expectStatus(await change(await configure(shop, other, PLAIN)), 200)
    const queued = await places()
    expect(queued?.line).toBe(other.modelLine)
    expect(Number(queued?.place)).toBeGreaterThan(Number(kept?.place))
    expect((await toldOf(number)).slice(-4)).toEqual([
      'dealer reconfigured',
      'processor reconfigured',
      'dealer reconfigured',
      'processor reconfigured',
    ])
    // Unknown, or of a make that the dealer does not sell.
    const foreign = await newRange(shop)
    for (const id of [randomUUID(), await configure(shop, foreign)])
      await expectProblem(house(), await change(id), 422, 'invalid-request', ['/configuration'])

    // What is sold otherwise by now is stale; and a request that was answered before stays answered.
    const idempotencyKey = randomUUID()
    const body = { configuration: await configure(shop, other, PLAIN) }
    const path = `/v1/custom-orders/${number}/configuration`
    const taken = expectStatus(await shop.call('POST', path, { body, idempotencyKey }), 200)
    await newPrice(other)
    const again = expectStatus(await shop.call('POST', path, { body, idempotencyKey }), 200)
    expect(again.body).toEqual(taken.body)
    const stale = await changesNothing(house(), () => change(body.configuration), { answersOnce: true })
    await expectProblem(house(), stale, 409, 'configuration-stale', ['/configuration'])

    // The plant's first word of it is that it is built.
    expectStatus(await plantSays(shop, 'built', before.vehicle.number), 200)
    const late = await expectProblem(
      house(),
      await change(await configure(shop, range, RICH)),
      409,
      'freeze-point-passed',
    )
    expect(late.frozen_at).toMatch(/^2\d{3}-/)
    const tooLate = await expectProblem(house(), await cancellation(number), 409, 'freeze-point-passed')
    expect(tooLate.frozen_at).toBe(late.frozen_at)
    expect(await shop.look(number)).toMatchObject({
      state: 'accepted',
      allowed_actions: [],
      vehicle: { state: 'built' },
    })
  })

  test('cancelled in the bank: the vehicle leaves it, the buyer is refunded by the terms, partners are told', async () => {
    const { number, email } = await orderVehicle(shop, range, dealer)
    const { vehicle } = await accept(shop, dealer, number)
    const cancelled = expectStatus(await cancellation(number, { reason: 'Found another' }), 200)
    expect(cancelled.body).toMatchObject({
      state: 'cancelled',
      allowed_actions: [],
      vehicle: { state: 'cancelled' },
    })
    const mail = await mailOf(email, /cancelled$/)
    expect(mail?.text).toContain('You are given back €500.00')
    expect((await toldOf(number)).slice(-2)).toEqual(['dealer cancelled', 'processor cancelled'])
    expect(await storyOf(vehicle.number)).toEqual(['banked', 'cancelled'])
    // It never was a dealer's stock: no search looks for what it was, and no model year has to keep it (B8).
    const stocked = await house().db`
      SELECT s.stocked FROM vehicles v JOIN specifications s ON s.fingerprint = v.specification WHERE v.number = ${vehicle.number}`
    expect(stocked).toEqual([{ stocked: false }])
    await expectProblem(house(), await cancellation(number), 409, 'state-conflict')
  })
})

describe('bad orders (B1, B4)', () => {
  test('each is refused with its fault, and nothing is stored', async () => {
    const configuration = await configure(shop, range)
    const otherShop = await Shop.open(house())
    const buyer = { name: 'Ada Example', email: 'ada@example.test' }
    const good = { configuration, dealer: dealer.id, buyer }
    const stranger = await shop.dealer({ makes: ['another-make'] })
    await changesNothing(house(), async () => {
      const faults: [object, string][] = [
        [{ ...good, configuration: randomUUID() }, '/configuration'],
        [{ ...good, configuration: 'BASE' }, '/configuration'],
        [{ ...good, dealer: 'nobody' }, '/dealer'],
        [{ ...good, dealer: stranger.id }, '/dealer'],
        [{ ...good, type: 'stock' }, '/type'],
        [{ ...good, buyer: { ...buyer, email: 'ada' } }, '/buyer/email'],
        [{ ...good, price: 1 }, '/price'],
      ]
      for (const [body, pointer] of faults) {
        const answer = await shop.call('POST', '/v1/custom-orders', { body })
        await expectProblem(house(), answer, 422, 'invalid-request', [pointer])
      }
      const theirs = await otherShop.call('POST', '/v1/custom-orders', { body: good })
      await expectProblem(house(), theirs, 422, 'invalid-request', ['/configuration'])
    })
  })

  test('a configuration that is stale after a change of rules or prices is refused, with what differs', async () => {
    const own = await newRange(shop, { make: range.make })
    const configuration = await configure(shop, own)
    await newPrice(own)
    const body = {
      configuration,
      dealer: dealer.id,
      buyer: { name: 'Ada Example', email: 'ada@example.test' },
    }
    const answer = await shop.call('POST', '/v1/custom-orders', { body })
    const problem = await expectProblem(house(), answer, 409, 'configuration-stale', ['/configuration'])
    expect(JSON.stringify(problem.differences)).toContain('31,000')
  })

  test('the same request twice at the same moment is one order', async () => {
    const idempotencyKey = randomUUID()
    const body = {
      configuration: await configure(shop, range),
      dealer: dealer.id,
      buyer: { name: 'Ada Example', email: `twice-${randomUUID()}@example.test` },
    }
    const both = await Promise.all(
      [1, 2].map(() => shop.call('POST', '/v1/custom-orders', { body, idempotencyKey })),
    )
    expect(both.map(({ status }) => status).includes(201)).toBe(true)
    const number = both.find(({ status }) => status === 201)?.body.number
    const again = expectStatus(await shop.call('POST', '/v1/custom-orders', { body, idempotencyKey }), 201)
    expect(again.body.number).toBe(number)
    const [row] = await house().db<{ orders: number }[]>`
      SELECT count(*)::int AS orders FROM custom_orders o JOIN customers c ON c.id = o.customer WHERE c.email = ${body.buyer.email}`
    expect(row?.orders).toBe(1)
    await waitFor(
      'its process',
      () => house().temporal.workflow.getHandle(`custom-order/${number}`).describe(),
      ({ status }) => status.name === 'RUNNING',
    )
    expectStatus(await cancellation(number), 200)
  })
})
