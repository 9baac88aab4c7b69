import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { makeCode } from '../../domain/lead.ts'
import { newNumber } from '../../domain/number.ts'
import { faultAt, Refusal } from '../../domain/refusal.ts'
import { ADF_PLACES, readAdf } from '../../integrations/adf.ts'
import type { Transaction } from '../../store/database.ts'
import { snapshot } from '../../store/database.ts'
import { type DealerRow, nearestDealers, type Place, readDealer } from '../../store/dealer.ts'
import { storeAnswer } from '../../store/idempotency-key.ts'
import { insertLead, readLead, turnOf } from '../../store/lead.ts'
import { asDealerSees, LeadView, leadView } from '../../store/lead-view.ts'
import { wake } from '../../store/wake.ts'
import { partnerOf, requireRole } from '../auth.ts'
import { faultsRefusal } from '../faults.ts'
import { answerOnce, idempotencyKeyOf } from '../idempotency.ts'
import type { Api, ApiEnv, ApiKit, Caller } from '../kit.ts'
import { Amount, Currency, Latitude, Longitude, PartnerId } from '../master-data.ts'
import { byPostcode, fitsPlace, placeOf } from '../place.ts'
import {
  answers,
  Comments,
  Email,
  IdempotencyHeader,
  jsonBody,
  Name,
  NumberParam,
  numberIn,
  Phone,
  Reference,
  TimeZone,
} from '../request.ts'
import { wakeNow } from '../wake.ts'

const tags = ['Leads']

/** Where ADF documents come in: the only body that is no JSON. */
export const ADF_PATH = '/v1/leads/adf'

const vehicleMembers = {
  make: Reference.optional(),
  model: Reference.optional(),
  year: z.int().min(1_900).max(2_200).optional(),
  trim: Reference.optional(),
  stock: Reference.optional().meta({ description: "The dealer's stock number" }),
  options: z.array(Reference).max(100).optional(),
}
const Vehicle = z
  .strictObject(vehicleMembers)
  .refine((vehicle) => Object.keys(vehicle).length > 0, 'say something about the vehicle')
  .meta({ id: 'VehicleWanted' })

export const PriceRange = z
  .strictObject({ min: Amount.optional(), max: Amount.optional(), currency: Currency })
  .refine(({ min, max }) => min !== undefined || max !== undefined, 'give min or max, or both')
  .refine(({ min = 0, max = Infinity }) => min <= max, 'min is more than max')
  .meta({ id: 'PriceRange', description: 'In minor units, such as cents' })

const NewLead = z
  .strictObject({
    reference: Reference.optional().meta({
      description: "The storefront's own reference; given back, never interpreted",
    }),
    dealer: PartnerId.optional().meta({ description: 'The chosen dealer; if not given, the nearest one' }),
    near: z
      .strictObject({ latitude: Latitude.optional(), longitude: Longitude.optional(), ...byPostcode })
      .superRefine(fitsPlace)
      .optional()
      .meta({
        description:
          'Where dealers are looked for, by coordinates or by country and postcode; if not given, around the chosen one',
      }),
    prospect: z.strictObject({
      name: Name,
      email: Email,
      phone: Phone.optional(),
      time_zone: TimeZone.default('UTC'),
    }),
    vehicle: Vehicle,
    price: PriceRange.optional(),
    trade_in: Vehicle.optional().meta({ description: 'A vehicle to be given in payment' }),
    comments: Comments.optional(),
    another_dealer: z
      .boolean()
      .default(false)
      .meta({ description: 'Whether the prospect agrees to another dealer should this one stay silent' }),
  })
  .refine(({ dealer, near }) => dealer !== undefined || near !== undefined, {
    path: ['dealer'],
    message: 'choose a dealer, or say near which place',
  })
  .meta({ id: 'NewLead' })
type NewLead = z.output<typeof NewLead>

const AdfQuery = z.strictObject({
  another_dealer: z
    .enum(['true', 'false'])
    .default('false')
    .meta({ description: 'Whether the prospect agrees to another dealer; ADF has no word for it' }),
  time_zone: TimeZone.default('UTC').meta({ description: "The prospect's" }),
})

