import { describe, expect, test } from 'vitest'
import { BACK_ORDER_TRANSITIONS, type BackOrderState } from '../../../src/domain/back-order.ts'
import { DELIVERY_TRANSITIONS, type DeliveryState } from '../../../src/domain/delivery.ts'
import { backOrderWords, DELIVERY_WORDS } from '../../../src/web/order-page/words.ts'
import { textOf } from '../../support/browser.ts'
import { ADDRESS, backOrder, delivery, event, line, offeredPage, orderPage, render } from './fixture.ts'

const FORM = /<form method="post" action="([^"]+)"/g
const NUMBER = 'BO-7K3M-9QXT-4HC'

/** The addresses of the page's forms, below the page. */
function formsOf(html: string): string[] {
  return [...html.matchAll(FORM)].map(([, action = '']) => action.replace('/o/OR-0000-0000-000/proof/', ''))
}

function sectionOf(html: string, id: string): string {
  const from = html.indexOf(` id="${id}"`)
  return html.slice(from, html.indexOf('</section>', from))
}

describe('the offer', () => {
  test('says per short line what is there, what is missing, when it is expected, and until when the offer stands', async () => {
    const text = textOf(sectionOf(await render(offeredPage()), 'offer'))
    expect(text).toContain('Please answer by Fri 16 May 2025, 14:00 CEST (in 2 days)')
    expect(text).toContain('5 × Hand grinder, steel')
    expect(text).toContain('2 here and held for you, 3 missing. Expected on 23 May 2025. €89.50 each.')
    expect(text).not.toContain('Gooseneck kettle')
  })

  test.each([
    [['ship_available', 'wait_for_all', 'decline'], true],
    [['wait_for_all', 'decline'], true],
    [['take_available', 'decline'], false],
    [['decline'], false],
  ] as const)('offers %j and nothing else, with nothing chosen beforehand', async (choices, asksHowLong) => {
    const html = await render(offeredPage([line({ choices: [...choices] })]))
    const values = [...html.matchAll(/<input type="radio"[^>]* value="(\w+)"/g)].map(([, value]) => value)
    expect(values).toEqual(choices)
    expect(html).not.toContain('checked')
    expect(html.includes('name="wait-1"')).toBe(asksHowLong)
  })

  test('lets the wait be chosen within the limits of the house, the usual one first', async () => {
    const page = offeredPage([line()])
    page.periods = { ...page.periods, wait: { ...page.periods.wait, max_seconds: 60 * 86_400 } }
    const html = await render(page)
    const select = html.slice(
      html.indexOf('name="wait-1"'),
      html.indexOf('</select>', html.indexOf('name="wait-1"')),
    )
    expect(textOf(select.slice(select.indexOf('<option')))).toBe(
      '30 days (as usual) 5 days 7 days 14 days 60 days',
    )
  })

  test('is gone once everything is decided', async () => {
    const html = await render(orderPage())
    expect(formsOf(html)).toEqual([])
    expect(textOf(html)).toContain('5 × Hand grinder, steel €447.50 (€89.50 each)')
  })
})

