import { createRoute, z } from '@hono/zod-openapi'
import { Refusal } from '../../domain/refusal.ts'
import { transact } from '../../store/database.ts'
import { listPostcodes, type PlacedPostcode, readPostcode, savePostcodes } from '../../store/postcode.ts'
import { answerFromBooks } from '../answer.ts'
import { requireRole } from '../auth.ts'
import { Page, pageOf, pageQuery } from '../cursor.ts'
import { idempotencyKeyOf } from '../idempotency.ts'
import type { Api, ApiKit } from '../kit.ts'
import { eachOnce, Latitude, Longitude } from '../master-data.ts'
import { Postcode } from '../place.ts'
import { answers, Country, IdempotencyHeader, jsonBody } from '../request.ts'

const tags = ['Operator: dealers']
const PostcodeParam = z.object({ country: Country, postcode: Postcode })

const placeMembers = { latitude: Latitude, longitude: Longitude }
const PostcodeBody = z.strictObject(placeMembers).meta({ id: 'PostcodeToSave' })
const PostcodesToLoad = z
  .strictObject({
    country: Country,
    postcodes: z
      .array(z.strictObject({ postcode: Postcode, ...placeMembers }))
      .min(1)
      .max(10_000)
      .superRefine(eachOnce('postcode')),
  })
  .meta({ id: 'PostcodesToLoad' })

const PostcodeView = z
  .object({
    postcode: z.string().meta({ description: 'In capitals, without spaces and dashes' }),
    latitude: z.number(),
    longitude: z.number(),
  })
  .meta({ id: 'Postcode' })

/** Where postcodes are (REQUIREMENTS P8): from them the nearest dealers are found (B9). */
export function registerPostcodes(app: Api, kit: ApiKit): void {
  app.openapi(
    createRoute({
      method: 'put',
      path: '/v1/operator/postcodes/{country}/{postcode}',
      tags,
      summary: 'Say where a postcode is',
      description: 'Creates or replaces it. Leads that were taken stay where they are.',
      middleware: [requireRole(kit, 'operator')] as const,
      request: { params: PostcodeParam, body: jsonBody(PostcodeBody) },
      responses: answers(200, 'The postcode', PostcodeView),
    }),
    async (c) => {
      const { country, postcode } = c.req.valid('param')
      const given = { postcode, ...c.req.valid('json') }
      await transact(kit.db, (tx) => savePostcodes(tx, country, [given]))
      return c.json(given, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/operator/postcodes/bulk',
      tags,
      summary: 'Say where up to 10,000 postcodes of a country are',
      description:
        'All or none; errors name each faulty one by its pointer. Postcodes that are there are replaced.',
      middleware: [requireRole(kit, 'operator')] as const,
      request: { headers: IdempotencyHeader, body: jsonBody(PostcodesToLoad) },
      responses: answers(200, 'How many were saved', z.object({ saved: z.int() })),
    }),
    async (c) => {
      const body = c.req.valid('json')
      const key = idempotencyKeyOf(c)
      return answerFromBooks(c, kit, { key, body, number: null, status: 200 }, async (tx) => {
        await savePostcodes(tx, body.country, body.postcodes)
        return { saved: body.postcodes.length }
      }) as never
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/operator/postcodes/{country}/{postcode}',
      tags,
      summary: 'Look where a postcode is',
      middleware: [requireRole(kit, 'operator')] as const,
      request: { params: PostcodeParam },
      responses: answers(200, 'The postcode', PostcodeView),
    }),
    async (c) => {
      const { country, postcode } = c.req.valid('param')
      const found = await readPostcode(kit.db, country, postcode)
      if (!found) throw new Refusal('not-found', `The postcode ${postcode} of ${country} is not known here.`)
      return c.json(found, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/operator/postcodes',
      tags,
      summary: 'List the postcodes of a country',
      middleware: [requireRole(kit, 'operator')] as const,
      request: { query: z.strictObject({ country: Country, ...pageQuery }) },
      responses: answers(200, 'In their order', Page(PostcodeView)),
    }),
    async (c) => {
      const { country, ...query } = c.req.valid('query')
      const page = await pageOf<PlacedPostcode, [string]>(query, {
        key: z.tuple([Postcode]),
        read: (after, limit) => listPostcodes(kit.db, country, after?.[0] ?? '', limit),
        keyOf: ({ postcode }) => [postcode],
      })
      return c.json(page, 200)
    },
  )
}
