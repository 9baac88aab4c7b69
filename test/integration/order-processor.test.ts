import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { newNumber } from '../../src/domain/number.ts'
import { dealerSays, newRange, orderVehicle, type Range } from '../support/custom-order.ts'
import { useHouse } from '../support/house.ts'
import type { Dealer } from '../support/lead.ts'
import { changesNothing, expectProblem, expectReplayable, expectSoundHouse } from '../support/proof.ts'
import { type Answer, expectStatus, Shop, waitFor } from '../support/shop.ts'
import {
  answerTag,
  bookedAs,
  lotVehicle,
  newModel,
  onLot,
  PLAIN,
  story,
  tag,
  waitForMatch,
} from '../support/vehicle.ts'

const house = useHouse({ partners: ['mail', 'processor'] })
let shop: Shop
let range: Range
let dealer: Dealer
beforeAll(async () => {
  shop = await Shop.open(house())
  range = await newRange(shop)
  dealer = await shop.dealer({ makes: [range.make] })
})
beforeEach(() => behave({}))
afterAll(async () => {
  await expectSoundHouse(house())
  await expectReplayable(house(), `WorkflowType = 'customOrder' OR WorkflowType = 'tagOrder'`)
})

async function processor(method: string, path: string, body?: object): Promise<Answer['body']> {
  const response = await fetch(new URL(path, house().processorUrl), {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  })
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
  return response.status === 204 ? undefined : response.json()
}
/** Towards every order; what is not named is as usual, at once. */
const behave = (orders: object) =>
  processor('PUT', '/api/behaviour', { mode: 'check', answer_after_ms: 0, ...orders })
const step = (vehicle: string, told: object) => processor('POST', `/api/vehicles/${vehicle}/steps`, told)

/** What the processor holds of the order, once it is so. */
const held = (number: string, isSo: (order: Answer['body']) => boolean) =>
  waitFor(
    `the processor to hold ${number} so`,
    async () =>
      (await processor('GET', '/api/orders')).find((order: Answer['body']) => order.number === number),
    (order) => order !== undefined && isSo(order),
  )
/** How the service answered what the processor has told of the order, once all of it is told. */
const answersTo = async (number: string, count: number): Promise<number[]> => {
  const { sent } = await held(number, (order) => order.sent.length === count)
  return sent.map((sent: Answer['body']) => sent.answer.status)
}
const storyOf = async (number: string): Promise<string[]> =>
  (
    await house().db<{ type: string }[]>`SELECT type FROM events WHERE number = ${number} ORDER BY sequence`
  ).map(({ type }) => type.replace(/^(custom_order|vehicle)\./, ''))

/** An order that both accept, and its vehicle, which the plant has heard of. */
async function confirmed(): Promise<{ number: string; vehicle: string }> {
  const { number } = await orderVehicle(shop, range, dealer)
  expectStatus(await dealerSays(shop, dealer, number, { verdict: 'accepted' }), 200)
  const { vehicle } = await shop.until(number, ({ state }) => state === 'accepted')
  await waitFor(
    'the plant to hear of it',
    () => processor('GET', '/api/vehicles'),
    (vehicles) => vehicles.some(({ number }: { number: string }) => number === vehicle.number),
  )
  return { number, vehicle: vehicle.number }
}