export function registerLeads(app: Api, kit: ApiKit): void {
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/leads',
      tags,
      summary: 'Send a lead to a dealer',
      description: 'Stored, confirmed to the prospect, and sent to the dealer (B9).',
      middleware: [requireRole(kit, 'storefront')] as const,
      request: { headers: IdempotencyHeader, body: jsonBody(NewLead) },
      responses: answers(201, 'The lead', LeadView),
    }),
    async (c) => create(c, kit, c.req.valid('json'), (pointer) => pointer) as never,
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: ADF_PATH,
      tags,
      summary: 'Send a lead as an ADF 1.0 document',
      description:
        'In UTF-8, without a document type. The dealer is the vendor, by its id; without one the nearest to the postcode of the contact. One prospect, one vehicle wanted, at most one given in payment. Elements that are not known are passed over.',
      middleware: [requireRole(kit, 'storefront')] as const,
      request: {
        headers: IdempotencyHeader,
        query: AdfQuery,
        body: { required: true, content: { 'application/xml': { schema: z.string() } } },
      },
      responses: answers(201, 'The lead', LeadView),
    }),
    async (c) => {
      if (!/^(application|text)\/(x-adf\+)?xml\s*(;|$)/i.test(c.req.header('content-type') ?? ''))
        throw new Refusal('unsupported-media-type', 'Send content-type: application/xml.')
      const document = readAdf(new Uint8Array(await c.req.arrayBuffer()))
      const { another_dealer, time_zone } = c.req.valid('query')
      const { prospect, ...lead } = document
      const parsed = NewLead.safeParse({
        ...lead,
        prospect: { ...prospect, time_zone },
        another_dealer: another_dealer === 'true',
      })
      if (!parsed.success) throw inAdf(faultsRefusal(parsed.error))
      return create(c, kit, parsed.data, placeInAdf) as never
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/leads/{number}',
      tags,
      summary: 'Look at a lead',
      description: 'A dealer sees what is its own; of the prospect only as long as the lead is with it.',
      middleware: [requireRole(kit, 'storefront', 'dealer', 'operator')] as const,
      request: { params: NumberParam },
      responses: answers(200, 'The lead', LeadView),
    }),
    async (c) => {
      const { role, partner } = c.var.caller
      const number = await findLead(kit, c.var.caller, c.req.valid('param').number)
      const view = await snapshot(kit.db, (tx) => leadView(tx, number))
      if (!view) throw new Refusal('not-found', 'There is no such lead.')
      c.header('etag', `"${view.version}"`)
      return c.json(role === 'dealer' && partner ? asDealerSees(view, partner) : view, 200)
    },
  )
}

/**
 * Stores a lead with its answer, all in the transaction that claims the key: nothing is decided by its process, so the
 * answer does not wait for one. `place` says where in the request a member stands.
 */
async function create(
  c: Context<ApiEnv>,
  kit: ApiKit,
  body: NewLead,
  place: (pointer: string) => string,
): Promise<Response> {
  const key = idempotencyKeyOf(c)
  const storefront = partnerOf(c.var.caller)
  return answerOnce(c, kit, {
    key,
    body,
    number: newNumber('lead'),
    first: async (tx, { number, command }) => {
      const lead = number ?? ''
      const near = body.near && (await placeOf(tx, body.near, place('/near/postcode')))
      const dealer = await chooseDealer(tx, body, near, place)
      const { prospect, vehicle, another_dealer } = body
      await insertLead(
        tx,
        {
          number: lead,
          storefront,
          reference: body.reference ?? null,
          prospect: { ...prospect, phone: prospect.phone ?? null },
          vehicle,
          price: body.price ?? null,
          trade_in: body.trade_in ?? null,
          comments: body.comments ?? null,
          another_dealer,
          near: near ?? { latitude: dealer.latitude, longitude: dealer.longitude },
        },
        dealer,
      )
      await wake(tx, command, [`lead/${lead}`])
      await storeAnswer(tx, command, 201, await leadView(tx, lead))
    },
    work: ({ command }) => wakeNow(kit, command),
  })
}

/** The dealer who was chosen, or the nearest one who sells the make. */
async function chooseDealer(
  tx: Transaction,
  { dealer, vehicle }: NewLead,
  near: Place | undefined,
  place: (pointer: string) => string,
): Promise<DealerRow> {
  if (dealer !== undefined) {
    const row = await readDealer(tx, dealer)
    if (row) return row
    throw faultAt(place('/dealer'), `there is no dealer ${dealer}`)
  }
  const make = vehicle.make === undefined ? null : makeCode(vehicle.make)
  const [nearest] = near ? await nearestDealers(tx, near, { make, after: null, limit: 1 }) : []
  const row = nearest && (await readDealer(tx, nearest.id))
  if (row) return row
  throw faultAt(place('/vehicle/make'), 'no dealer sells this make')
}

/** A refusal of a lead that came as ADF: its pointers lead into the document. */
function inAdf({ type, message, members }: Refusal): Refusal {
  const errors = members.errors?.map(({ pointer, detail }) => ({ pointer: placeInAdf(pointer), detail }))
  return new Refusal(type, message, { ...members, ...(errors ? { errors } : {}) })
}

function placeInAdf(pointer: string): string {
  const [member, place] = Object.entries(ADF_PLACES).find(([member]) => pointer.startsWith(member)) ?? [
    '',
    '',
  ]
  return place + pointer.slice(member.length)
}

/** A lead that the caller may know of: its storefront, the dealers to whom it was ever sent, and operators. */
export async function findLead(kit: ApiKit, caller: Caller, given: string): Promise<string> {
  const number = numberIn('lead', given)
  const row = await readLead(kit.db, number)
  const { role, partner } = caller
  const knows =
    role === 'operator' ||
    (role === 'storefront' && row?.storefront === partner) ||
    (role === 'dealer' && partner !== null && (await turnOf(kit.db, number, partner)) !== undefined)
  if (!row || !knows) throw new Refusal('not-found', `There is no lead ${number}.`)
  return number
}
