import { randomUUID } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { useHouse } from '../support/house.ts'
import { dealersServer } from '../support/lead.ts'
import { expectProblem, expectReplayable, expectSoundHouse } from '../support/proof.ts'
import { type Answer, expectStatus, Shop, waitFor } from '../support/shop.ts'
import {
  answerTag,
  bookedAs,
  confirmTag,
  inPipeline,
  judgeTag,
  lotVehicle,
  newBuyer,
  newModel,
  onLot,
  PLAIN,
  search,
  story,
  tag,
} from '../support/vehicle.ts'

const house = useHouse({ partners: ['mail'] })
let shop: Shop
beforeAll(async () => {
  shop = await Shop.open(house())
})
afterAll(async () => {
  await expectSoundHouse(house())
  await expectReplayable(house(), `WorkflowType = 'tagOrder'`)
})

const cancelled = (number: string, body: object = {}, key?: string) =>
  shop.call('POST', `/v1/tags/${number}/cancellation`, { body, ...(key ? { key } : {}) })
const handedOver = (dealer: { key: string }, number: string) =>
  shop.call('POST', `/v1/tags/${number}/handover`, { key: dealer.key, body: {} })
const problem = (answer: Answer) => [answer.status, String(answer.body?.type).split('/').at(-1)]
const attention = async () =>
  expectStatus(await shop.call('GET', '/v1/operator/attention', { key: shop.operatorKey }), 200).body