describe('a back order', () => {
  const everyState = Object.keys(BACK_ORDER_TRANSITIONS) as BackOrderState[]

  test.each(everyState)('%s is shown in words, with exactly the forms that are open', async (state) => {
    const shown = backOrder(state)
    const html = await render(orderPage({ back_orders: [shown] }))
    const text = textOf(sectionOf(html, NUMBER))
    expect(text).toContain(backOrderWords(shown).label)
    expect(text).toContain(`${shown.explanation}.`)
    const forms: Partial<Record<BackOrderState, string[]>> = {
      waiting: ['deadline', 'quantity', 'cancellation'],
      met: ['delivery-request', 'deadline', 'cancellation'],
      delivery_requested: ['confirmation', 'refusal', 'deadline'],
      confirmed: ['cancellation'],
    }
    expect(formsOf(html)).toEqual((forms[state] ?? []).map((command) => `back-orders/${NUMBER}/${command}`))
  })

  test('waiting: its place, its promised date and its deadline', async () => {
    const text = textOf(await render(orderPage({ back_orders: [backOrder('waiting')] })))
    expect(text).toContain('14 back orders are before yours')
    expect(text).toContain('Expected 23 May 2025')
    expect(text).toContain('We wait for your goods until Tue 20 May 2025, 14:00 CEST (in 6 days)')
    const far = backOrder('waiting', { ahead: 1_000, ahead_is_exact: false, promised_at: null })
    const other = textOf(await render(orderPage({ back_orders: [far] })))
    expect(other).toContain('Over 1,000 back orders are before yours')
    expect(other).toContain('Expected not known yet')
  })

  test("met: an address form filled with the order's address, and days within the longest hold", async () => {
    const html = await render(orderPage({ back_orders: [backOrder('met')] }))
    for (const part of [ADDRESS.name, ...ADDRESS.lines, ADDRESS.city, ADDRESS.postcode]) {
      expect(html).toContain(`value="${part}"`)
    }
    expect(html).toMatch(/<option value="DE" selected="">Germany/)
    expect(html).toContain('min="2025-05-14" max="2025-06-09"')
  })

  test('to be confirmed: what, how many, where, when, the price and the deadline', async () => {
    const text = textOf(await render(orderPage({ back_orders: [backOrder('delivery_requested')] })))
    expect(text).toContain(
      'What 3 × Hand grinder, steel Price €89.50 each, €268.50 together When 20 May 2025 Where Ada Example 12 Example Street Back house 12345 Exampleton Germany',
    )
    expect(text).toContain('Please answer by Tue 20 May 2025, 14:00 CEST')
  })

  test('what waits for the customer comes first', async () => {
    const waiting = backOrder('waiting', { number: 'BO-1', sku: 'KETTLE' })
    const html = await render(orderPage({ back_orders: [waiting, backOrder('met')] }))
    expect(html.indexOf(`id="${NUMBER}"`)).toBeLessThan(html.indexOf('id="BO-1"'))
    expect(textOf(html)).toContain('Request the delivery of 3 × Hand grinder, steel, until Tue 20 May 2025')
  })
})

test.each(Object.keys(DELIVERY_TRANSITIONS) as DeliveryState[])(
  'a delivery that is %s is shown in words',
  async (state) => {
    const html = await render(
      orderPage({ deliveries: [delivery(state, { tracking: 'PX 12', failure: 'nobody at home' })] }),
    )
    const text = textOf(sectionOf(html, 'DL-7K3M-9QXT-4HC'))
    expect(text).toContain(`2 × Hand grinder, steel ${DELIVERY_WORDS[state].label}`)
    expect(text).toContain('Tracking PX 12')
    expect(text.includes('nobody at home')).toBe(state === 'failed')
    expect(formsOf(html).length).toBe(['planned', 'booking', 'booked'].includes(state) ? 1 : 0)
  },
)

test('the history tells in plain words what happened, newest first, and who did it', async () => {
  const answers = [{ line: 1, choice: 'ship_available' }]
  const html = await render(
    orderPage({
      back_orders: [backOrder('waiting')],
      events: [
        event('order.offered'),
        event('order.answered', { actor: 'customer', details: { answers } }),
        event('back_order.met', {
          number: NUMBER,
          details: { ordered: 3, deadline_at: '2025-05-20T12:00:00Z' },
        }),
        event('delivery.booking', { number: 'DL-1' }),
        event('back_order.cancelled', { number: NUMBER, actor: 'operator:7f3c' }),
      ],
    }),
  )
  const text = textOf(html.slice(html.indexOf('What happened so far'), html.indexOf('<footer>')))
  expect(text.split('Sat 10 May 2025, 14:00 CEST').map((entry) => entry.trim())).toEqual([
    'What happened so far',
    'Back order of Hand grinder, steel: The back order was cancelled. (by our staff)',
    'Back order of Hand grinder, steel: Everything is here: all 3 are set aside until Tue 20 May 2025, 14:00 CEST.',
    'Order: Answered: ship what is there of Hand grinder, steel and back-order the rest. (by you)',
    'Order: Not everything was in stock, and we asked what we shall do.',
  ])
  expect(html).not.toContain('7f3c')
})

