import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { type SQL, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/postgres-js'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { built } from '../../src/local/places.ts'
import type { Database } from '../../src/store/database.ts'
import { checkInvariants, INVARIANTS } from '../../src/store/invariants.ts'
import * as schema from '../../src/store/schema.ts'
import { Bank } from '../support/bank.ts'
import { useHouse } from '../support/house.ts'
import { newLead } from '../support/lead.ts'
import { ADDRESS, expectStatus, Shop } from '../support/shop.ts'
import { lotVehicle, newModel, onLot, tag, waitForMatch } from '../support/vehicle.ts'

const house = useHouse({ partners: ['mail', 'carrier'] })
let db: Database
let client: postgres.Sql
const sku = 'SKU-BOOKS'
let order: string
let backOrders: string[]
let lead: string
let vehicles: string[]
let tagged: { tag: string; vehicle: string }
let kept: { request: string; vehicle: string }

/** A little of everything: units received, set aside, waited for, taken back, confirmed and on their way; a lead, an order bank, a tag, and a vehicle that is kept for somebody. */
beforeAll(async () => {
  // The parcel stays where it is, however long the tests take.
  await fetch(new URL('/api/behaviour', house().carrierUrl), {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ mode: 'hold' }),
  })
  const shop = await Shop.open(house())
  vehicles = await bankedVehicles(new Bank(shop))
  // From here on an offer runs.
  await shop.item({ sku, onHand: 1 })
  const supplier = await shop.supplier({ skus: [sku] })
  order = expectStatus(await shop.order([{ sku, quantity: 3 }]), 201).body.number
  backOrders = []
  for (const quantity of [2, 3, 4, 1]) backOrders.push((await shop.backOrder(sku, quantity)).number)
  expectStatus(await shop.bring(supplier, sku, 6), 201)
  const [first = ''] = backOrders
  expectStatus(await shop.command(first, 'delivery-request', { ship_to: ADDRESS }), 200)
  expectStatus(await shop.command(first, 'confirmation'), 200)
  const count = { counts: [{ sku, counted: 4 }], reason: 'one is broken' }
  expectStatus(
    await shop.call('POST', '/v1/operator/stock-counts', { key: shop.operatorKey, body: count }),
    200,
  )
  lead = (await newLead(shop, await shop.dealer())).number
  const dealer = await shop.dealer()
  const model = await newModel(shop)
  const [vehicle] = await onLot(shop, dealer, [lotVehicle(model)])
  tagged = { tag: (await tag(shop, vehicle)).number, vehicle }
  const request = (await waitForMatch(shop, model)).number
  kept = { request, vehicle: (await onLot(shop, dealer, [lotVehicle(model)]))[0] }
  client = postgres(house().databaseUrl, { max: 1, onnotice: () => {} })
  db = drizzle(client, { schema })
  // The books are changed as somebody would who may do anything, the checks of the tables included.
  const tables = ['stock_levels', 'back_orders', 'order_lines', 'vehicles', 'vehicle_availability']
  await client.unsafe(`DO $$ DECLARE c record; BEGIN
    FOR c IN SELECT conrelid::regclass AS of, conname FROM pg_constraint WHERE contype = 'c'
                AND conrelid::regclass::text IN (${tables.map((table) => `'${table}'`).join()}) LOOP
      EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', c.of, c.conname);
    END LOOP; END $$`)
})
afterAll(() => client.end())

/** Three vehicles of one dealer: two have slots, the last one is held by the capacity. */
async function bankedVehicles(bank: Bank): Promise<string[]> {
  await bank.periods(2)
  const { line, modelYear } = await bank.line()
  const dealer = await bank.shop.dealer()
  expectStatus(await bank.plant('north', { lines: [line], slots: [1, 1] }), 201)
  const limits = { limits: [{ period: 1, vehicles: 1 }] }
  expectStatus(await bank.operate('PUT', `allocations/${dealer.id}/${line}`, limits), 201)
  const features = [{ model_year: modelYear, feature: 'ROOF' }]
  expectStatus(await bank.operate('PUT', 'commodities/glass', { name: 'Glass', features, ...limits }), 201)
  const numbers: string[] = []
  for (let count = 0; count < 3; count++) numbers.push(await bank.ordered(dealer, modelYear, ['ROOF']))
  expect(await bank.settled(numbers)).toEqual(['north/1 -', 'north/2 allocation', '- capacity'])
  return numbers
}

