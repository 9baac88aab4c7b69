import { z } from 'zod'

const OrderNumber = z.string().regex(/^[\x21-\x7e]{1,40}$/, 'Not an order number')
const VehicleNumber = z.string().regex(/^[\x21-\x7e]{1,40}$/, 'Not a vehicle number')

const Dealer = z.object({ id: z.string().min(1), name: z.string().min(1) })
export type Dealer = z.output<typeof Dealer>

/** Amounts are in minor units of the currency. */
const Configuration = z.object({
  model_year: z.string().min(1),
  model_year_version: z.int(),
  features: z
    .array(
      z.object({
        code: z.string().min(1),
        kind: z.string().min(1),
        name: z.string().min(1),
        price: z.int(),
      }),
    )
    .min(1),
  base_price: z.int(),
  total_price: z.int(),
  currency: z.string().regex(/^[A-Z]{3}$/, 'Not an ISO 4217 code'),
})
export type Configuration = z.output<typeof Configuration>

/** What a tagged vehicle is made of; its dealer asks what it likes for it, so that nothing has to add up. */
const TaggedConfiguration = Configuration.pick({
  model_year: true,
  total_price: true,
  currency: true,
}).extend({
  features: z
    .array(z.object({ code: z.string().min(1), kind: z.string().min(1), name: z.string().min(1) }))
    .min(1),
})
export type TaggedConfiguration = z.output<typeof TaggedConfiguration>

/** The order as it was when the message was made, also where it comes late. */
const Document = z.object({
  number: OrderNumber,
  /** Rises when the buyer picks another dealer: then the same order is asked again. */
  turn: z.int().min(1),
  type: z.string().min(1),
  dealer: Dealer,
  configuration: Configuration,
  vehicle: VehicleNumber.nullable(),
  /** Null when no answer is wanted. */
  answer_by: z.iso.datetime({ offset: true }).nullable(),
})

/** A tag, in the same way; there is but one turn. */
const TagDocument = Document.omit({ turn: true, configuration: true }).extend({
  turn: z.literal(1).default(1),
  configuration: TaggedConfiguration,
  vehicle: VehicleNumber,
})
export type Document = z.output<typeof Document> | z.output<typeof TagDocument>

/** The messages from Holdfast that the order processor understands; any other is kept unread. */
export const Message = z.discriminatedUnion('type', [
  z.object({ type: z.literal('custom_order.submitted'), data: Document }),
  z.object({ type: z.literal('custom_order.reminded'), data: Document }),
  z.object({ type: z.literal('custom_order.withdrawn'), data: Document }),
  z.object({
    type: z.literal('custom_order.confirmed'),
    data: Document.extend({ vehicle: VehicleNumber }),
  }),
  z.object({ type: z.literal('custom_order.reconfigured'), data: Document }),
  z.object({ type: z.literal('custom_order.cancelled'), data: Document }),
  z.object({ type: z.literal('tag.submitted'), data: TagDocument }),
  z.object({ type: z.literal('tag.reminded'), data: TagDocument }),
  z.object({ type: z.literal('tag.withdrawn'), data: TagDocument }),
  z.object({ type: z.literal('tag.confirmed'), data: TagDocument }),
  z.object({ type: z.literal('tag.cancelled'), data: TagDocument }),
])

const UNDERSTOOD: ReadonlySet<string> = new Set(Message.options.map(({ shape }) => shape.type.value))

export function isUnderstood(type: string): boolean {
  return UNDERSTOOD.has(type)
}