describe('the order processor, as a process of its own (B4)', () => {
  test('accepts what adds up, however often it says so; the plant builds it by itself', async () => {
    const steps = ['in_production', 'vin_assigned', 'built', 'shipped', 'at_dealer']
    await behave({ repeat: 2, fresh_ids: true, plan: steps.map((step) => ({ step, after_ms: 50 })) })
    const { number, vehicle } = await confirmed()
    const { answers } = await held(number, (order) => order.answers.length === 1)
    const built = await shop.until(number, (order) => order.vehicle?.state === 'at_dealer')
    expect(built).toMatchObject({ processor_reference: answers[0].verdict.reference, turn: 1 })
    const own = (await processor('GET', '/api/vehicles')).find(
      (known: Answer['body']) => known.number === vehicle,
    )
    expect(built.vehicle.vin).toBe(own.vin)
    expect(await answersTo(number, 12)).toEqual(Array.from({ length: 12 }, () => 200))
    expect((await storyOf(number)).filter((type) => type === 'processor_accepted')).toHaveLength(1)
    expect(await storyOf(vehicle)).toEqual(['banked', ...steps])
  })

  test('refuses; answers the next turn late, and the first one once more: 409', async () => {
    await behave({ mode: 'refuse', times: 1, reasons: ['Not in this colour', 'Not at this price'] })
    const { number } = await orderVehicle(shop, range, dealer)
    const refused = await shop.until(number, ({ state }) => state === 'refused')
    expect(refused.refusal).toEqual({ by: 'processor', reasons: 'Not in this colour; Not at this price' })

    await behave({ mode: 'never' })
    const other = await shop.dealer({ makes: [range.make] })
    const choice = await shop.call('POST', `/v1/custom-orders/${number}/dealer`, {
      body: { dealer: other.id },
    })
    expectStatus(choice, 200)
    expect(await held(number, ({ turn }) => turn === 2)).toMatchObject({ dealer: { id: other.id } })
    const answer = (body: object) => processor('POST', `/api/orders/${number}/answer`, body)
    await answer({ verdict: 'accept', turn: 1 })
    expect(await answersTo(number, 2)).toEqual([200, 409])
    expect(await shop.look(number)).toMatchObject({ turn: 2, processor_reference: null })
    await answer({ verdict: 'accept' })
    expect(await answersTo(number, 3)).toEqual([200, 409, 200])
    await answer({ verdict: 'accept' })
    expect(await answersTo(number, 4)).toEqual([200, 409, 200, 409])
    expect(await shop.look(number)).toMatchObject({ state: 'submitted', turn: 2, dealer_accepted: false })
  })

  test('forged, or about an order that does not exist: 401 and 404, and nothing changes', async () => {
    await behave({ forged: true })
    const { number, order } = await orderVehicle(shop, range, dealer)
    expect(await answersTo(number, 1)).toEqual([401])
    await behave({ answer_about: newNumber('customOrder') })
    const { number: another, order: anothers } = await orderVehicle(shop, range, dealer)
    expect(await answersTo(another, 1)).toEqual([404])
    expect(await shop.look(number)).toEqual(order)
    expect(await shop.look(another)).toEqual(anothers)
  })

  test('hears of a withdrawal and of a cancellation, and stops', async () => {
    await behave({ answer_after_ms: 60_000, plan: [{ step: 'built', after_ms: 60_000 }] })
    const { number } = await orderVehicle(shop, range, dealer)
    await held(number, () => true)
    const no = { verdict: 'refused', reasons: ['We close'] }
    expectStatus(await dealerSays(shop, dealer, number, no), 200)
    expect(await held(number, ({ answer_by }) => answer_by === null)).toMatchObject({ answers: [] })

    await behave({ plan: [{ step: 'built', after_ms: 60_000 }] })
    const { number: another, vehicle } = await confirmed()
    expectStatus(await shop.call('POST', `/v1/custom-orders/${another}/cancellation`, { body: {} }), 200)
    await held(another, ({ cancelled_at }) => cancelled_at !== null)
    // It crosses with what the plant tells of it.
    await step(vehicle, { step: 'in_production' })
    expect(await answersTo(another, 2)).toEqual([200, 409])
    expect(await storyOf(vehicle)).toEqual(['banked', 'cancelled'])
  })
})