describe('every form', () => {
  test('has a key of its own and the version of its row', async () => {
    const page = orderPage({
      back_orders: [backOrder('waiting', { version: 42 })],
      deliveries: [delivery('planned', { version: 7 })],
    })
    const [first, second] = [await render(page), await render(page)]
    const keys = [first, second].flatMap((html) =>
      [...html.matchAll(/name="key" value="([0-9a-f-]{36})"/g)].map(([, key]) => key),
    )
    expect(keys.length).toBe(8)
    expect(new Set(keys).size).toBe(8)
    expect([...first.matchAll(/name="version" value="(\d+)"/g)].map(([, version]) => version)).toEqual([
      '42',
      '42',
      '42',
      '7',
    ])
  })

  test('comes back with what was entered and the fault beside its field', async () => {
    const action = `back-orders/${NUMBER}/delivery-request`
    const html = await render(orderPage({ back_orders: [backOrder('met')] }), {
      notice: { tone: 'bad', title: 'Please check.' },
      attempt: {
        action,
        key: null,
        fields: { name: 'Grace', postcode: '', city: 'Newtown', country: 'FR' },
        errors: { postcode: 'Please enter the postcode.' },
      },
    })
    const id = `back-orders-${NUMBER}-delivery-request-postcode`
    expect(html).toContain(`<a href="#${id}">Please enter the postcode.</a>`)
    expect(html).toContain(`id="${id}-fault">Please enter the postcode.`)
    expect(html).toMatch(new RegExp(`id="${id}"[^>]*aria-invalid="true" aria-describedby="${id}-fault"`))
    expect(html).toContain('value="Grace"')
    expect(html).toMatch(/<option value="FR" selected="">/)
  })

  test('whose outcome is not known keeps its key', async () => {
    const html = await render(orderPage({ back_orders: [backOrder('confirmed')] }), {
      attempt: { action: `back-orders/${NUMBER}/cancellation`, key: 'kept-key', fields: {}, errors: {} },
    })
    expect(html).toContain('name="key" value="kept-key"')
    expect(html).toContain('<details class="folded" open=""')
  })

  test('labels each of its fields', async () => {
    const pages = [
      offeredPage(),
      orderPage({ back_orders: [backOrder('waiting')] }),
      orderPage({ back_orders: [backOrder('met')] }),
    ]
    for (const page of pages) {
      const html = await render(page)
      const labels = new Set([...html.matchAll(/<label for="([^"]+)"/g)].map(([, id]) => id))
      const fields = [...html.matchAll(/<(?:input|select)\b[^>]*>/g)]
        .map(([tag]) => tag)
        .filter((tag) => !tag.includes('type="hidden"'))
      expect(fields.length).toBeGreaterThan(0)
      for (const field of fields) expect(labels).toContain(/ id="([^"]+)"/.exec(field)?.[1])
      const ids = [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id)
      expect(new Set(ids).size).toBe(ids.length)
    }
  })
})

test('what people wrote is text, never markup', async () => {
  const evil = '<script>alert(1)</script>"\'><img src=x onerror=alert(2)>'
  const page = orderPage(
    {
      shop: { name: evil, reply_to: `"${evil}"@example.test`, takes_payment: false },
      items: new Map([['GRINDER', { name: evil, wait_seconds: 60, hold_seconds: 60 }]]),
      ship_to: { ...ADDRESS, name: evil, lines: [evil], city: evil },
      back_orders: [
        backOrder('met'),
        backOrder('delivery_requested', { number: 'BO-2', ship_to: { ...ADDRESS, name: evil } }),
      ],
      deliveries: [delivery('failed', { failure: evil, tracking: evil })],
    },
    { reference: evil },
  )
  const attempt = {
    action: `back-orders/${NUMBER}/delivery-request`,
    key: null,
    fields: { name: evil },
    errors: { name: evil },
  }
  const html = await render(page, { notice: { tone: 'bad', title: evil, items: [evil] }, attempt })
  expect(html).not.toMatch(/<script|<img/)
  // No quote of theirs ends an attribute: without the values, no attribute of theirs is left.
  expect(html.replace(/="[^"]*"/g, '')).not.toMatch(/<[^>]*(onerror|alert)/)
})
