import { createRoute, z } from '@hono/zod-openapi'
import { ERASURE_REASONS, memberStory } from '../../domain/member.ts'
import { Refusal } from '../../domain/refusal.ts'
import { BuyerRecord } from '../../store/buyer-record.ts'
import type { Transaction } from '../../store/database.ts'
import { beginErasure } from '../../store/erasure.ts'
import { EventView, historyOf } from '../../store/history.ts'
import { storeAnswer } from '../../store/idempotency-key.ts'
import { findMember, mergeMembers, separateMember } from '../../store/member.ts'
import { exportMember, MemberExport } from '../../store/member-export.ts'
import {
  type ListedMember,
  listMembers,
  MemberSummary,
  MemberView,
  memberSummary,
  memberView,
} from '../../store/member-view.ts'
import type { Before } from '../../store/page.ts'
import { wake } from '../../store/wake.ts'
import { answerFromBooks } from '../answer.ts'
import { requireRole } from '../auth.ts'
import { Page, pageOf, pageQuery, sortKey } from '../cursor.ts'
import { answerOnce, idempotencyKeyOf } from '../idempotency.ts'
import type { Api, ApiKit } from '../kit.ts'
import { answers, Email, IdempotencyHeader, jsonBody, Note } from '../request.ts'
import { wakeNow } from '../wake.ts'
import { recordsPage } from './customers.ts'

const tags = ['Operator: members']
const MemberParam = z.object({ id: z.uuid() })
const MemberWithRecords = MemberView.extend({ records: Page(BuyerRecord) }).meta({ id: 'MemberWithRecords' })
const Merger = z
  .strictObject({
    into: z.uuid().meta({ description: 'The member that stands for both from then on' }),
    reason: Note,
  })
  .meta({ id: 'Merger' })
const Separation = z.strictObject({ reason: Note }).meta({ id: 'Separation' })
const Erasure = z
  .strictObject({
    reason: z
      .enum(ERASURE_REASONS)
      .meta({ description: 'Of a list, because it outlives the person and must name nobody' }),
  })
  .meta({ id: 'Erasure' })

