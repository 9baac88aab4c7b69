import { describe, expect, test } from 'vitest'
import { BACK_ORDER_FORMS, enter, type Form, ORDER_FORMS } from '../../../src/web/order-page/forms.ts'

function form(forms: Record<string, Form>, name: string): Form {
  const found = forms[name]
  if (!found) throw new Error(`no form ${name}`)
  return found
}

describe('an answer to the offer', () => {
  const answers = form(ORDER_FORMS, 'answers')

  test('is the body that the API takes', () => {
    const fields = {
      key: 'k',
      version: '2',
      'choice-1': 'wait_for_all',
      'wait-1': 'PT604800S',
      'hold-1': '',
      'wait-2': 'PT60S',
      'choice-3': 'decline',
    }
    expect(enter(answers, fields)).toEqual({
      body: {
        answers: [
          { line: 1, choice: 'wait_for_all', wait_period: 'PT604800S' },
          { line: 3, choice: 'decline' },
        ],
      },
      errors: null,
    })
  })

  test.each([
    [{}, { choice: 'Please choose what we shall do.' }],
    [{ 'choice-2': 'steal' }, { 'choice-2': 'Please choose what we shall do.' }],
    [{ 'choice-x': 'decline' }, { 'choice-NaN': 'Please choose what we shall do.' }],
    [
      { 'choice-2': 'wait_for_all', 'wait-2': 'soon' },
      { 'wait-2': 'That cannot be read. Please enter it again.' },
    ],
  ])('%j is sent back', (fields, errors) => {
    expect(enter(answers, fields).errors).toEqual(errors)
  })
})

describe('a delivery request', () => {
  const request = form(BACK_ORDER_FORMS, 'delivery-request')
  const fields = {
    name: ' Ada ',
    'line-1': '12 Example Street',
    'line-2': '',
    city: 'Exampleton',
    postcode: '12345',
    region: '',
    country: 'DE',
    deliver_on: '',
  }

  test('is the body that the API takes and the activity reads', () => {
    expect(enter(request, fields).body).toEqual({
      ship_to: {
        name: 'Ada',
        lines: ['12 Example Street'],
        city: 'Exampleton',
        postcode: '12345',
        country: 'DE',
      },
    })
    expect(
      enter(request, { ...fields, region: 'RG', 'line-2': 'Back', deliver_on: '2025-06-01' }).body,
    ).toEqual({
      ship_to: {
        name: 'Ada',
        lines: ['12 Example Street', 'Back'],
        city: 'Exampleton',
        postcode: '12345',
        region: 'RG',
        country: 'DE',
      },
      deliver_on: '2025-06-01',
    })
  })

  test('says beside each field what is wrong with it', () => {
    expect(enter(request, {}).errors).toEqual({
      name: 'Please enter a name.',
      'line-1': 'Please enter the street and house number.',
      city: 'Please enter the town or city.',
      postcode: 'Please enter the postcode.',
      country: 'Please choose a country.',
    })
    expect(
      enter(request, {
        ...fields,
        'line-1': '',
        'line-2': 'Back',
        postcode: 'x'.repeat(21),
        deliver_on: 'soon',
      }).errors,
    ).toEqual({
      'line-1': 'Please enter the street and house number.',
      postcode: 'That is too long: at most 20 characters.',
      deliver_on: 'Please enter a day, or leave it empty.',
    })
  })
})

test.each(['', '0', '-1', '1.5', '2 pieces', '1e9', ' '])('the quantity %j is sent back', (quantity) => {
  expect(enter(form(BACK_ORDER_FORMS, 'quantity'), { quantity }).errors).toHaveProperty('quantity')
})

test.each(['', 'tomorrow', '2025-05-20'])('the deadline %j is sent back', (deadline_at) => {
  expect(enter(form(BACK_ORDER_FORMS, 'deadline'), { deadline_at }).errors).toEqual({
    deadline_at: 'Please choose a new deadline.',
  })
})

test('a cancellation says whether the carrier still has to give the parcel back', () => {
  const cancellation = form(BACK_ORDER_FORMS, 'cancellation')
  expect(cancellation.done({ state: 'cancelled' })).toBe('cancelled')
  expect(cancellation.done({ state: 'cancelling' })).toBe('cancelling')
})
