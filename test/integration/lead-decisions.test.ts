import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newNumber } from '../../src/domain/number.ts'
import { useHouse } from '../support/house.ts'
import { dealersServer, letter, newLead, say, storyUntil } from '../support/lead.ts'
import { changesNothing, expectProblem, expectReplayable, expectSoundHouse } from '../support/proof.ts'
import { type Answer, expectStatus, Shop, waitFor } from '../support/shop.ts'

// What operators, storefronts and prospects decide about a lead, and what they may not (B9, P4).

const house = useHouse({ partners: ['mail'] })
let shop: Shop
beforeAll(async () => {
  shop = await Shop.open(house())
})
afterAll(async () => {
  await expectSoundHouse(house())
  await expectReplayable(house(), `WorkflowType = 'lead'`)
})

const decide = (number: string, what: 'hand-over' | 'closing', body: unknown, options: object = {}) =>
  shop.call('POST', `/v1/operator/leads/${number}/${what}`, { key: shop.operatorKey, body, ...options })
const cancel = (number: string, body: object = {}, options: object = {}) =>
  shop.call('POST', `/v1/leads/${number}/cancellation`, { body, ...options })
const eventsOf = async (number: string) => {
  const rows = await house().db<{ type: string; actor: string; note: string | null; details: object }[]>`
    SELECT type, actor, note, details FROM events WHERE number = ${number} ORDER BY sequence`
  return rows.map((row) => ({ ...row, type: row.type.replace('lead.', ''), actor: row.actor.split(':')[0] }))
}
const OPEN = ['agree', 'cancel', 'hand_over', 'close']

