import { createRoute, z } from '@hono/zod-openapi'
import { agree, cancel, close, handOver } from '../../clients/messages.ts'
import { LeadView } from '../../store/lead-view.ts'
import { requireRole } from '../auth.ts'
import { commandOnce } from '../command.ts'
import type { Api, ApiKit } from '../kit.ts'
import { PartnerId } from '../master-data.ts'
import { answers, IdempotencyHeader, jsonBody, Note, NumberParam } from '../request.ts'
import { findLead } from './leads.ts'
import { Cancellation } from './orders.ts'

/** Nothing but the yes itself. */
export const Agreement = z.strictObject({}).meta({ id: 'LeadAgreement' })
const Closing = z.strictObject({ reason: Note }).meta({ id: 'LeadClosing' })
const HandOver = z
  .strictObject({
    dealer: PartnerId.meta({ description: 'One who did not have it yet' }),
    reason: Note,
    agreement: Note.optional().meta({
      description: 'How the prospect agreed to another dealer; needed unless the lead says that they do',
    }),
  })
  .meta({ id: 'LeadHandOver' })

/** What the prospect's side and operators decide about a lead (REQUIREMENTS B9, P4). */
export function registerLeadDecisions(app: Api, kit: ApiKit): void {
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/leads/{number}/agreement',
      tags: ['Leads'],
      summary: 'The prospect agrees to another dealer',
      description: 'If their dealer was given up already, the lead goes to the next one at once.',
      middleware: [requireRole(kit, 'storefront', 'operator')] as const,
      request: { params: NumberParam, headers: IdempotencyHeader, body: jsonBody(Agreement) },
      responses: answers(200, 'The lead', LeadView),
    }),
    async (c) => {
      const body = c.req.valid('json')
      const number = await findLead(kit, c.var.caller, c.req.valid('param').number)
      return commandOnce(c, kit, {
        to: { kind: 'lead', number },
        update: agree,
        facts: () => ({}),
        body,
      }) as never
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/leads/{number}/cancellation',
      tags: ['Leads'],
      summary: 'The prospect does not want it any more',
      description: 'The lead ends, its dealer is told, and sees nothing of the prospect from then on.',
      middleware: [requireRole(kit, 'storefront', 'operator')] as const,
      request: { params: NumberParam, headers: IdempotencyHeader, body: jsonBody(Cancellation) },
      responses: answers(200, 'The lead', LeadView),
    }),
    async (c) => {
      const body = c.req.valid('json')
      const number = await findLead(kit, c.var.caller, c.req.valid('param').number)
      return commandOnce(c, kit, {
        to: { kind: 'lead', number },
        update: cancel,
        facts: () => ({}),
        body,
      }) as never
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/operator/leads/{number}/hand-over',
      tags: ['Operator'],
      summary: 'Give a lead to another dealer, by name',
      description:
        'Its dealer is told that it is withdrawn, the prospect who has it now. Without their consent it is refused (409 `consent-missing`).',
      middleware: [requireRole(kit, 'operator')] as const,
      request: { params: NumberParam, headers: IdempotencyHeader, body: jsonBody(HandOver) },
      responses: answers(200, 'The lead', LeadView),
    }),
    async (c) => {
      const body = c.req.valid('json')
      const number = await findLead(kit, c.var.caller, c.req.valid('param').number)
      const { dealer } = body
      return commandOnce(c, kit, {
        to: { kind: 'lead', number },
        update: handOver,
        facts: () => ({ dealer }),
        body,
      }) as never
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/operator/leads/{number}/closing',
      tags: ['Operator'],
      summary: 'Close a lead',
      description: 'It counts as lost (`closed`); its dealer and the prospect are told.',
      middleware: [requireRole(kit, 'operator')] as const,
      request: { params: NumberParam, headers: IdempotencyHeader, body: jsonBody(Closing) },
      responses: answers(200, 'The lead', LeadView),
    }),
    async (c) => {
      const body = c.req.valid('json')
      const number = await findLead(kit, c.var.caller, c.req.valid('param').number)
      return commandOnce(c, kit, {
        to: { kind: 'lead', number },
        update: close,
        facts: () => ({}),
        body,
      }) as never
    },
  )
}
