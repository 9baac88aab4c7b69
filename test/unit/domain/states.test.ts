import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BACK_ORDER_ACTIONS, BACK_ORDER_TRANSITIONS } from '../../../src/domain/back-order.ts'
import { CUSTOM_ORDER_ACTIONS, CUSTOM_ORDER_TRANSITIONS } from '../../../src/domain/custom-order.ts'
import {
  DELIVERY_ACTIONS,
  DELIVERY_STATES,
  DELIVERY_TRANSITIONS,
  OPERATOR_DELIVERY_ACTIONS,
  parseShipmentReference,
  shipmentReference,
} from '../../../src/domain/delivery.ts'
import { LEAD_ACTIONS, LEAD_TRANSITIONS, OPERATOR_LEAD_ACTIONS } from '../../../src/domain/lead.ts'
import { MATCH_REQUEST_ACTIONS, MATCH_REQUEST_TRANSITIONS } from '../../../src/domain/match-request.ts'
import { ORDER_ACTIONS, ORDER_TRANSITIONS } from '../../../src/domain/order.ts'
import { AT_REST, PAYMENT_ACTIONS, PAYMENT_TRANSITIONS } from '../../../src/domain/payment.ts'
import { PURCHASE_ORDER_TRANSITIONS } from '../../../src/domain/purchase-order.ts'
import { allowed, isFinal, may, statesOf, type Transitions } from '../../../src/domain/states.ts'
import { TAG_ACTIONS, TAG_TRANSITIONS } from '../../../src/domain/tag.ts'
import {
  AVAILABILITY_TRANSITIONS,
  STOCK_VEHICLE_ACTIONS,
  VEHICLE_TRANSITIONS,
} from '../../../src/domain/vehicle.ts'

/** `ends`: states that are an end although something may begin anew from there. */
type Table = { table: Transitions; first: string; actions: readonly string[]; ends?: readonly string[] }

const TABLES: Record<string, Table> = {
  order: { table: ORDER_TRANSITIONS, first: 'received', actions: ORDER_ACTIONS },
  'back order': { table: BACK_ORDER_TRANSITIONS, first: 'waiting', actions: BACK_ORDER_ACTIONS },
  delivery: {
    table: DELIVERY_TRANSITIONS,
    first: 'planned',
    actions: [...DELIVERY_ACTIONS, ...OPERATOR_DELIVERY_ACTIONS],
  },
  'purchase order': { table: PURCHASE_ORDER_TRANSITIONS, first: 'sent', actions: [] },
  lead: { table: LEAD_TRANSITIONS, first: 'sent', actions: [...LEAD_ACTIONS, ...OPERATOR_LEAD_ACTIONS] },
  payment: { table: PAYMENT_TRANSITIONS, first: 'requested', actions: PAYMENT_ACTIONS, ends: AT_REST },
  'custom order': { table: CUSTOM_ORDER_TRANSITIONS, first: 'received', actions: CUSTOM_ORDER_ACTIONS },
  vehicle: { table: VEHICLE_TRANSITIONS, first: 'banked', actions: [] },
  "stock vehicle's availability": {
    table: AVAILABILITY_TRANSITIONS,
    first: 'available',
    actions: STOCK_VEHICLE_ACTIONS,
  },
  tag: { table: TAG_TRANSITIONS, first: 'placed', actions: TAG_ACTIONS },
  'match request': {
    table: MATCH_REQUEST_TRANSITIONS,
    first: 'waiting',
    actions: MATCH_REQUEST_ACTIONS,
  },
}

function next(table: Transitions, state: string): string[] {
  return Object.values(table[state] ?? {}).flat()
}

function reachable(table: Transitions, from: string): Set<string> {
  const seen = new Set<string>([from])
  for (const state of seen) for (const after of next(table, state)) seen.add(after)
  return seen
}

/** What is wrong with a table: transitions into nowhere, states that nothing leads to, open states without an end. */
function faultsOf(table: Transitions, first: string, ends: readonly string[] = []): string[] {
  const states = Object.keys(table)
  const fromFirst = reachable(table, first)
  const finals = states.filter(
    (state) => Object.keys(table[state] ?? {}).length === 0 || ends.includes(state),
  )
  return [
    ...states.flatMap((state) =>
      next(table, state)
        .filter((after) => !(after in table))
        .map((after) => `${state} leads to ${after}, which is not defined`),
    ),
    ...states.filter((state) => !fromFirst.has(state)).map((state) => `nothing leads to ${state}`),
    ...states
      .filter((state) => !finals.some((final) => reachable(table, state).has(final)))
      .map((state) => `${state} never ends`),
  ]
}

describe.each(Object.entries(TABLES))('the states of a %s', (_, { table, first, actions, ends }) => {
  test('all are defined, reached, and come to an end; every end is reached', () => {
    expect(faultsOf(table, first, ends)).toEqual([])
    expect(statesOf(table, 'final').length).toBeGreaterThan(0)
    expect([...statesOf(table, 'final'), ...statesOf(table, 'open')].sort()).toEqual(
      Object.keys(table).sort(),
    )
  })

  test('every action that is offered is a verb of the table, and none is open at an end', () => {
    const verbs = new Set(Object.values(table).flatMap((row) => Object.keys(row)))
    for (const action of actions) expect(verbs).toContain(action)
    for (const state of Object.keys(table)) {
      expect(allowed(table, state, actions as never[])).toEqual(
        actions.filter((action) => action in (table[state] ?? {})),
      )
      if (isFinal(table, state)) expect(allowed(table, state, actions as never[])).toEqual([])
    }
  })
})

