import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newNumber } from '../../src/domain/number.ts'
import { Bank } from '../support/bank.ts'
import { accept, newRange, newVin, orderVehicle, plantSays, type Range } from '../support/custom-order.ts'
import { useHouse } from '../support/house.ts'
import type { Dealer } from '../support/lead.ts'
import { changesNothing, expectProblem, expectReplayable, expectSoundHouse } from '../support/proof.ts'
import { ProviderSide } from '../support/provider.ts'
import { type Answer, expectStatus, Shop, waitFor } from '../support/shop.ts'
import {
  bookedAs,
  confirmTag,
  inPipeline,
  lotVehicle,
  newBuyer,
  newModel,
  onLot,
  story,
  tag,
  waitForMatch,
} from '../support/vehicle.ts'

/** What operators do where nobody can cancel any more: a vehicle is lost, or its buyer never pays (REQUIREMENTS P4). */
const house = useHouse({ partners: ['mail', 'payments'] })
let shop: Shop
let range: Range
let dealer: Dealer
let provider: ProviderSide
beforeAll(async () => {
  shop = await Shop.open(house())
  provider = new ProviderSide(house())
  range = await newRange(shop)
  dealer = await shop.dealer({ makes: [range.make] })
  const terms = { deposit: 50_000, fee: 15_000, refund_banked: 'less_fee', refund_scheduled: 'less_fee' }
  for (const kind of ['custom_order', 'tag'])
    expectStatus(await shop.operate('PUT', `order-terms/${kind}/EUR`, terms), 200)
  await takesPayment(true)
})
afterAll(async () => {
  await expectSoundHouse(house())
  await expectReplayable(house(), `WorkflowType = 'customOrder' OR WorkflowType = 'tagOrder'`)
})

const takesPayment = (takes: boolean) =>
  house().db`UPDATE storefronts SET takes_payment = ${takes} WHERE id = ${shop.storefront}`
const reason = 'As they said on the telephone'
type Options = Parameters<Shop['call']>[2]
const writeOff = (vehicle: string, options: Options = {}) =>
  shop.operate('POST', `vehicles/${vehicle}/write-off`, { reason }, options)
const forfeit = (number: string, options: Options = {}) =>
  shop.operate('POST', `custom-orders/${number}/forfeiture`, { reason }, options)
const refused = async (answer: Promise<Answer>, status: number, type: string, pointers?: string[]) =>
  expectProblem(house(), await answer, status, type, pointers)
const letter = async (email: string, subject: RegExp) =>
  (await shop.mails(email, subject)).find((mail) => subject.test(mail.subject))?.text
const attention = async (): Promise<Answer['body']> =>
  expectStatus(await shop.operate('GET', 'attention'), 200).body
/** What the order processor is told of a number, as far as its messages say why. */
const toldProcessor = async (number: string) =>
  (
    await house().db<{ message: string; because: string | null }[]>`
      SELECT details ->> 'message' AS message, details ->> 'because' AS because FROM events
       WHERE number = ${number} AND type LIKE '%.told_processor' ORDER BY sequence`
  ).map(({ message, because }) => (because === null ? message : `${message}: ${because}`))

/** An order that both accepted; where the house takes payment its deposit was taken. */
async function accepted(of: Range = range) {
  const { number, email, order } = await orderVehicle(shop, of, dealer)
  const deposit: string | undefined = order.deposit?.number
  if (deposit) await provider.buyer(deposit, 'pay')
  await shop.until(number, ({ state }) => state === 'submitted')
  const { vehicle } = await accept(shop, dealer, number)
  if (deposit) await shop.until(deposit, ({ state }) => state === 'captured')
  return { number, email, deposit: deposit ?? '', vehicle: vehicle.number as string }
}
/** The time to pay the balance that the buyer is asked for is over; gives its number. */
async function notPaid(number: string, before: string[]): Promise<string> {
  const { balance } = await shop.until(
    number,
    (view) => view.balance?.state === 'pending' && !before.includes(view.balance.number),
  )
  await house().db`UPDATE payments SET deadline_at = now() WHERE number = ${balance.number}`
  await house().temporal.workflow.getHandle(`payment/${balance.number}`).signal('look')
  await shop.until(balance.number, ({ state }) => state === 'expired')
  return balance.number
}

