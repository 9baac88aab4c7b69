import { sql } from 'drizzle-orm'
import { z } from 'zod'
import {
  MATCH_REQUEST_ACTIONS,
  MATCH_REQUEST_DEADLINES,
  MATCH_REQUEST_TRANSITIONS,
  type MatchRequestDeadline,
  type MatchRequestState,
} from '../domain/match-request.ts'
import { allowed, statesOf } from '../domain/states.ts'
import type { Database } from './database.ts'
import { MatchRequestStateName } from './match-request-view.ts'
import { Instant } from './order-view.ts'
import { type Before, type Filter, newestFirst, ofStorefronts } from './page.ts'

/** A match request as a list shows it. */
export const MatchRequestSummary = z
  .object({
    number: z.string(),
    storefront: z.string(),
    reference: z.string().nullable(),
    make: z.string(),
    model: z.string(),
    state: MatchRequestStateName,
    version: z.int(),
    deadline: z.object({ kind: z.enum(MATCH_REQUEST_DEADLINES), at: Instant }).nullable(),
    tag: z.string().nullable(),
    allowed_actions: z.array(z.enum(MATCH_REQUEST_ACTIONS)),
    created_at: Instant,
  })
  .meta({ id: 'MatchRequestSummary' })

export type ListedMatchRequest = {
  sort_at: string
  number: string
  storefront: string
  reference: string | null
  make: string
  model: string
  state: MatchRequestState
  version: number
  deadline_kind: MatchRequestDeadline | null
  deadline_at: string | null
  tag: string | null
}

/** Match requests, the newest first (REQUIREMENTS P4). */
export async function listMatchRequests(
  db: Database,
  filter: Filter,
  before: Before | null,
  limit: number,
): Promise<ListedMatchRequest[]> {
  const list = {
    table: sql`match_requests`,
    columns: sql`r.storefront, r.reference, r.make, r.model, r.state, r.version, r.deadline_kind, r.deadline_at, r.tag`,
    finalStates: statesOf(MATCH_REQUEST_TRANSITIONS, 'final'),
    whose: ofStorefronts(filter, sql`r.customer = p.id`),
    where: [],
  }
  return newestFirst<ListedMatchRequest>(db, list, filter, before, limit)
}

export function matchRequestSummary(row: ListedMatchRequest): z.output<typeof MatchRequestSummary> {
  const { sort_at, deadline_kind, deadline_at, ...request } = row
  return {
    ...request,
    deadline:
      deadline_kind && deadline_at ? { kind: deadline_kind, at: new Date(deadline_at).toISOString() } : null,
    allowed_actions: allowed(MATCH_REQUEST_TRANSITIONS, row.state, MATCH_REQUEST_ACTIONS),
    created_at: new Date(sort_at).toISOString(),
  }
}
