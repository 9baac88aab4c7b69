import { sql } from 'drizzle-orm'
import { z } from 'zod'
import {
  LEAD_ACTIONS,
  LEAD_DEADLINES,
  LEAD_STATUSES,
  LEAD_TRANSITIONS,
  type LeadDeadline,
  type LeadState,
  type LeadStatus,
  OPERATOR_LEAD_ACTIONS,
} from '../domain/lead.ts'
import { allowed, statesOf } from '../domain/states.ts'
import type { Database } from './database.ts'
import { LeadStateName } from './lead-view.ts'
import { Instant } from './order-view.ts'
import { type Before, type DealingFilter, newestFirst, ofDealings } from './page.ts'

/** A lead as a list shows it. */
export const LeadSummary = z
  .object({
    number: z.string(),
    storefront: z.string(),
    reference: z.string().nullable(),
    dealer: z.string(),
    state: LeadStateName,
    status: z.enum(LEAD_STATUSES).nullable(),
    version: z.int(),
    deadline: z.object({ kind: z.enum(LEAD_DEADLINES), at: Instant }).nullable(),
    allowed_actions: z.array(z.enum(LEAD_ACTIONS)),
    operator_actions: z.array(z.enum(OPERATOR_LEAD_ACTIONS)),
    created_at: Instant,
  })
  .meta({ id: 'LeadSummary' })

export type ListedLead = {
  sort_at: string
  number: string
  storefront: string
  reference: string | null
  dealer: string
  state: LeadState
  status: LeadStatus | null
  version: number
  deadline_kind: LeadDeadline | null
  deadline_at: string | null
}

/** Leads, the newest first (REQUIREMENTS P4): those of storefronts, or those that dealers have now. */
export async function listLeads(
  db: Database,
  filter: DealingFilter,
  before: Before | null,
  limit: number,
): Promise<ListedLead[]> {
  const list = {
    table: sql`leads`,
    columns: sql`r.storefront, r.reference, r.dealer, r.state, r.status, r.version, r.deadline_kind, r.deadline_at`,
    finalStates: statesOf(LEAD_TRANSITIONS, 'final'),
    ...ofDealings(filter),
  }
  return newestFirst<ListedLead>(db, list, filter, before, limit)
}

export function leadSummary(row: ListedLead): z.output<typeof LeadSummary> {
  const { sort_at, deadline_kind, deadline_at, ...lead } = row
  return {
    ...lead,
    deadline:
      deadline_kind && deadline_at ? { kind: deadline_kind, at: new Date(deadline_at).toISOString() } : null,
    allowed_actions: allowed(LEAD_TRANSITIONS, row.state, LEAD_ACTIONS),
    operator_actions: allowed(LEAD_TRANSITIONS, row.state, OPERATOR_LEAD_ACTIONS),
    created_at: new Date(sort_at).toISOString(),
  }
}