test('what is wrong with a table is found', () => {
  expect(faultsOf({ a: { go: 'b' }, b: {} }, 'a')).toEqual([])
  expect(faultsOf({ a: { go: ['b', 'c'] }, b: {} }, 'a')).toEqual(['a leads to c, which is not defined'])
  expect(faultsOf({ a: { go: 'b' }, b: {}, c: { go: 'b' } }, 'a')).toEqual(['nothing leads to c'])
  expect(faultsOf({ a: { go: ['b', 'c'] }, b: { stay: 'b' }, c: {} }, 'a')).toEqual(['b never ends'])
})

test('a verb or state that no table knows is never legal', () => {
  for (const word of ['constructor', 'toString', '__proto__', 'nonsense']) {
    expect(may(ORDER_TRANSITIONS, 'offered', word as never)).toBe(false)
    expect(may(ORDER_TRANSITIONS, word as never, 'answer')).toBe(false)
  }
})

describe('a delivery and its back order go together (A8)', () => {
  test('each state that a delivery takes its back order into is one of a back order, with its events', () => {
    expect(Object.keys(DELIVERY_STATES).sort()).toEqual(
      Object.keys(DELIVERY_TRANSITIONS)
        .filter((state) => state !== 'planned')
        .sort(),
    )
    for (const { back_order } of Object.values(DELIVERY_STATES))
      if (back_order) expect(Object.keys(BACK_ORDER_TRANSITIONS)).toContain(back_order.state)
  })

  test('a delivery ends exactly where its back order ends', () => {
    for (const [state, { back_order }] of Object.entries(DELIVERY_STATES)) {
      if (back_order)
        expect(isFinal(BACK_ORDER_TRANSITIONS, back_order.state)).toBe(
          isFinal(DELIVERY_TRANSITIONS, state as never),
        )
      else expect(isFinal(DELIVERY_TRANSITIONS, state as never)).toBe(false)
    }
  })

  test('wherever a delivery goes, its back order can follow', () => {
    const followed = (state: string) =>
      state === 'planned'
        ? 'confirmed'
        : DELIVERY_STATES[state as keyof typeof DELIVERY_STATES].back_order?.state
    // Both walk together from the plan: [the delivery's state, the back order's state].
    const pairs = new Set<string>(['planned confirmed'])
    for (const pair of pairs) {
      const [delivery = '', backOrder = ''] = pair.split(' ')
      for (const after of next(DELIVERY_TRANSITIONS, delivery)) {
        const target = followed(after) ?? backOrder
        const isSame = target === backOrder
        expect(
          isSame || next(BACK_ORDER_TRANSITIONS, backOrder).includes(target),
          `${delivery} → ${after}: a back order that is ${backOrder} cannot become ${target}`,
        ).toBe(true)
        pairs.add(`${after} ${target}`)
      }
    }
    expect(pairs.size).toBeGreaterThanOrEqual(Object.keys(DELIVERY_TRANSITIONS).length)
  })
})

test('what the carrier knows a try by leads back to the try', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_000 }), (attempt) => {
      const number = 'DL-7K3M-9QXT-4HC'
      expect(parseShipmentReference(shipmentReference(number, attempt))).toEqual({ number, attempt })
    }),
  )
})

describe('what operators may end when nobody can cancel it any more (P4)', () => {
  const statesWith = (table: Transitions, verb: string) =>
    Object.keys(table).filter((state) => verb in (table[state] ?? {}))

  test('a vehicle is written off from its slot until its handover, and ends cancelled', () => {
    const states = ['scheduled', 'in_production', 'built', 'shipped', 'at_dealer']
    expect(statesWith(VEHICLE_TRANSITIONS, 'write_off')).toEqual(states)
    for (const state of states) expect(VEHICLE_TRANSITIONS).toHaveProperty([state, 'write_off'], 'cancelled')
  })

  test('with it ends whatever it can be for then, and it can be had no more', () => {
    expect(statesWith(CUSTOM_ORDER_TRANSITIONS, 'write_off')).toEqual(['accepted'])
    expect(statesWith(TAG_TRANSITIONS, 'write_off')).toEqual(['awaiting_deposit', 'pending', 'confirmed'])
    expect(statesWith(AVAILABILITY_TRANSITIONS, 'write_off')).toEqual(
      Object.keys(AVAILABILITY_TRANSITIONS).filter((state) => state !== 'cancelled'),
    )
  })

  test('only a vehicle at the dealer is forfeited, which stays there, and only of an accepted order', () => {
    expect(statesWith(VEHICLE_TRANSITIONS, 'forfeit')).toEqual(['at_dealer'])
    expect(VEHICLE_TRANSITIONS.at_dealer.forfeit).toBe('at_dealer')
    expect(statesWith(CUSTOM_ORDER_TRANSITIONS, 'forfeit')).toEqual(['accepted'])
    expect(CUSTOM_ORDER_TRANSITIONS.accepted.forfeit).toBe('cancelled')
  })
})