/** Membership (REQUIREMENTS B2): who is the same person, what is held about them, and its end. For operators alone. */
export function registerMembers(app: Api, kit: ApiKit): void {
  const { db } = kit

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/operator/members',
      tags,
      summary: 'Find members',
      description: 'The newest first, merged ones included.',
      middleware: [requireRole(kit, 'operator')] as const,
      request: {
        query: z.strictObject({
          ...pageQuery,
          email: Email.optional().meta({ description: 'A whole e-mail address, at any storefront' }),
          number: sortKey.number.optional().meta({
            description: 'Of an order, back order, delivery or lead, as it is written in lists',
          }),
        }),
      },
      responses: answers(200, 'Members', Page(MemberSummary)),
    }),
    async (c) => {
      const query = c.req.valid('query')
      const page = await pageOf<ListedMember, Before>(query, {
        key: z.tuple([sortKey.time, z.uuid()]),
        read: (before, limit) => listMembers(db, query, before, limit),
        keyOf: ({ sort_at, row }) => [sort_at, row.id],
      })
      return c.json({ ...page, data: page.data.map(({ row }) => memberSummary(row)) }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/operator/members/{id}',
      tags,
      summary: 'Look at a member and all that they ordered',
      description:
        'Wherever they ordered it, what is merged into the member included: everything that they ordered, leads included, the newest first, with every status it had. The cursor leads through these.',
      middleware: [requireRole(kit, 'operator')] as const,
      request: { params: MemberParam, query: z.strictObject(pageQuery) },
      responses: answers(200, 'The member', MemberWithRecords),
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      const view = await memberView(db, id)
      if (!view) throw new Refusal('not-found', `There is no member ${id}.`)
      const customers = view.customers.map((customer) => customer.id)
      return c.json({ ...view, records: await recordsPage(kit, c.req.valid('query'), customers) }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/operator/members/{id}/events',
      tags,
      summary: 'Read the history of a member',
      description: 'Verified, merged, separated, exported, erased: by whom and why.',
      middleware: [requireRole(kit, 'operator')] as const,
      request: { params: MemberParam, query: z.strictObject(pageQuery) },
      responses: answers(200, 'What happened', Page(EventView)),
    }),
    async (c) => {
      const { id } = await findMember(db, c.req.valid('param').id)
      const page = await pageOf<EventView, [number]>(c.req.valid('query'), {
        key: z.tuple([sortKey.sequence]),
        read: (after, limit) => historyOf(db, memberStory(id), after?.[0] ?? 0, limit, 'operator'),
        keyOf: ({ sequence }) => [sequence],
      })
      return c.json(page, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/operator/members/{id}/export',
      tags,
      summary: 'Export everything that is held about a person',
      description:
        'One document. A GET, so that no copy of it is kept as an answer; that it was read, and by whom, is in the history.',
      middleware: [requireRole(kit, 'operator')] as const,
      request: { params: MemberParam },
      responses: answers(200, 'Everything', MemberExport),
    }),
    async (c) => c.json(await exportMember(db, c.req.valid('param').id, c.var.caller.actor), 200),
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/operator/members/{id}/merger',
      tags,
      summary: 'Merge a member into another: they are the same person',
      description: 'Separating it later restores exactly who was whose.',
      middleware: [requireRole(kit, 'operator')] as const,
      request: { params: MemberParam, headers: IdempotencyHeader, body: jsonBody(Merger) },
      responses: answers(200, 'The member, merged', MemberView),
    }),
    async (c) => {
      const body = c.req.valid('json')
      const key = idempotencyKeyOf(c)
      const { id } = c.req.valid('param')
      const { actor } = c.var.caller
      return answerFromBooks(c, kit, { key, body, number: memberStory(id), status: 200 }, async (tx) => {
        await mergeMembers(tx, id, { ...body, actor })
        return viewOf(tx, id)
      }) as never
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/operator/members/{id}/separation',
      tags,
      summary: 'Undo a merger: they are two persons',
      description: 'Also one that was made because both proved the same e-mail address.',
      middleware: [requireRole(kit, 'operator')] as const,
      request: { params: MemberParam, headers: IdempotencyHeader, body: jsonBody(Separation) },
      responses: answers(200, 'The member, by itself again', MemberView),
    }),
    async (c) => {
      const body = c.req.valid('json')
      const key = idempotencyKeyOf(c)
      const { id } = c.req.valid('param')
      const { actor } = c.var.caller
      return answerFromBooks(c, kit, { key, body, number: memberStory(id), status: 200 }, async (tx) => {
        await separateMember(tx, id, { ...body, actor })
        return viewOf(tx, id)
      }) as never
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/operator/members/{id}/erasure',
      tags,
      summary: 'Erase a person',
      description:
        'Refused while something of theirs is open, which it names. Then name and contact are gone at once, the rest soon after: `state` says when. Orders keep their numbers, quantities, states and events.',
      middleware: [requireRole(kit, 'operator')] as const,
      request: { params: MemberParam, headers: IdempotencyHeader, body: jsonBody(Erasure) },
      responses: answers(202, 'The member, being erased', MemberView),
    }),
    async (c) => {
      const body = c.req.valid('json')
      const key = idempotencyKeyOf(c)
      const { id } = c.req.valid('param')
      const { actor } = c.var.caller
      return answerOnce(c, kit, {
        key,
        body,
        // Neither it nor its answer names anybody, so the erasure leaves them: a repeat gets its answer.
        number: null,
        first: async (tx, { command }) => {
          await beginErasure(tx, id, { ...body, actor })
          await wake(tx, command, [`erasure/${id}`])
          await storeAnswer(tx, command, 202, await viewOf(tx, id))
        },
        work: ({ command }) => wakeNow(kit, command),
      }) as never
    },
  )
}

async function viewOf(tx: Transaction, id: string): Promise<MemberView> {
  const view = await memberView(tx, id)
  if (!view) throw new Error('the member is gone')
  return view
}