describe('operators answer in its place (B4, P4)', () => {
  const answerFor = (number: string, body: object, options: object = {}) => {
    const kind = number.startsWith('TG') ? 'tags' : 'custom-orders'
    return shop.operate('POST', `${kind}/${number}/processor-answer`, body, options)
  }
  /** Who said what of these types, oldest first. */
  const saidBy = (number: string, types: string[]) =>
    house().db`SELECT type, actor, note FROM events
                WHERE number = ${number} AND type IN ${house().db(types)} ORDER BY sequence`

  test('a custom order: about the turn that was asked, once; whoever said it is kept', async () => {
    await behave({ mode: 'never' })
    const { number } = await orderVehicle(shop, range, dealer)
    const yes = { verdict: 'accepted', turn: 1, reference: 'P-phone' }
    for (const [body, pointer] of [
      [{ verdict: 'accepted', reference: 'P-phone' }, '/turn'],
      [{ verdict: 'accepted', turn: 1 }, '/reference'],
      [{ verdict: 'refused', turn: 1, reasons: [] }, '/reasons'],
      [{ ...yes, reasons: ['Why not'] }, '/reasons'],
      [{ verdict: 'perhaps', turn: 1 }, '/verdict'],
    ] as const)
      await expectProblem(house(), await answerFor(number, body), 422, 'invalid-request', [pointer])
    for (const key of [dealer.key, shop.storefrontKey])
      await expectProblem(house(), await answerFor(number, yes, { key }), 403, 'role-forbidden')
    const unknown = await answerFor(newNumber('customOrder'), yes)
    await expectProblem(house(), unknown, 404, 'not-found')

    const no = { verdict: 'refused', turn: 1, reasons: ['Not in this colour', 'Not at this price'] }
    expect(expectStatus(await answerFor(number, no), 200).body).toMatchObject({
      state: 'refused',
      refusal: { by: 'processor', reasons: 'Not in this colour; Not at this price' },
      buyer: { name: 'Ada Example' },
    })
    const next = { dealer: (await shop.dealer({ makes: [range.make] })).id }
    expectStatus(await shop.call('POST', `/v1/custom-orders/${number}/dealer`, { body: next }), 200)
    // What was said of the first turn comes late.
    const late = await changesNothing(house(), () => answerFor(number, yes), { answersOnce: true })
    await expectProblem(house(), late, 409, 'state-conflict')
    for (const _ of ['said', 'said again'])
      expect(expectStatus(await answerFor(number, { ...yes, turn: 2 }), 200).body).toMatchObject({
        state: 'submitted',
        processor_reference: 'P-phone',
      })
    const other = await answerFor(number, { ...yes, turn: 2, reference: 'P-other' })
    await expectProblem(house(), other, 409, 'state-conflict')
    // So does what the processor says itself in the end.
    await processor('POST', `/api/orders/${number}/answer`, { verdict: 'accept' })
    expect(await answersTo(number, 1)).toEqual([409])
    const types = ['custom_order.processor_accepted', 'custom_order.refused']
    const actor = expect.stringMatching(/^operator:/)
    expect(await saidBy(number, types)).toEqual([
      { type: 'custom_order.refused', actor, note: 'Not in this colour; Not at this price' },
      { type: 'custom_order.processor_accepted', actor, note: null },
    ])
  })

  test('a tag: accepted it is confirmed once the dealer has said yes; what comes late is kept', async () => {
    await behave({ mode: 'never' })
    const cars = await onLot(shop, dealer, [
      lotVehicle(await newModel(shop)),
      lotVehicle(await newModel(shop)),
    ])
    const [first, second] = await Promise.all(cars.map(async (car) => (await tag(shop, car)).number))
    const [yes, no] = [
      { verdict: 'accepted', reference: 'P-phone' },
      { verdict: 'refused', reasons: ['Recalled'] },
    ]
    expectStatus(await answerTag(shop, dealer, first ?? '', 'there'), 200)
    expect(expectStatus(await answerFor(first ?? '', yes), 200).body).toMatchObject({
      state: 'confirmed',
      processor_reference: 'P-phone',
      buyer: { name: 'Ada Example' },
    })
    expect(expectStatus(await answerFor(second ?? '', no), 200).body).toMatchObject({
      state: 'refused',
      refusal: { by: 'processor', reasons: 'Recalled' },
    })
    expect(await bookedAs(shop, cars[1] ?? '')).toMatchObject({ type: 'stock', availability: 'available' })
    await expectProblem(house(), await answerFor(second ?? '', yes), 409, 'state-conflict')
    const actor = expect.stringMatching(/^operator:/)
    expect(await saidBy(second ?? '', ['tag.refused', 'tag.word_kept'])).toEqual([
      { type: 'tag.refused', actor, note: 'Recalled' },
      { type: 'tag.word_kept', actor, note: null },
    ])
  })
})

