import { describe, expect, test } from 'vitest'
import { EVENTS, type EventType, isAbout, isTold } from '../../../src/domain/event.ts'
import {
  LEAD_STATUSES,
  LEAD_STEPS,
  LEAD_TRANSITIONS,
  type LeadDocument,
  makeCode,
  priceWords,
  stateAfter,
  vehicleWords,
} from '../../../src/domain/lead.ts'
import { dealerLetter, prospectLetter } from '../../../src/domain/lead-letter.ts'

describe('the rules of leads (B9)', () => {
  test('every status leads into a state that the table lists for it', () => {
    for (const state of ['sent', 'working', 'escalated'] as const) {
      const after = new Set<string>(LEAD_TRANSITIONS[state].give_status)
      expect(new Set(LEAD_STATUSES.map(stateAfter))).toEqual(after)
    }
    expect(LEAD_STATUSES.map(stateAfter)).toEqual([
      ...Array.from({ length: 5 }, () => 'working'),
      'sold',
      'lost',
    ])
  })

  test('the clocks go on from one to the next, and end where somebody decides', () => {
    expect(LEAD_STEPS.status.next).toBe('acknowledge')
    expect(LEAD_STEPS.acknowledge.next).toBe('remind')
    expect(LEAD_STEPS.remind).toMatchObject({ next: 'escalate', state: 'escalated' })
  })

  test('a make is one however it is written', () => {
    for (const make of ['Mercedes-Benz', 'mercedes benz', ' MERCEDES  BENZ ']) {
      expect(makeCode(make)).toBe('mercedes-benz')
    }
    expect(makeCode('Citroën')).toBe('citroen')
    expect(makeCode('Lynk & Co')).toBe('lynk-co')
  })

  test('vehicles and prices in words', () => {
    expect(vehicleWords({ year: 2026, make: 'Astra', model: 'Corda', trim: 'LX' })).toBe(
      '2026 Astra Corda LX',
    )
    expect(vehicleWords({ options: ['Tow bar'] })).toBe('a vehicle')
    expect(priceWords({ min: 2_000_000, max: 2_500_050, currency: 'EUR' })).toBe(
      'EUR\u00a020,000.00 to EUR\u00a025,000.50',
    )
    expect(priceWords({ max: 300, currency: 'JPY' })).toBe('up to JPY\u00a0300')
    expect(priceWords({ min: 0, currency: 'USD' })).toBe('from USD\u00a00.00')
  })
})

describe('letters about leads', () => {
  const types = Object.keys(EVENTS) as EventType[]
  const lead: LeadDocument = {
    number: 'LE-1',
    created_at: '2026-01-01T00:00:00.000Z',
    prospect: { name: 'Ada', email: 'ada@example.test', phone: null },
    vehicle: { make: 'Astra', stock: 'S-7' },
    price: null,
    trade_in: null,
    comments: 'Blue, please',
    dealer: { id: 'harbour', name: 'Harbour Motors' },
    storefront: { id: 'shop', name: 'Shop', email: 'shop@example.test' },
  }

  test('each event that somebody is told of has words', () => {
    const facts = {
      number: 'LE-1',
      storefront: 'Shop',
      dealer: 'Harbour Motors',
      vehicle: 'an Astra',
      another_dealer: true,
    }
    const letters = [
      ...types.filter((type) => isTold('prospect', type)).map((type) => prospectLetter(type, {}, facts)),
      ...types
        .filter((type) => isTold('dealer', type))
        .filter((type) => isAbout('lead', type))
        .map((type) => dealerLetter(type, { deadline_at: '2026-01-02T00:00:00.000Z' }, lead)),
    ]
    expect(letters).toHaveLength(9)
    for (const { subject, paragraphs } of letters) {
      expect(subject).toContain('LE-1')
      expect(paragraphs.join(' ')).not.toMatch(/undefined|null/)
    }
  })

  test('a dealer who is not to have it any more is not told whose it was', () => {
    const { subject, paragraphs } = dealerLetter('lead.withdrawn', {}, lead)
    expect(`${subject} ${paragraphs.join(' ')}`).not.toMatch(/Ada|ada@|Blue/)
  })
})