describe.concurrent('a tag, from the search to the keys (B8)', () => {
  test('found, tagged, confirmed by the dealer, handed over; each told to whom it concerns', async () => {
    const dealer = await shop.dealer()
    const model = await newModel(shop)
    const [vehicle, other] = await onLot(shop, dealer, [
      lotVehicle(model),
      lotVehicle(model, { price: 3_100_000 }),
    ])
    expect(await search(shop, model)).toEqual([vehicle, other])
    const { number, email, tag: placed } = await tag(shop, vehicle, { reference: 'WEB-7' })
    expect(number).toMatch(/^TG-.{4}-.{4}-.{3}$/)
    expect(placed).toMatchObject({
      storefront: shop.storefront,
      reference: 'WEB-7',
      state: 'pending',
      version: 3,
      deadline: { kind: 'answer' },
      dealer_accepted: false,
      processor_reference: null,
      dealer_silent: false,
      refusal: null,
      allowed_actions: ['confirm', 'report_sold', 'cancel'],
      vehicle: { number: vehicle, name: 'Tarn Heron 2027', whereabouts: 'lot', slot: null },
      vin: expect.stringMatching(/^TRN/),
      price: { amount: 3_000_000, currency: 'EUR' },
      terms: null,
      deposit: null,
      balance: null,
      dealer: dealer.id,
      buyer: { email },
      match_request: null,
      next_matches: null,
    })
    expect(await bookedAs(shop, vehicle)).toEqual({
      type: 'retail',
      buyer: number,
      state: 'at_dealer',
      availability: 'tagged',
      tag: number,
      match_request: null,
    })
    expect(await search(shop, model)).toEqual([other])
    const [mail] = await shop.mails(email, /is yours if it is there$/)
    expect(mail?.text).toContain('€30,000.00')
    const [asked] = await shop.mails(dealer.email, /^Tag TG-.*: Tarn Heron 2027$/)
    expect(asked?.text).toContain('whether it is there, or sold')

    // As long as the dealer has not said that it is there, there is nothing to hand over.
    expect(problem(await handedOver(dealer, number))).toEqual([409, 'state-conflict'])
    const there = expectStatus(await answerTag(shop, dealer, number, 'there', { note: 'Row 4' }), 200)
    expect(there.body).toMatchObject({
      state: 'pending',
      dealer_accepted: true,
      reference: null,
      buyer: { email },
    })
    // Nor before the order processor has accepted it.
    expect(problem(await handedOver(dealer, number))).toEqual([409, 'state-conflict'])
    const accepted = await judgeTag(shop, number, 'accepted', { reference: 'P-7' })
    // Who the buyer is, is not the order processor's to know.
    expect(expectStatus(accepted, 200).body).toEqual({
      number,
      state: 'confirmed',
      version: 8,
      dealer: dealer.id,
      vehicle,
      processor_reference: 'P-7',
    })
    expect(await shop.look(number)).toMatchObject({
      state: 'confirmed',
      processor_reference: 'P-7',
      deadline: null,
      allowed_actions: ['confirm', 'report_sold', 'hand_over', 'cancel'],
    })
    await shop.mails(email, /is there$/)
    await shop.mails(dealer.email, /is confirmed$/)
    // The same word again is kept and changes nothing.
    expectStatus(await answerTag(shop, dealer, number, 'there'), 200)
    expectStatus(await judgeTag(shop, number, 'accepted', { reference: 'P-7' }), 200)
    expect(problem(await judgeTag(shop, number, 'accepted', { reference: 'P-8' }))).toEqual([
      409,
      'state-conflict',
    ])
    expectStatus(await handedOver(dealer, number), 200)
    await shop.mails(email, /: handed over$/)
    expect(await shop.look(number)).toMatchObject({ state: 'delivered', allowed_actions: [] })
    expect(await bookedAs(shop, vehicle)).toMatchObject({
      type: 'retail',
      buyer: number,
      state: 'delivered',
      availability: 'sold',
      tag: null,
    })
    const lived =
      'placed sent told_processor dealer_accepted processor_accepted confirmed ready told_processor answer_repeated answer_repeated delivered'.split(
        ' ',
      )
    expect(await story(shop, number)).toEqual(lived)
    expect(await story(shop, vehicle)).toEqual(['listed', 'tagged', 'delivered'])

    // What is over stays over.
    for (const late of [() => handedOver(dealer, number), () => cancelled(number)])
      expect(problem(await late())).toEqual([409, 'state-conflict'])
    expect(await shop.look(number)).toMatchObject({ state: 'delivered', version: lived.length })
    // A word that comes too late changes nothing, but is kept.
    const note = 'To my cousin'
    expect(problem(await answerTag(shop, dealer, number, 'sold', { note }))).toEqual([409, 'state-conflict'])
    const reasons = ['Not in this life']
    expect(problem(await judgeTag(shop, number, 'refused', { reasons }))).toEqual([409, 'state-conflict'])
    expect(await story(shop, number)).toEqual([...lived, 'word_kept', 'word_kept'])
    const { data } = expectStatus(
      await shop.call('GET', `/v1/tags/${number}/events`, { key: shop.operatorKey }),
      200,
    ).body
    expect(data.slice(-2)).toMatchObject([
      { actor: `dealer:${dealer.id}`, to: 'delivered', note },
      { actor: 'processor', to: 'delivered', note: reasons[0] },
    ])
  })

  test('in the pipeline, with its slot; handed over only once it is at the dealer', async () => {
    const dealer = await shop.dealer()
    const model = await newModel(shop)
    const vehicle = await inPipeline(shop, dealer, model)
    expect(await search(shop, model)).toEqual([vehicle])
    const { number, tag: placed } = await tag(shop, vehicle)
    expect(placed).toMatchObject({
      vin: null,
      vehicle: { whereabouts: 'pipeline', state: 'banked', slot: null },
    })
    await confirmTag(shop, dealer, number)
    expect(problem(await handedOver(dealer, number))).toEqual([409, 'state-conflict'])
    expectStatus(await cancelled(number), 200)
    expect(await bookedAs(shop, vehicle)).toMatchObject({
      type: 'stock',
      buyer: null,
      state: 'banked',
      availability: 'available',
    })
    expect(await story(shop, vehicle)).toEqual(['banked', 'tagged', 'untagged'])

    // Whoever has it when it comes is told, in the words that buyers of custom orders get.
    const next = await tag(shop, vehicle)
    await confirmTag(shop, dealer, next.number)
    const arrived = `/v1/vehicles/${vehicle}/arrival`
    expectStatus(await shop.call('POST', arrived, { key: dealer.key, body: {} }), 200)
    await shop.mails(next.email, new RegExp(`^Order ${next.number}: has arrived$`))
    expectStatus(await handedOver(dealer, next.number), 200)
    await shop.mails(next.email, /: handed over$/)
    expect(await shop.look(next.number)).toMatchObject({
      state: 'delivered',
      vehicle: { whereabouts: 'lot', state: 'delivered' },
    })
  })

  test('sold: it is the buyer’s no longer, who sees the next matches; also after the dealer confirmed it', async () => {
    const dealer = await shop.dealer()
    const model = await newModel(shop)
    const [best, second, third] = await onLot(shop, dealer, [
      lotVehicle(model, { features: [...PLAIN, 'ROOF', 'TOW'] }),
      lotVehicle(model, { features: [...PLAIN, 'ROOF'], price: 2_900_000 }),
      lotVehicle(model, { price: 2_800_000 }),
    ])
    const wish = {
      make: model.make,
      model: model.model,
      nice_to_have: [{ feature: 'ROOF', weight: 5 }, { feature: 'TOW' }],
    }
    const { number, email } = await tag(shop, best, { search: wish })
    await confirmTag(shop, dealer, number)
    const sold = expectStatus(await answerTag(shop, dealer, number, 'sold', { note: 'This morning' }), 200)
    // The dealer has nothing more to do with this buyer.
    expect(sold.body).toMatchObject({ state: 'sold', buyer: null, next_matches: null, vin: null })
    const view = await shop.look(number)
    expect(view.next_matches.map((m: { vehicle: { number: string } }) => m.vehicle.number)).toEqual([
      second,
      third,
    ])
    expect(view.next_matches[0]).toMatchObject({
      points: 500,
      most_points: 1_000,
      differences: [{ kind: 'lacking', words: 'Without the tow bar.', features: ['TOW'] }],
    })
    const mails = await shop.mails(email, /is sold$/)
    const mail = mails.find(({ subject }) => subject.endsWith('is sold'))
    expect(mail?.text).toContain(`Tarn Heron 2027 at ${dealer.name}, €29,000.00. Without the tow bar.`)
    expect(await bookedAs(shop, best)).toMatchObject({ type: 'retail', buyer: null, availability: 'sold' })

    // The sale comes to nothing: it can be had again.
    expectStatus(
      await shop.call('POST', `/v1/stock-vehicles/${best}/listing`, { key: dealer.key, body: {} }),
      200,
    )
    expect(await search(shop, model)).toContain(best)
  })

  test('given up: the bank’s record and the availability are undone together, and the dealer is told (B11)', async () => {
    const dealer = await shop.dealer()
    const model = await newModel(shop)
    const [vehicle] = await onLot(shop, dealer, [lotVehicle(model)])
    const { number, email } = await tag(shop, vehicle)
    const body = { reason: 'Found a bigger one' }
    const answer = expectStatus(await cancelled(number, body), 200)
    expect(answer.body).toMatchObject({ state: 'cancelled', version: 6, allowed_actions: [] })
    await shop.mails(email, /is cancelled$/)
    await shop.mails(dealer.email, /is withdrawn$/)
    expect(await story(shop, number)).toEqual(
      'placed sent told_processor cancelled withdrawn told_processor'.split(' '),
    )
    expect(await bookedAs(shop, vehicle)).toMatchObject({
      type: 'stock',
      buyer: null,
      availability: 'available',
    })
    const history = expectStatus(await shop.call('GET', `/v1/tags/${number}/events`), 200).body.data
    expect(history[3]).toMatchObject({ note: body.reason, from: 'pending', to: 'cancelled' })
    const again = await tag(shop, vehicle)
    // By an operator too, and after both have said yes.
    await confirmTag(shop, dealer, again.number)
    expectStatus(await cancelled(again.number, {}, shop.operatorKey), 200)
    expect(await search(shop, model)).toEqual([vehicle])
  })

  test('who is silent is reminded, then operators see it and may answer in the dealer’s place', async () => {
    const dealer = await shop.dealer({ acknowledgeSeconds: 1, remindSeconds: 1 })
    const model = await newModel(shop)
    const [vehicle] = await onLot(shop, dealer, [lotVehicle(model)])
    const { number, email } = await tag(shop, vehicle)
    await shop.until(number, (view) => view.dealer_silent)
    expect(await story(shop, number)).toEqual(
      'placed sent told_processor reminded told_processor escalated'.split(' '),
    )
    await shop.mails(dealer.email, /we are waiting for your answer$/)
    await shop.mails('operators@example.test', new RegExp(`^Tag ${number}: no answer$`))
    const isIt = ({ tag: silent }: { tag: string }) => silent === number
    expect((await attention()).silent_tags.find(isIt)).toMatchObject({
      vehicle,
      dealer: dealer.id,
      storefront: shop.storefront,
      waits_for: ['dealer', 'processor'],
    })
    // Late is not too late.
    const answered = expectStatus(
      await shop.call('POST', `/v1/tags/${number}/answers`, {
        key: shop.operatorKey,
        body: { answer: 'there' },
      }),
      200,
    )
    expect(answered.body).toMatchObject({ state: 'pending', dealer_silent: false })
    expect((await attention()).silent_tags.find(isIt)).toMatchObject({ waits_for: ['processor'] })
    expectStatus(await judgeTag(shop, number, 'accepted', { reference: 'P-late' }), 200)
    await shop.mails(email, /is there$/)
    expect((await attention()).silent_tags.filter(isIt)).toEqual([])
  })

  test('by signed webhook both ways', async () => {
    const server = await dealersServer()
    const dealer = await shop.dealer({ webhookUrl: server.url })
    server.signsWith(dealer.secret)
    try {
      const model = await newModel(shop)
      const [vehicle] = await onLot(shop, dealer, [lotVehicle(model)])
      const { number, email } = await tag(shop, vehicle)
      const [sent] = await waitFor(
        'the dealer to be told',
        async () => server.taken.map(({ text }) => JSON.parse(text)),
        (taken) => taken.length === 1,
      )
      expect(sent).toMatchObject({
        type: 'tag.sent',
        data: { number, state: 'pending', buyer: { email }, event: { dealer: dealer.id } },
      })
      const say = async (id: string, answer: string, as = dealer) => {
        const body = JSON.stringify({
          type: 'tag.answered',
          timestamp: new Date().toISOString(),
          data: { number, answer },
        })
        const at = new Date()
        return shop.call('POST', `/v1/dealer-webhooks/${as.id}`, {
          key: null,
          idempotencyKey: null,
          body,
          headers: {
            'webhook-id': id,
            'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
            'webhook-signature': new Webhook(as.secret).sign(id, at, body),
          },
        })
      }
      const id = randomUUID()
      expectStatus(await say(id, 'there'), 200)
      // The same message again gets the same answer; under the same id another word is refused.
      expect((await say(id, 'there')).body.version).toBe(4)
      expect(problem(await say(id, 'sold'))).toEqual([422, 'idempotency-key-reused'])
      // Another dealer's tag is none of theirs, by either way.
      const stranger = await shop.dealer()
      expect(problem(await say(randomUUID(), 'sold', stranger))).toEqual([404, 'not-found'])
      expect(problem(await answerTag(shop, stranger, number, 'sold'))).toEqual([404, 'not-found'])
      expect((await shop.look(number)).version).toBe(4)
    } finally {
      server.close()
    }
  })

  test('the loser learns what can be had instead; a repeat gets the same answer', async () => {
    const dealer = await shop.dealer()
    const model = await newModel(shop)
    const [vehicle, other] = await onLot(shop, dealer, [
      lotVehicle(model),
      lotVehicle(model, { price: 3_300_000 }),
    ])
    const first = await tag(shop, vehicle)
    const idempotencyKey = randomUUID()
    const body = { vehicle, customer: newBuyer(), search: { make: model.make, model: model.model } }
    const late = () => shop.call('POST', '/v1/tags', { body, idempotencyKey })
    const { request_id: _, ...refused } = await expectProblem(house(), await late(), 409, 'vehicle-taken')
    expect(refused).toMatchObject({
      vehicle,
      availability: 'tagged',
      matches: [{ vehicle: { number: other } }],
    })
    expectStatus(await cancelled(first.number), 200)
    expect((await late()).body).toMatchObject(refused)
    await tag(shop, vehicle)
  })

  test('at the price that the buyer has seen, or not at all', async () => {
    const dealer = await shop.dealer()
    const [vehicle] = await onLot(shop, dealer, [lotVehicle(await newModel(shop))])
    const at = (amount: number) =>
      shop.call('POST', '/v1/tags', {
        body: { vehicle, customer: newBuyer(), price: { amount, currency: 'EUR' } },
      })
    const dearer = { price: { amount: 3_100_000, currency: 'EUR' } }
    const path = `/v1/stock-vehicles/${vehicle}/price`
    expectStatus(await shop.call('POST', path, { key: dealer.key, body: dearer }), 200)
    const refused = await expectProblem(house(), await at(3_000_000), 409, 'price-changed')
    expect(refused).toMatchObject({ vehicle, ...dearer })
    expect(await bookedAs(shop, vehicle)).toMatchObject({ availability: 'available', buyer: null, tag: null })
    expect(await story(shop, vehicle)).toEqual(['listed', 'priced'])
    expect(expectStatus(await at(3_100_000), 201).body.price).toEqual(dearer.price)
  })

  test('a request that is still in work holds nobody’s name: should it never end, nobody could erase it (B2, P6)', async () => {
    const dealer = await shop.dealer()
    const [car] = await onLot(shop, dealer, [lotVehicle(await newModel(shop))])
    const { db } = house()
    const idempotencyKey = randomUUID()
    const body = { vehicle: car, customer: newBuyer(), reference: 'WEB-8' }
    const sent = await db.begin(async (tx) => {
      await tx`SELECT 1 FROM vehicles WHERE number = ${car} FOR UPDATE`
      const answer = shop.call('POST', '/v1/tags', { body, idempotencyKey })
      const [claimed] = await waitFor(
        'the request to be claimed',
        () => db`SELECT status, body, answer FROM idempotency_keys WHERE key = ${idempotencyKey}`,
        (rows) => rows.length === 1,
      )
      expect(claimed).toEqual({ status: null, body: {}, answer: null })
      return { answer }
    })
    expectStatus(await sent.answer, 201)
  })

  test('lists: storefronts find their own, dealers those of their vehicles, by vehicle and state', async () => {
    const [dealer, stranger] = [await shop.dealer(), await shop.dealer()]
    const model = await newModel(shop)
    const [first, second] = await onLot(shop, dealer, [lotVehicle(model), lotVehicle(model)])
    const [a, b] = [await tag(shop, first), await tag(shop, second ?? '')]
    expectStatus(await cancelled(a.number), 200)
    const found = async (query: string, key?: string) =>
      expectStatus(await shop.call('GET', `/v1/tags?${query}`, key ? { key } : {}), 200).body.data.map(
        (row: { number: string }) => row.number,
      )
    expect(await found('', dealer.key)).toEqual([b.number, a.number])
    expect(await found('state=pending', dealer.key)).toEqual([b.number])
    expect(await found(`dealer=${dealer.id}&vehicle=${first}`)).toEqual([a.number])
    expect(await found(`email=${b.email}`)).toEqual([b.number])
    expect(await found(`dealer=${dealer.id}`, shop.operatorKey)).toEqual([b.number, a.number])
    expect(await found('', stranger.key)).toEqual([])
  })
})