describe('tags (B4, B8)', () => {
  /** One that the processor has heard of, unless it is told not to. */
  async function tagged(of: { key: string } = dealer) {
    const model = await newModel(shop)
    const [car] = await onLot(shop, of, [lotVehicle(model)])
    return { ...(await tag(shop, car)), car, model }
  }
  const answer = (number: string, verdict: object) =>
    processor('POST', `/api/orders/${number}/answer`, verdict)

  test('accepts, also before the dealer has said anything, and however often; hears that it is confirmed', async () => {
    await behave({ repeat: 2, fresh_ids: true })
    const { number, email, car } = await tagged()
    const heard = await held(number, ({ answers }) => answers.length === 1)
    expect(heard).toMatchObject({
      type: 'retail',
      dealer: { id: dealer.id },
      vehicle: car,
      configuration: { features: PLAIN.map((code) => ({ code })), total_price: 3_000_000, currency: 'EUR' },
    })
    // Without a word about the buyer.
    expect(JSON.stringify(await processor('GET', '/api/webhooks'))).not.toContain(email)
    expect(await answersTo(number, 2)).toEqual([200, 200])
    const { reference } = heard.answers[0].verdict
    expect(await shop.look(number)).toMatchObject({ state: 'pending', processor_reference: reference })
    expectStatus(await answerTag(shop, dealer, number, 'there'), 200)
    await held(number, ({ answer_by }) => answer_by === null)
    expect(await story(shop, number)).toEqual(
      [
        'placed sent told_processor processor_accepted answer_repeated dealer_accepted',
        'confirmed ready told_processor',
      ]
        .join(' ')
        .split(' '),
    )
  })

  test('refuses: the vehicle is free and goes to who waits, whose tag it accepts; late, it changes nothing', async () => {
    await behave({ mode: 'never' })
    const { number, car, model } = await tagged()
    await held(number, () => true)
    const waiter = await waitForMatch(shop, model)
    await answer(number, { verdict: 'refuse', reasons: ['Recalled'] })
    const refused = await shop.until(number, ({ state }) => state === 'refused')
    expect(refused).toMatchObject({ refusal: { by: 'processor', reasons: 'Recalled' }, next_matches: [] })
    expect(await bookedAs(shop, car)).toMatchObject({ availability: 'offered', match_request: waiter.number })
    await answer(number, { verdict: 'accept' })
    expect(await answersTo(number, 2)).toEqual([200, 409])
    expect((await story(shop, number)).at(-1)).toBe('word_kept')
    expect(await shop.look(number)).toMatchObject({ state: 'refused', processor_reference: null })
    expect(await bookedAs(shop, car)).toMatchObject({ availability: 'offered', match_request: waiter.number })

    const path = `/v1/match-requests/${waiter.number}/acceptance`
    const { tag: next } = expectStatus(await shop.call('POST', path, { body: {} }), 200).body
    await held(next, () => true)
    await answer(next, { verdict: 'accept' })
    await shop.until(next, (view) => view.processor_reference !== null)
    expectStatus(await shop.call('POST', `/v1/tags/${next}/cancellation`, { body: {} }), 200)
    await held(next, ({ cancelled_at }) => cancelled_at !== null)
  })

  test('never answers: reminded, shown to operators, then that counts as a refusal although the dealer has it', async () => {
    await behave({ mode: 'never' })
    const periods = { acknowledgeSeconds: 1, remindSeconds: 1, escalateSeconds: 2 }
    const hasty = await shop.dealer({ makes: [range.make], ...periods })
    const { number, car } = await tagged(hasty)
    expectStatus(await answerTag(shop, hasty, number, 'there'), 200)
    const silent = await waitFor(
      'operators to see it',
      async () =>
        expectStatus(await shop.call('GET', '/v1/operator/attention', { key: shop.operatorKey }), 200).body
          .silent_tags,
      (tags) => tags.length === 1,
    )
    expect(silent).toMatchObject([{ tag: number, waits_for: ['processor'] }])
    const refused = await shop.until(number, ({ state }) => state === 'refused')
    expect(refused).toMatchObject({ refusal: { by: 'silence', reasons: null }, dealer_silent: false })
    expect(await story(shop, number)).toEqual(
      [
        'placed sent told_processor dealer_accepted told_processor escalated refused withdrawn',
        'told_processor',
      ]
        .join(' ')
        .split(' '),
    )
    expect(await bookedAs(shop, car)).toMatchObject({ type: 'stock', buyer: null, availability: 'available' })
  })
})

describe('the plant (B7)', () => {
  test('out of order and twice: a later stage is taken, an earlier one changes nothing', async () => {
    const { number, vehicle } = await confirmed()
    await processor('PUT', '/api/vehicles/' + vehicle + '/plan', [
      { step: 'shipped' },
      { step: 'in_production', after_ms: 50 },
      { step: 'shipped', after_ms: 50 },
      { step: 'vin_assigned', after_ms: 50 },
      { step: 'vin_assigned', after_ms: 50 },
    ])
    expect(await answersTo(number, 6)).toEqual([200, 200, 200, 200, 200, 200])
    expect(await storyOf(vehicle)).toEqual(['banked', 'shipped', 'vin_assigned'])
  })

  test('a VIN that is none, or another vehicle has, bonds nothing', async () => {
    const first = await confirmed()
    const second = await confirmed()
    await step(first.vehicle, { step: 'vin_assigned' })
    const bonded = await shop.until(first.number, (order) => order.vehicle.vin !== null)
    await step(second.vehicle, { step: 'vin_assigned', vin: 'malformed' })
    expect(await answersTo(second.number, 2)).toEqual([200, 422])
    await step(second.vehicle, { step: 'vin_assigned', vin: 'taken' })
    expect(await answersTo(second.number, 3)).toEqual([200, 422, 409])
    expect(await shop.look(second.number)).toMatchObject({ vehicle: { vin: null, state: 'banked' } })
    await step(second.vehicle, { step: 'vin_assigned' })
    const own = await shop.until(second.number, (order) => order.vehicle.vin !== null)
    expect(own.vehicle.vin).not.toBe(bonded.vehicle.vin)
    expect(await storyOf(second.vehicle)).toEqual(['banked', 'vin_assigned'])
  })
})