describe('a buyer who never pays the balance (B5, B10, P4)', () => {
  test('is asked three times; then the order is forfeited, and the vehicle goes to who waits, and stays theirs', async () => {
    const { number, email, deposit, vehicle } = await accepted()
    const vin = newVin()
    expectStatus(await plantSays(shop, 'vin_assigned', vehicle, { vin }), 200)
    const early = () => refused(forfeit(number), 409, 'state-conflict')
    expect((await early()).detail).toBe('The vehicle is banked, not at the dealer.')
    expectStatus(await plantSays(shop, 'at_dealer', vehicle), 200)
    await shop.until(number, ({ balance }) => balance?.state === 'pending')
    const notDue = await changesNothing(house(), early, { answersOnce: true })
    expect(notDue).toMatchObject({ detail: 'The balance is not overdue.', state: 'accepted' })

    const asked: string[] = []
    while (asked.length < 3) asked.push(await notPaid(number, asked))
    // What it was told before, its process has done by the time it answers.
    const tooLate = shop.call('POST', `/v1/custom-orders/${number}/cancellation`, { body: {} })
    await refused(tooLate, 409, 'freeze-point-passed')
    const balances = await house().db`
      SELECT number, state FROM payments WHERE pays_for = ${number} AND purpose = 'balance' ORDER BY created_at`
    expect([...balances]).toEqual(asked.map((payment) => ({ number: payment, state: 'expired' })))
    const { overdue_balances: overdue } = await attention()
    expect(overdue).toMatchObject([{ pays_for: number, payment: asked[2], dealer: dealer.id }])

    const waiter = await waitForMatch(shop, { make: range.make, model: range.modelYear, years: [] })
    const idempotencyKey = `forfeit-${number}`
    const ended = expectStatus(await forfeit(number, { idempotencyKey }), 200).body
    expect(ended).toMatchObject({ state: 'cancelled', vehicle: null, allowed_actions: [] })
    expect(expectStatus(await forfeit(number, { idempotencyKey }), 200).body).toEqual(ended)
    await shop.until(deposit, ({ refunded }) => refunded.amount === 35_000)
    expect(await provider.ledger(deposit)).toMatchObject({ taken: 50_000, given_back: 35_000 })
    const words = await letter(email, /: cancelled$/)
    expect(words).toContain('was not paid, and the order is cancelled')
    expect(words).toContain('You are given back €350.00.')
    expect(await letter(dealer.email, new RegExp(`^Order ${number} is cancelled$`))).toContain(
      'the vehicle is yours to sell now',
    )
    expect((await toldProcessor(number)).at(-1)).toBe('cancelled: not_paid')
    expect(await bookedAs(shop, vehicle)).toMatchObject({
      type: 'stock',
      buyer: null,
      state: 'at_dealer',
      availability: 'offered',
      match_request: waiter.number,
    })
    expect((await attention()).overdue_balances).toEqual([])
    await changesNothing(house(), () => refused(forfeit(number), 409, 'state-conflict'), {
      answersOnce: true,
    })

    // The next buyer has it, and the first one is forgotten: the number of the vehicle is not theirs any more (B2).
    const path = `/v1/match-requests/${waiter.number}/acceptance`
    const { tag: next } = expectStatus(await shop.call('POST', path, { body: {} }), 200).body
    const [found] = expectStatus(await shop.operate('GET', `members?number=${number}`), 200).body.data
    await waitFor(
      'nothing of theirs to be open',
      () => shop.operate('POST', `members/${found.id}/erasure`, { reason: 'person_asked' }),
      ({ status }) => status === 202,
    )
    await waitFor(
      'the erasure',
      () => shop.operate('GET', `members/${found.id}`),
      ({ body }) => body.state === 'erased',
    )
    expect(await shop.look(vehicle)).toMatchObject({ vin, state: 'at_dealer' })
    expect(await shop.look(next)).toMatchObject({ vin })
  })

  test('where the storefront takes the money operators answer for it; not before the vehicle is there', async () => {
    await takesPayment(false)
    try {
      const { number, vehicle } = await accepted()
      expectStatus(await plantSays(shop, 'shipped', vehicle), 200)
      const early = await changesNothing(house(), () => refused(forfeit(number), 409, 'state-conflict'), {
        answersOnce: true,
      })
      expect(early.detail).toBe('The vehicle is shipped, not at the dealer.')
      expectStatus(await plantSays(shop, 'at_dealer', vehicle), 200)
      expectStatus(await forfeit(number), 200)
      const [event] = await house().db`
        SELECT details, note FROM events WHERE number = ${number} AND type = 'custom_order.cancelled'`
      expect(event).toMatchObject({
        details: { because: 'not_paid', charged: 50_000, refund: 35_000 },
        note: reason,
      })
      expect(await bookedAs(shop, vehicle)).toMatchObject({ type: 'stock', availability: 'available' })
    } finally {
      await takesPayment(true)
    }
  })
})