/** What breaks a rule after something was changed behind the books' back; the change is rolled back. */
async function foundAfter(tampering: string, breaking: SQL): Promise<string[]> {
  let found: string[] = []
  const undo = new Error('undo')
  await db
    .transaction(async (tx) => {
      await tx.execute(sql.raw(tampering))
      const rows = await tx.execute<{ detail: string }>(breaking)
      found = rows.map(({ detail }) => detail)
      throw undo
    })
    .catch((error: unknown) => {
      if (error !== undo) throw error
    })
  return found
}

describe('books that prove themselves (X3)', () => {
  test('hold after units came in, were set aside, confirmed and taken back', async () => {
    expect(await checkInvariants(db, { graceSeconds: 5 })).toEqual([])
    const [level] =
      await client`SELECT on_hand, allocated, outbound, outstanding FROM stock_levels WHERE sku = ${sku}`
    expect(level).toEqual({ on_hand: 4, allocated: 4, outbound: 2, outstanding: 5 })
  })

  test('on the command line, with an exit code', async () => {
    const check = () =>
      promisify(execFile)(process.execPath, [built('check-books.js')], {
        env: { ...process.env, DATABASE_URL: house().databaseUrl },
      })
    expect((await check()).stdout).toMatch(/The books hold\.\n$/)
    await client`UPDATE stock_levels SET on_hand = on_hand + 1 WHERE sku = ${sku}`
    await expect(check()).rejects.toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/BROKEN .*the sum of its movements/),
    })
    await client`UPDATE stock_levels SET on_hand = on_hand - 1 WHERE sku = ${sku}`
  })

  /** A payment of the first back order, as it would be held. */
  const PAID = `INSERT INTO payments (number, pays_for, purpose, storefront, customer, amount_minor, currency, capture, state)
    SELECT 'PY-1', number, 'confirmation', storefront, customer, 3998, 'EUR', 'when_asked', 'authorised'
      FROM back_orders ORDER BY place LIMIT 1; UPDATE back_orders SET payment = 'PY-1' WHERE number = (SELECT pays_for FROM payments)`

  /** The deposit of the tag, as it would be held. */
  const DEPOSIT = `INSERT INTO payments (number, pays_for, purpose, storefront, customer, amount_minor, currency, capture, state)
    SELECT 'PY-2', number, 'deposit', storefront, customer, 50000, 'EUR', 'when_asked', 'authorised' FROM tags; UPDATE tags SET deposit = 'PY-2'`

  /** The tag is confirmed, and both its deposit and its balance are taken. */
  const BALANCE = `${DEPOSIT}; UPDATE payments SET captured_minor = 50000, state = 'captured', ended_at = now() WHERE number = 'PY-2';
    INSERT INTO payments (number, pays_for, purpose, storefront, customer, amount_minor, captured_minor, currency, capture, state, ended_at)
    SELECT 'PY-4', number, 'balance', storefront, customer, 2950000, 2950000, 'EUR', 'at_once', 'captured', now() FROM tags;
    UPDATE tags SET state = 'confirmed', balance = 'PY-4'`

  /** An accepted custom order that costs 200.00, and a deposit of 500.00 that is taken. */
  const ACCEPTED = `INSERT INTO configurations (id, storefront, model_year, model_year_version, fingerprint, features, base_price_minor, total_price_minor, currency)
    SELECT gen_random_uuid(), t.storefront, s.model_year, 1, s.fingerprint, '[]', 20000, 20000, 'EUR'
      FROM tags t JOIN vehicles v ON v.number = t.vehicle JOIN specifications s ON s.fingerprint = v.specification;
    INSERT INTO payments (number, pays_for, purpose, storefront, customer, amount_minor, captured_minor, currency, capture, state)
    SELECT 'PY-3', 'CO-1', 'deposit', storefront, customer, 50000, 50000, 'EUR', 'when_asked', 'captured' FROM tags;
    INSERT INTO custom_orders (number, storefront, customer, type, configuration, dealer, state, version, takes_payment, deposit, vehicle, command)
    SELECT 'CO-1', t.storefront, t.customer, 'retail', c.id, t.dealer, 'accepted', 1, true, 'PY-3', t.vehicle, gen_random_uuid()
      FROM tags t, configurations c WHERE c.total_price_minor = 20000`

  /** What finds what breaks the first rule with such words in its name. */
  const breaking = (words: string): SQL => {
    const [, broken] = Object.entries(INVARIANTS).find(([name]) => name.includes(words)) ?? []
    if (!broken) throw new Error(`No rule says "${words}"`)
    return broken(5)
  }

  test.each([
    ['deposit and balance make the price', () => BALANCE],
    [
      'the provider let go of it before the dispatch, and it was settled',
      () => `${PAID}; UPDATE payments SET state = 'settled', ended_at = now()`,
    ],
  ])('what is paid is what is owed: %s', async (_, books) => {
    expect(await foundAfter(books(), breaking('captured − refunded = owed'))).toEqual([])
  })

  test.each([
    [
      'the sum of its movements',
      () => `UPDATE stock_levels SET on_hand = on_hand + 1 WHERE sku = '${sku}'`,
      /a count was changed without one/,
    ],
    [
      'the sum of its movements',
      () =>
        `INSERT INTO stock_movements (sku, kind, quantity, cause, step) VALUES ('${sku}', 'allocate', 9, '${order}', 'x')`,
      /impossible since movement \d+: allocate 9 for OR-/,
    ],
    [
      'what was moved for them',
      () => `UPDATE order_lines SET allocated = allocated + 1 WHERE order_number = '${order}'`,
      /SKU-BOOKS: it holds 2 set aside and 0 leaving, but 1 and 0 were moved for it/,
    ],
    [
      'what is set aside',
      () => `UPDATE stock_levels SET outstanding = 0 WHERE sku = '${sku}'`,
      /outstanding 0; orders make 4, 2, 5/,
    ],
    ['receipt', () => `UPDATE receipt_lines SET received = 7`, /the receipt says 7, the movement 6/],
    [
      'no more to anybody',
      () => `UPDATE stock_levels SET allocated = on_hand + 1 WHERE sku = '${sku}'`,
      /5 allocated of 4 on hand/,
    ],
    [
      'an earlier turn',
      () =>
        `INSERT INTO stock_movements (sku, kind, quantity, cause, step) VALUES ('${sku}', 'allocate', 1, '${backOrders[3]}', 'x')`,
      /gave it units of SKU-BOOKS while BO-.*, whose turn was earlier, lacked some/,
    ],
    [
      'free beside waiters',
      () => `UPDATE stock_levels SET on_hand = 9; UPDATE stock_movements SET at = at - interval '1 hour'`,
      /5 free beside 5 outstanding/,
    ],
    [
      'deadline',
      () =>
        `UPDATE back_orders SET deadline_at = now() - interval '1 minute' WHERE number = '${backOrders[2]}'`,
      /its wait deadline was/,
    ],
    [
      'lacks something',
      () => `UPDATE back_orders SET allocated = ordered WHERE number = '${backOrders[2]}'`,
      /all 4 are set aside/,
    ],
    [
      'has its event',
      () =>
        `DELETE FROM attempts; DELETE FROM notifications; DELETE FROM events WHERE number = '${backOrders[2]}' AND sequence = 2`,
      /it has 2 events from 1 to 3/,
    ],
    [
      'has its event',
      () => `UPDATE back_orders SET version = version + 1 WHERE number = '${backOrders[3]}'`,
      /in version 2; it has 1 events from 1 to 1, the last one to waiting/,
    ],
    [
      'state is final',
      () => `UPDATE orders SET ended_at = now() WHERE number = '${order}'`,
      /it is offered and its end is/,
    ],
    [
      'sent last',
      () => `UPDATE lead_dealers SET turn = 2 WHERE lead = '${lead}'`,
      /deal-.* has it in turn 1; it was sent last to deal-.* in turn 2/,
    ],
    [
      'sent last',
      () =>
        `INSERT INTO lead_statuses (lead, dealer, status, is_late) VALUES ('${lead}', 'nobody', 'sold', false)`,
      /status \d+ is from nobody, to whom it was never sent/,
    ],
    [
      'captured − refunded = owed',
      () => `${PAID}; UPDATE payments SET captured_minor = 1`,
      /0 owed, 0 of it remitted, but 1 paid/,
    ],
    [
      'captured − refunded = owed',
      () => `${PAID}; UPDATE payments SET captured_minor = 2, refunded_minor = 2`,
      /2 refunded, but its refunds make 0/,
    ],
    [
      'captured − refunded = owed',
      () =>
        `${PAID}; UPDATE back_orders SET state = 'dispatched' WHERE number = '${backOrders[0]}';
         INSERT INTO events (number, sequence, type, actor, details) VALUES ('${backOrders[0]}', 99, 'back_order.dispatched', 'x', '{}')`,
      /3998 owed, 0 of it remitted, but 0 paid/,
    ],
    [
      'captured − refunded = owed',
      () => `${DEPOSIT}; UPDATE payments SET captured_minor = 50000`,
      /0 owed, 0 of it remitted, but 50000 paid/,
    ],
    [
      'captured − refunded = owed',
      () => `${DEPOSIT}; UPDATE tags SET state = 'confirmed'`,
      /50000 owed, 0 of it remitted, but 0 paid/,
    ],
    [
      'captured − refunded = owed',
      () =>
        `${DEPOSIT}; UPDATE tags SET state = 'cancelled';
         INSERT INTO events (number, sequence, type, actor, details) SELECT number, 99, 'tag.cancelled', 'x', '{"charged": 50000, "refund": 35000}' FROM tags`,
      /15000 owed, 0 of it remitted, but 0 paid/,
    ],
    [
      'captured − refunded = owed',
      () => `${PAID}; UPDATE payments SET captured_minor = 3998; UPDATE back_orders SET payment = NULL`,
      /^0 owed, 0 of it remitted, but 3998 paid/,
    ],
    [
      'captured − refunded = owed',
      () => `${BALANCE}; UPDATE payments SET amount_minor = 100, captured_minor = 100 WHERE number = 'PY-4'`,
      /3000000 owed, 0 of it remitted, but 50100 paid/,
    ],
    [
      'captured − refunded = owed',
      () => `${DEPOSIT}; UPDATE payments SET currency = 'USD'`,
      /it is in USD, and what it pays for in EUR/,
    ],
    ['captured − refunded = owed', () => ACCEPTED, /it costs 20000, and a deposit of 50000 is kept/],
    [
      'captured − refunded = owed',
      () => `${ACCEPTED}; INSERT INTO events (number, sequence, type, actor, details)
               VALUES ('CO-1', 1, 'custom_order.reconfigured', 'x', '{"refund": 30000}')`,
      /20000 owed, 0 of it remitted, but 50000 paid/,
    ],
    ['at rest', () => `${PAID}; UPDATE payments SET ended_at = now()`, /it is authorised and its end is/],
    [
      'than slots',
      () => `UPDATE plant_capacities SET slots = 0 WHERE period = 2`,
      /1 vehicles have a slot where there are 0/,
    ],
    ['builds its line', () => `UPDATE plants SET model_lines = '{}'`, /^north does not build line-/],
    [
      'than may',
      () => `UPDATE allocation_limits SET vehicles = 0`,
      /1 vehicles of period 1, of which 0 are fixed; it may be 0/,
    ],
    [
      'than may',
      () => `UPDATE commodity_limits SET vehicles = 0`,
      /1 vehicles of period 1 use it, of which 0 are fixed; it may be 0/,
    ],
    [
      'earlier slot',
      () => `UPDATE plant_capacities SET slots = 2 WHERE period = 2`,
      /it could have a slot of north in period 2/,
    ],
    [
      'earlier slot',
      () => `UPDATE vehicles SET place = 0 WHERE number = '${vehicles[2]}'`,
      /it could have a slot of north in period 1/,
    ],
    [
      'earlier slot',
      () => `UPDATE vehicles SET held_by = NULL WHERE number = '${vehicles[2]}'`,
      /it waits for a slot, and nothing holds it/,
    ],
    [
      'called for and forgotten',
      () => `INSERT INTO schedule_requests (of_plan, at) VALUES (true, now() - interval '1 minute')`,
      /a run is called for since/,
    ],
    [
      'availability records agree',
      () => `UPDATE vehicles SET type = 'stock' WHERE number = '${tagged.vehicle}'`,
      /it is at_dealer stock for TG-.* in the bank, and tagged \(tag TG-.*\) in the availability records/,
    ],
    [
      'availability records agree',
      () => `DELETE FROM vehicle_availability WHERE vehicle = '${kept.vehicle}'`,
      /stock for nobody in the bank, and not there/,
    ],
    [
      'availability records agree',
      () => `UPDATE vehicles SET price_minor = 1 WHERE number = '${kept.vehicle}'`,
      /another dealer, specification, price or currency/,
    ],
    ['availability records agree', () => `UPDATE specifications SET stocked = false`, /no search looks/],
    [
      'its one open tag',
      () => `UPDATE tags SET ended_at = now() WHERE number = '${tagged.tag}'`,
      /the tag is not open, and the vehicle's record names TG-/,
    ],
    [
      'its one open tag',
      () =>
        `UPDATE vehicle_availability SET state = 'available', tag = NULL WHERE vehicle = '${tagged.vehicle}'`,
      /the tag is pending, and the vehicle's record names none/,
    ],
    [
      'left beside a match request',
      () =>
        `UPDATE match_requests SET state = 'waiting' WHERE number = '${kept.request}'; DELETE FROM match_offers;
         UPDATE vehicle_availability SET state = 'available', match_request = NULL, offered_until = NULL WHERE vehicle = '${kept.vehicle}'`,
      /it waits, and VH-.* can be had/,
    ],
    [
      'kept for a match request',
      () => `UPDATE match_offers SET outcome = 'lapsed' WHERE match_request = '${kept.request}'`,
      /the request is offered until .*; its open offer is of nothing/,
    ],
    [
      'kept for a match request',
      () => `UPDATE vehicle_availability SET offered_until = now() WHERE vehicle = '${kept.vehicle}'`,
      /is kept until/,
    ],
    [
      'kept for a match request',
      () => `UPDATE match_requests SET state = 'accepted' WHERE number = '${kept.request}'`,
      /it came to the tag none, which is not its own/,
    ],
    [
      'left asleep',
      () =>
        `INSERT INTO wakes (workflow, step, created_at) VALUES ('order/x', 'x', now() - interval '1 minute')`,
      /not woken since/,
    ],
    [
      'of the same story',
      () => `DELETE FROM events WHERE number = '${order}'`,
      /notification .* tells of event \d+, which is not there/,
    ],
  ])('say so when it is no longer true: %s', async (words, tampering, detail) => {
    expect(await foundAfter(tampering(), breaking(words))).toContainEqual(expect.stringMatching(detail))
  })
})
