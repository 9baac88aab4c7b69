import { z } from 'zod'
import { parse } from '../partner/app.ts'
import type { Kind } from './kind.ts'

const Tag = z.object({
  number: z.string().min(1).max(40),
  vehicle: z.object({ name: z.string(), features: z.array(z.object({ name: z.string() })) }),
  vin: z.string().nullable(),
  price: z.object({ amount: z.int(), currency: z.string() }),
  buyer: z.object({ name: z.string(), email: z.string() }).nullable(),
})

/** Tags: the vehicle is there, or it is sold. */
export const TAG: Kind = {
  name: 'tag',
  asks: ['sent', 'reminded'],
  tells: [],
  takesAway: ['withdrawn'],
  read: (data) => {
    const { number, vehicle, vin, price, buyer } = parse(Tag, JSON.stringify(data ?? null))
    return {
      number,
      about: vehicle.name,
      facts: [
        ['Features', vehicle.features.map(({ name }) => name).join(', ')],
        ['Price', `${price.amount / 100} ${price.currency}`],
        ...(vin === null ? [] : ([['VIN', vin]] as [string, string][])),
        ...(buyer ? ([['Buyer', `${buyer.name}, ${buyer.email}`]] as [string, string][]) : []),
      ],
    }
  },
  accept: (said) => (said.length > 0 ? undefined : { answer: 'there' }),
  refuse: () => ({ answer: 'sold', note: 'Sold this morning' }),
  byKey: (number) => `/v1/tags/${number}/answers`,
  asMessage: (word) => ({ type: 'tag.answered', data: word }),
  buttons: [
    { label: 'It is there', word: { answer: 'there' } },
    { label: 'It is sold', word: { answer: 'sold' } },
  ],
}