describe('a vehicle that nobody will ever have (B6, B10, B11, P4)', () => {
  test('scrapped on the line: its order is cancelled, and all is given back', async () => {
    const { number, email, deposit, vehicle } = await accepted()
    expectStatus(await plantSays(shop, 'in_production', vehicle), 200)
    const idempotencyKey = `write-off-${vehicle}`
    const { body } = expectStatus(await writeOff(vehicle, { idempotencyKey }), 200)
    expect(body).toMatchObject({ number: vehicle, state: 'cancelled', order_bank: null })
    expect(expectStatus(await writeOff(vehicle, { idempotencyKey }), 200).body).toEqual(body)
    await shop.until(deposit, ({ state }) => state === 'refunded')
    expect(await provider.ledger(deposit)).toMatchObject({ taken: 50_000, given_back: 50_000 })
    const words = await letter(email, /: cancelled$/)
    expect(words).toContain('cannot be delivered, and the order is cancelled.')
    expect(words).toContain('You are given back €500.00.')
    expect(await letter(dealer.email, new RegExp(`^Order ${number} is cancelled$`))).toContain(
      'The vehicle cannot be delivered.',
    )
    expect((await toldProcessor(number)).at(-1)).toBe('cancelled: written_off')
    expect(await story(shop, vehicle)).toEqual(['banked', 'in_production', 'written_off'])
    // What the plant says after it changes nothing.
    await changesNothing(house(), () => refused(plantSays(shop, 'built', vehicle), 409, 'state-conflict'), {
      answersOnce: true,
    })
  })

  test('lost on its way with a tag: all is given back, and nobody is offered it', async () => {
    const model = await newModel(shop)
    const vehicle = await inPipeline(shop, dealer, model)
    const { number, email, tag: placed } = await tag(shop, vehicle)
    await provider.buyer(placed.deposit.number, 'pay')
    await shop.until(number, ({ state }) => state === 'pending')
    await confirmTag(shop, dealer, number)
    await shop.until(placed.deposit.number, ({ state }) => state === 'captured')
    const waiter = await waitForMatch(shop, model)
    // The tag's process comes to both at once, and what nobody has to be told any more is not left waiting.
    await house().stopWorker(0)
    expectStatus(await plantSays(shop, 'shipped', vehicle), 200)
    expectStatus(await writeOff(vehicle), 200)
    await house().startWorker(0)
    expect(await shop.look(number)).toMatchObject({ state: 'cancelled', vin: null, allowed_actions: [] })
    await shop.until(placed.deposit.number, ({ state }) => state === 'refunded')
    expect(await provider.ledger(placed.deposit.number)).toMatchObject({ given_back: 50_000 })
    const words = await letter(email, /is cancelled$/)
    expect(words).toContain('cannot be delivered, and your tag is cancelled.')
    expect(words).toContain('You are given back €500.00.')
    const told = await letter(dealer.email, new RegExp(`^Tag ${number} is withdrawn$`))
    expect(told).toContain('The vehicle cannot be delivered')
    expect((await toldProcessor(number)).at(-1)).toBe('withdrawn')
    expect(await bookedAs(shop, vehicle)).toEqual({
      type: 'stock',
      buyer: null,
      state: 'cancelled',
      availability: 'cancelled',
      tag: null,
      match_request: null,
    })
    expect(await shop.look(waiter.number)).toMatchObject({ state: 'waiting' })
    await changesNothing(house(), () => refused(writeOff(vehicle), 409, 'state-conflict'), {
      answersOnce: true,
    })
  })

  test('kept for a match request, and reported of no more: the request waits on for another one', async () => {
    const model = await newModel(shop)
    const vehicle = await inPipeline(shop, dealer, model)
    const waiter = await waitForMatch(shop, model)
    expect(await shop.look(waiter.number)).toMatchObject({ state: 'offered' })
    expectStatus(await plantSays(shop, 'built', vehicle), 200)
    await house().db`
      UPDATE events SET at = now() - interval '60 days' WHERE number = ${vehicle} AND type = 'vehicle.built'`
    const late = async () =>
      (await attention()).late_vehicles.filter((row: Answer['body']) => row.vehicle === vehicle)
    expect(await late()).toMatchObject([{ state: 'built' }])
    expectStatus(await writeOff(vehicle), 200)
    expect(await late()).toEqual([])
    expect(await shop.look(waiter.number)).toMatchObject({ state: 'waiting' })
    expect(await letter(waiter.email, /the vehicle is gone$/)).toContain('You keep your place')
    const [other] = await onLot(shop, dealer, [lotVehicle(model)])
    expect(await bookedAs(shop, other)).toMatchObject({ match_request: waiter.number })
  })

  test('its slot goes to the next one', async () => {
    const bank = new Bank(shop)
    const { line, modelYear } = await bank.line()
    await bank.periods(2)
    expectStatus(await bank.plant('north', { lines: [line], slots: [1, 1] }), 201)
    const first = await bank.ordered(dealer, modelYear)
    const second = await bank.ordered(dealer, modelYear)
    expect(await bank.settled([first, second])).toEqual(['north/1 -', 'north/2 capacity'])
    expectStatus(await writeOff(first), 200)
    expect(await bank.settled([first, second])).toEqual(['- -', 'north/1 -'])
    // Also one that was begun before its slot was frozen.
    expectStatus(await plantSays(shop, 'in_production', second), 200)
    const third = await bank.ordered(dealer, modelYear)
    expect(await bank.settled([second, third])).toEqual(['north/1 -', 'north/2 capacity'])
    expectStatus(await writeOff(second), 200)
    expect(await bank.settled([second, third])).toEqual(['- -', 'north/1 -'])
  })

  test('written off while somebody tags it: whoever was first, nobody has it and nothing is open', async () => {
    const model = await newModel(shop)
    const cars = await onLot(
      shop,
      dealer,
      Array.from({ length: 10 }, () => lotVehicle(model)),
    )
    const answers = await Promise.all(
      cars.flatMap((vehicle) => [
        writeOff(vehicle),
        shop.call('POST', '/v1/tags', { body: { vehicle, customer: newBuyer() } }),
      ]),
    )
    const [offs, tags] = [0, 1].map((odd) => answers.filter((_, index) => index % 2 === odd))
    expect(offs?.map(({ status }) => status)).toEqual(cars.map(() => 200))
    for (const { status } of tags ?? []) expect([201, 409]).toContain(status)
    const left = await house().db`
      SELECT 1 FROM tags WHERE vehicle IN ${house().db(cars)} AND ended_at IS NULL
      UNION ALL SELECT 1 FROM vehicle_availability WHERE vehicle IN ${house().db(cars)} AND state <> 'cancelled'`
    expect([...left]).toEqual([])
  })
})

