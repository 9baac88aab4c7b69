import { sql } from 'drizzle-orm'
import { z } from 'zod'
import { allowed, statesOf } from '../domain/states.ts'
import {
  TAG_ACTIONS,
  TAG_DEADLINES,
  TAG_TRANSITIONS,
  type TagDeadline,
  type TagState,
} from '../domain/tag.ts'
import type { Database } from './database.ts'
import { Instant } from './order-view.ts'
import { type Before, type DealingFilter, newestFirst, ofDealings } from './page.ts'
import { TagStateName } from './tag-view.ts'

/** A tag as a list shows it. */
export const TagSummary = z
  .object({
    number: z.string(),
    storefront: z.string(),
    reference: z.string().nullable(),
    vehicle: z.string(),
    dealer: z.string(),
    state: TagStateName,
    version: z.int(),
    deadline: z.object({ kind: z.enum(TAG_DEADLINES), at: Instant }).nullable(),
    allowed_actions: z.array(z.enum(TAG_ACTIONS)),
    created_at: Instant,
  })
  .meta({ id: 'TagSummary' })

export type ListedTag = {
  sort_at: string
  number: string
  storefront: string
  reference: string | null
  vehicle: string
  dealer: string
  state: TagState
  version: number
  deadline_kind: TagDeadline | null
  deadline_at: string | null
}

/** Tags, the newest first (REQUIREMENTS P4): those of storefronts, or those of dealers' vehicles. */
export async function listTags(
  db: Database,
  filter: DealingFilter & { vehicle?: string | undefined },
  before: Before | null,
  limit: number,
): Promise<ListedTag[]> {
  const { vehicle } = filter
  const { whose, where } = ofDealings(filter)
  const list = {
    table: sql`tags`,
    columns: sql`r.storefront, r.reference, r.vehicle, r.dealer, r.state, r.version, r.deadline_kind, r.deadline_at`,
    finalStates: statesOf(TAG_TRANSITIONS, 'final'),
    whose,
    where: vehicle === undefined ? where : [...where, sql`r.vehicle = ${vehicle}`],
  }
  return newestFirst<ListedTag>(db, list, filter, before, limit)
}

export function tagSummary(row: ListedTag): z.output<typeof TagSummary> {
  const { sort_at, deadline_kind, deadline_at, ...tag } = row
  return {
    ...tag,
    deadline:
      deadline_kind && deadline_at ? { kind: deadline_kind, at: new Date(deadline_at).toISOString() } : null,
    allowed_actions: allowed(TAG_TRANSITIONS, row.state, TAG_ACTIONS),
    created_at: new Date(sort_at).toISOString(),
  }
}
