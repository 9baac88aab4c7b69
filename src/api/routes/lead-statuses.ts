import { createRoute, z } from '@hono/zod-openapi'
import { giveStatus } from '../../clients/messages.ts'
import { LEAD_STATUSES, LOST_REASONS } from '../../domain/lead.ts'
import { LeadView } from '../../store/lead-view.ts'
import { partnerOf, requireRole } from '../auth.ts'
import { commandOnce } from '../command.ts'
import type { Api, ApiKit } from '../kit.ts'
import { answers, IdempotencyHeader, Instant, jsonBody, Note, NumberParam } from '../request.ts'
import { findLead } from './leads.ts'

export const statusMembers = {
  status: z.enum(LEAD_STATUSES),
  reason: z.enum(LOST_REASONS).optional().meta({ description: 'Why it was lost' }),
  takes_place_at: Instant.optional().meta({ description: 'When the appointment or test drive is' }),
  note: Note.optional(),
}
export const Status = z.strictObject(statusMembers).superRefine(fitsStatus).meta({ id: 'NewLeadStatus' })

/** What a dealer says of a lead (REQUIREMENTS B9). */
export function registerLeadStatuses(app: Api, kit: ApiKit): void {
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/leads/{number}/statuses',
      tags: ['Leads'],
      summary: 'Say where a lead stands',
      description:
        'Every status is kept. Sold or lost ends the lead. One from a dealer who has it no longer changes nothing, nor does one that comes after its end, which is answered with `state-conflict`.',
      middleware: [requireRole(kit, 'dealer')] as const,
      request: { params: NumberParam, headers: IdempotencyHeader, body: jsonBody(Status) },
      responses: answers(200, 'The lead', LeadView),
    }),
    async (c) => {
      const body = c.req.valid('json')
      const number = await findLead(kit, c.var.caller, c.req.valid('param').number)
      const dealer = partnerOf(c.var.caller)
      return commandOnce(c, kit, {
        to: { kind: 'lead', number },
        update: giveStatus,
        facts: () => ({ dealer }),
        body,
      }) as never
    },
  )
}

/** A lost lead has its reason, and only what takes place at a time has that time. */
export function fitsStatus(
  { status, reason, takes_place_at }: { status: string; reason?: string; takes_place_at?: string },
  check: z.RefinementCtx,
): void {
  if ((status === 'lost') !== (reason !== undefined)) {
    const message = status === 'lost' ? 'say why it was lost' : 'is for what was lost'
    check.addIssue({ code: 'custom', path: ['reason'], message })
  }
  if (takes_place_at !== undefined && status !== 'appointment' && status !== 'test_drive') {
    const message = 'is for an appointment or a test drive'
    check.addIssue({ code: 'custom', path: ['takes_place_at'], message })
  }
}