describe('what is refused, and changes nothing (P4)', () => {
  test('unknown, mistyped, without a reason, by others', async () => {
    const [car] = await onLot(shop, dealer, [lotVehicle(await newModel(shop))])
    const { number } = await orderVehicle(shop, range, dealer)
    await changesNothing(house(), async () => {
      for (const [path, known, unknown] of [
        ['vehicles/{}/write-off', car, newNumber('vehicle')],
        ['custom-orders/{}/forfeiture', number, newNumber('customOrder')],
      ] as const) {
        const at = (of: string) => `/v1/operator/${path.replace('{}', of)}`
        const post = (of: string, body: object, key = shop.operatorKey) =>
          shop.call('POST', at(of), { key, body })
        await refused(post(unknown, { reason }), 404, 'not-found')
        const last = known.at(-1) === '0' ? '1' : '0'
        await refused(post(known.slice(0, -1) + last, { reason }), 400, 'mistyped-number')
        await refused(post(known, {}), 422, 'invalid-request', ['/reason'])
        await refused(post(known, { reason: '' }), 422, 'invalid-request', ['/reason'])
        await refused(post(known, { reason, refund: 0 }), 422, 'invalid-request')
        for (const key of [shop.storefrontKey, dealer.key])
          await refused(post(known, { reason }, key), 403, 'role-forbidden')
        const keyless = shop.operate('POST', at(known).slice(13), { reason }, { idempotencyKey: null })
        await refused(keyless, 400, 'idempotency-key-missing')
      }
    })
    const open = () => refused(forfeit(number), 409, 'state-conflict')
    const { detail } = await changesNothing(house(), open, { answersOnce: true })
    expect(detail).toBe('The custom order is awaiting_deposit.')
  })

  test('a vehicle without a slot, and one that was handed over', async () => {
    await takesPayment(false)
    try {
      const { number, vehicle } = await accepted()
      const no = () => refused(writeOff(vehicle), 409, 'state-conflict')
      const banked = await changesNothing(house(), no, { answersOnce: true })
      expect(banked.detail).toBe('The vehicle is banked. It has no slot yet: cancel what it is for.')
      expectStatus(await plantSays(shop, 'at_dealer', vehicle), 200)
      const path = `/v1/custom-orders/${number}/handover`
      expectStatus(await shop.call('POST', path, { key: dealer.key, body: {} }), 200)
      const delivered = await changesNothing(house(), no, { answersOnce: true })
      expect(delivered).toMatchObject({ detail: 'The vehicle is delivered.', state: 'delivered' })
      const over = () => refused(forfeit(number), 409, 'state-conflict')
      const completed = await changesNothing(house(), over, { answersOnce: true })
      expect(completed.detail).toBe('The custom order is completed.')
    } finally {
      await takesPayment(true)
    }
  })
})