describe('an operator gives a lead to a dealer by name', () => {
  test('the prospect agreed before: withdrawn from one, sent to the other, who sells', async () => {
    const [first, next] = [await shop.dealer(), await shop.dealer()]
    const { number, email } = await newLead(shop, first, { another_dealer: true })
    expectStatus(await say(shop, first, number, { status: 'contacted' }), 200)
    const key = randomUUID()
    const body = { dealer: next.id, reason: 'Asked us by telephone' }
    const given = expectStatus(await decide(number, 'hand-over', body, { idempotencyKey: key }), 200)
    expect(given.body).toMatchObject({
      state: 'sent',
      status: null,
      dealer: next.id,
      deadline: { kind: 'acknowledge' },
      dealers: [{ dealer: first.id }, { dealer: next.id }],
      operator_actions: OPEN,
    })
    // The same request again is the same answer; another one under its key is none.
    const again = await decide(number, 'hand-over', body, { idempotencyKey: key })
    expect([again.status, again.body]).toEqual([200, given.body])
    const other = () => decide(number, 'hand-over', { ...body, reason: 'x' }, { idempotencyKey: key })
    await expectProblem(house(), await changesNothing(house(), other), 422, 'idempotency-key-reused')

    expect((await eventsOf(number)).slice(-3)).toEqual([
      {
        type: 'withdrawn',
        actor: 'house',
        note: null,
        details: { dealer: first.id, because: 'handed_over' },
      },
      {
        type: 'passed_on',
        actor: 'operator',
        note: 'Asked us by telephone',
        details: { dealer: next.id, from: first.id, because: 'handed_over' },
      },
      {
        type: 'sent',
        actor: 'house',
        note: null,
        details: { dealer: next.id, deadline_at: given.body.deadline.at },
      },
    ])
    const history = expectStatus(await shop.call('GET', `/v1/leads/${number}/events`), 200).body.data
    expect(history.find(({ type }: Answer['body']) => type === 'lead.passed_on').note).toBeNull()
    expect(await letter(shop, first.email, /is withdrawn$/)).toContain('The lead went to another dealer.')
    expect(await letter(shop, email, new RegExp(`now with ${next.name}$`))).toContain('As you agreed')
    expect(await letter(shop, next.email, new RegExp(`^Lead ${number}: `))).toContain(email)

    const late = expectStatus(await say(shop, first, number, { status: 'sold' }), 200).body
    expect(late).toMatchObject({ prospect: null, dealer: null, statuses: [{}, { is_late: true }] })
    expectStatus(await say(shop, next, number, { status: 'sold' }), 200)
    expect(await shop.look(number)).toMatchObject({ state: 'sold', operator_actions: [] })
  })

  test('without consent it is refused, until the operator records how the prospect agreed', async () => {
    const [first, next] = [await shop.dealer(), await shop.dealer()]
    const { number } = await newLead(shop, first)
    const body = { dealer: next.id, reason: 'Closer to them' }
    const without = await changesNothing(house(), () => decide(number, 'hand-over', body), {
      answersOnce: true,
    })
    await expectProblem(house(), without, 409, 'consent-missing')
    const agreement = 'Rang on 3 March, said yes'
    expectStatus(await decide(number, 'hand-over', { ...body, agreement }), 200)
    expect(await shop.look(number)).toMatchObject({ dealer: next.id, another_dealer: true })
    const story = await eventsOf(number)
    expect(story.map(({ type, actor, note }) => [type, actor, note]).slice(2)).toEqual([
      ['agreed', 'operator', agreement],
      ['withdrawn', 'house', null],
      ['passed_on', 'operator', 'Closer to them'],
      ['sent', 'house', null],
    ])
    expectStatus(await say(shop, next, number, { status: 'sold' }), 200)
  })

  test('from a dealer who was given up: no longer under attention', async () => {
    const silent = await shop.dealer({ acknowledgeSeconds: 1, remindSeconds: 1 })
    const next = await shop.dealer()
    const { number } = await newLead(shop, silent, { another_dealer: true })
    await shop.until(number, ({ state }) => state === 'escalated')
    expectStatus(await decide(number, 'hand-over', { dealer: next.id, reason: 'No answer' }), 200)
    const { silent_leads } = expectStatus(
      await shop.call('GET', '/v1/operator/attention', { key: shop.operatorKey }),
      200,
    ).body
    expect(silent_leads.map(({ lead }: { lead: string }) => lead)).not.toContain(number)
    expect(await shop.look(number)).toMatchObject({ state: 'sent', dealer: next.id })
    expectStatus(await say(shop, next, number, { status: 'sold' }), 200)
  })

  test('what cannot be', async () => {
    const [first, next] = [await shop.dealer(), await shop.dealer()]
    const { number } = await newLead(shop, first, { another_dealer: true })
    const body = { dealer: next.id, reason: 'Closer' }
    const ask = (changed: object, options: object = {}) =>
      changesNothing(house(), () => decide(number, 'hand-over', { ...body, ...changed }, options))
    const asked = (changed: object) =>
      changesNothing(house(), () => decide(number, 'hand-over', { ...body, ...changed }), {
        answersOnce: true,
      })

    await expectProblem(house(), await asked({ dealer: 'nobody' }), 422, 'invalid-request', ['/dealer'])
    const same = await asked({ dealer: first.id })
    const conflict = await expectProblem(house(), same, 409, 'state-conflict')
    expect([conflict.state, conflict.allowed_actions]).toEqual(['sent', OPEN])
    for (const [changed, pointer] of [
      [{ reason: undefined }, '/reason'],
      [{ reason: '' }, '/reason'],
      [{ reason: 'x'.repeat(1_001) }, '/reason'],
      [{ agreement: '' }, '/agreement'],
      [{ dealer: 'No Id' }, '/dealer'],
    ] as const)
      await expectProblem(house(), await ask(changed), 422, 'invalid-request', [pointer])
    await expectProblem(house(), await ask({ who: 'me' }), 422, 'invalid-request')
    await expectProblem(house(), await ask({}, { idempotencyKey: null }), 400, 'idempotency-key-missing')
    for (const key of [shop.storefrontKey, first.key])
      await expectProblem(house(), await ask({}, { key }), 403, 'role-forbidden')
    const unknown = await decide(newNumber('lead'), 'hand-over', body)
    await expectProblem(house(), unknown, 404, 'not-found')

    // Back to one who had it: no.
    expectStatus(await decide(number, 'hand-over', body), 200)
    await expectProblem(house(), await asked({ dealer: first.id }), 409, 'state-conflict')
    expectStatus(await say(shop, next, number, { status: 'sold' }), 200)
    const third = await shop.dealer()
    const over = await expectProblem(house(), await asked({ dealer: third.id }), 409, 'state-conflict')
    expect([over.state, over.allowed_actions]).toEqual(['sold', []])
  })
})

describe('an operator closes a lead', () => {
  test('with a reason; the dealer and the prospect are told, the storefront does not read why', async () => {
    const dealer = await shop.dealer()
    const { number, email } = await newLead(shop, dealer)
    expectStatus(await say(shop, dealer, number, { status: 'contacted' }), 200)
    const closed = expectStatus(await decide(number, 'closing', { reason: 'A prank' }), 200)
    expect(closed.body).toMatchObject({
      state: 'lost',
      lost_reason: 'closed',
      deadline: null,
      allowed_actions: [],
      operator_actions: [],
      version: 5,
    })
    expect((await eventsOf(number)).slice(-2)).toEqual([
      { type: 'withdrawn', actor: 'house', note: null, details: { dealer: dealer.id, because: 'closed' } },
      {
        type: 'closed',
        actor: 'operator',
        note: 'A prank',
        details: { dealer: dealer.id, because: 'operator' },
      },
    ])
    const history = expectStatus(await shop.call('GET', `/v1/leads/${number}/events`), 200).body.data
    expect(history.at(-1)).toMatchObject({ type: 'lead.closed', note: null })
    expect(await letter(shop, email, /is closed$/)).toContain('We have closed your enquiry')
    expect(await letter(shop, dealer.email, /is withdrawn$/)).toContain('We have closed the lead.')

    const late = await changesNothing(house(), () => decide(number, 'closing', { reason: 'Once more' }), {
      answersOnce: true,
    })
    const over = await expectProblem(house(), late, 409, 'state-conflict')
    expect([over.state, over.allowed_actions]).toEqual(['lost', []])
    await waitFor(
      'its process to end',
      () => house().temporal.workflow.getHandle(`lead/${number}`).describe(),
      ({ status }) => status.name === 'COMPLETED',
    )
  })

  test('what cannot be', async () => {
    const dealer = await shop.dealer()
    const { number } = await newLead(shop, dealer)
    const ask = (body: unknown, options: object = {}) =>
      changesNothing(house(), () => decide(number, 'closing', body, options))
    await expectProblem(house(), await ask({}), 422, 'invalid-request', ['/reason'])
    await expectProblem(house(), await ask({ reason: 'x\ny'.repeat(500) }), 422, 'invalid-request', [
      '/reason',
    ])
    await expectProblem(
      house(),
      await ask({ reason: 'x' }, { idempotencyKey: null }),
      400,
      'idempotency-key-missing',
    )
    for (const key of [shop.storefrontKey, dealer.key])
      await expectProblem(house(), await ask({ reason: 'x' }, { key }), 403, 'role-forbidden')
    expectStatus(await say(shop, dealer, number, { status: 'sold' }), 200)
  })
})

