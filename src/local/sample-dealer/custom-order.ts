import { z } from 'zod'
import { parse } from '../partner/app.ts'
import type { Kind } from './kind.ts'

const Feature = z.object({ name: z.string() })
const Order = z.object({
  number: z.string().min(1).max(40),
  turn: z.int().optional(),
  configuration: z
    .object({
      model_year: z.string(),
      features: z.array(Feature),
      total_price: z.int(),
      currency: z.string(),
    })
    .optional(),
  buyer: z.object({ name: z.string(), email: z.string(), phone: z.string().nullish() }).nullish(),
})

/** Custom orders: accepted once for each time that the dealer is asked, or refused with reasons. */
export const CUSTOM_ORDER: Kind = {
  name: 'custom_order',
  asks: ['submitted', 'reminded'],
  tells: ['confirmed', 'reconfigured'],
  takesAway: ['withdrawn', 'cancelled'],
  read: (data) => {
    const { number, turn, configuration, buyer } = parse(Order, JSON.stringify(data ?? null))
    return {
      number,
      about: configuration?.model_year ?? '',
      ...(configuration
        ? {
            facts: [
              ['Features', configuration.features.map(({ name }) => name).join(', ')],
              ['Price', `${configuration.total_price / 100} ${configuration.currency}`],
              ...(buyer ? ([['Buyer', `${buyer.name}, ${buyer.email}`]] as [string, string][]) : []),
            ],
          }
        : {}),
      ...(turn === undefined ? {} : { memory: { turn } }),
    }
  },
  accept: (said, memory) =>
    said.some(({ turn }) => turn === memory.turn) ? undefined : { verdict: 'accepted', ...memory },
  refuse: (memory) => ({ verdict: 'refused', reasons: ['We take no more of these this year'], ...memory }),
  byKey: (number) => `/v1/custom-orders/${number}/dealer-answer`,
  asMessage: ({ verdict, ...data }) => ({ type: `custom_order.${String(verdict)}`, data }),
  buttons: [
    { label: 'Accept', word: { verdict: 'accepted' } },
    { label: 'Refuse: no capacity', word: { verdict: 'refused', reasons: ['We have no capacity'] } },
  ],
}