describe('a prospect who does not want it any more, through the storefront', () => {
  test('the lead ends, also at a dealer on webhook, who learns nothing that comes late', async () => {
    const server = await dealersServer()
    const dealer = await shop.dealer({ webhookUrl: server.url, format: 'json' })
    // Until the dealer knows its secret it takes nothing, so the lead itself is still on its way.
    server.signsWith('whsec_b3RoZXI=')
    const { number, email } = await newLead(shop, dealer)
    const pending = async () =>
      (await shop.call('GET', `/v1/operator/leads/${number}/notifications`, { key: shop.operatorKey })).body
        .data
    const sent = await waitFor(
      'the first attempt',
      async () => (await pending()).find(({ event }: Answer['body']) => event === 'lead.sent'),
      (notification) => notification?.attempts.length === 1,
    )
    server.signsWith(dealer.secret)
    const cancelled = expectStatus(await cancel(number, { reason: 'Bought a bicycle' }), 200).body
    expect(cancelled).toMatchObject({ state: 'lost', lost_reason: 'cancelled', prospect: { email } })
    const [message] = await waitFor(
      'the withdrawal',
      async () => server.taken,
      (taken) => taken.length === 1,
    )
    const { type, data } = JSON.parse(message?.text ?? '')
    expect([type, data.event, data.prospect, data.comments]).toEqual([
      'lead.withdrawn',
      { dealer: dealer.id, because: 'cancelled' },
      null,
      null,
    ])
    const redelivery = `/v1/operator/notifications/${sent.id}/redelivery`
    expectStatus(await shop.call('POST', redelivery, { key: shop.operatorKey, body: {} }), 202)
    const ended = await waitFor(
      'it to be given up',
      async () => (await pending()).find(({ id }: Answer['body']) => id === sent.id),
      ({ attempts }) => attempts.length === 2,
    )
    expect([ended.state, ended.attempts[1].outcome, server.taken.length]).toEqual(['abandoned', 'ended', 1])
    expect((await eventsOf(number)).at(-1)).toMatchObject({
      type: 'cancelled',
      actor: 'storefront',
      note: 'Bought a bicycle',
    })
    server.close()
  })

  test('what cannot be', async () => {
    const dealer = await shop.dealer()
    const otherShop = await Shop.open(house())
    const { number } = await newLead(shop, dealer)
    const ask = (body: object, options: object = {}) =>
      changesNothing(house(), () => cancel(number, body, options))
    await expectProblem(house(), await ask({}, { key: dealer.key }), 403, 'role-forbidden')
    await expectProblem(house(), await ask({}, { key: otherShop.storefrontKey }), 404, 'not-found')
    await expectProblem(house(), await ask({ reason: '' }), 422, 'invalid-request', ['/reason'])
    expectStatus(await cancel(number, {}, { key: shop.operatorKey }), 200)
    const again = await changesNothing(house(), () => cancel(number), { answersOnce: true })
    await expectProblem(house(), again, 409, 'state-conflict')
  })

  test('of a cancellation and a sale at the same moment exactly one is done', async () => {
    for (let round = 0; round < 6; round++) {
      const dealer = await shop.dealer()
      const make = `make-${randomBytes(4).toString('hex')}`
      const { number } = await newLead(shop, dealer, { vehicle: { make } })
      const answers = await Promise.all([cancel(number), say(shop, dealer, number, { status: 'sold' })])
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 409])
      const { state, statuses, lost_reason } = await shop.look(number)
      // What comes after the end is kept, and changes nothing.
      const words = statuses.map(({ is_late }: Answer['body']) => is_late)
      expect([state, words, lost_reason]).toEqual(
        answers[0].status === 200 ? ['lost', [true], 'cancelled'] : ['sold', [false], null],
      )
      await storyUntil(shop, number, state === 'sold' ? 'lead.status_given' : 'lead.late_status')
    }
  })
})
