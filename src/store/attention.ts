import { sql } from 'drizzle-orm'
import { z } from 'zod'
import { JUDGES } from '../domain/custom-order.ts'
import { type CarriersState, LONGEST_SILENCE } from '../domain/delivery.ts'
import { LONGEST_REFUND, UNPAID } from '../domain/payment.ts'
import { inWords } from '../domain/period.ts'
import { LONGEST_STAY, type StageOfWay } from '../domain/vehicle.ts'
import { type Database, literals } from './database.ts'
import { STILL_FAILING } from './failing-step.ts'
import { Instant } from './order-view.ts'
import { isFrozen } from './schedule-load.ts'
import { CHANNELS } from './schema.ts'
import { ASKED_SUPPLIER, NEED } from './supply.ts'

/** Most entries of each kind that are shown; what is not shown comes up when those before it are done. */
export const MOST_SHOWN = 100
const LIMIT = sql.raw(String(MOST_SHOWN))

const tooLong = (longest: Record<string, number>) =>
  Object.entries(longest)
    .map(([state, seconds]) => `${state} for ${inWords(seconds)}`)
    .join(', ')

/** Who has not answered a custom order or tag. */
const WAITS_FOR = sql`to_jsonb(array_remove(ARRAY[CASE WHEN NOT dealer_accepted THEN 'dealer' END,
                                                  CASE WHEN processor_reference IS NULL THEN 'processor' END], NULL))`

/** What is reported of a vehicle on its way. */
const REPORTS = literals(['vin_assigned', ...Object.keys(LONGEST_STAY)].map((stage) => `vehicle.${stage}`))

/** Outcomes that need nobody: a switched-off endpoint, a lead that another dealer has by now or that has ended, no operators' address. */
export const NOBODY_LEFT = ['endpoint off', 'passed on', 'ended', 'no operators'] as const

/** What a person has to look at. */
export const Attention = z
  .object({
    failed_deliveries: z
      .array(
        z.object({
          delivery: z.string(),
          order: z.string(),
          attempt: z.int(),
          failure: z.string().nullable(),
        }),
      )
      .meta({ description: 'To be tried again or taken back into stock' }),
    silent_deliveries: z
      .array(
        z.object({
          delivery: z.string(),
          order: z.string(),
          state: z.enum(Object.keys(LONGEST_SILENCE) as [CarriersState, ...CarriersState[]]),
          since: Instant.meta({ description: 'When something last happened to it' }),
        }),
      )
      .meta({ description: `Nothing from the carrier for too long: ${tooLong(LONGEST_SILENCE)}` }),
    overdue_purchase_orders: z
      .array(
        z.object({ purchase_order: z.string(), supplier: z.string(), lines: z.int(), expected_at: Instant }),
      )
      .meta({ description: 'With open lines past their date by more than the supplier is allowed' }),
    unsourced_items: z
      .array(z.object({ sku: z.string(), lacking: z.int() }))
      .meta({ description: 'Wanted, and no supplier is left to ask' }),
    failed_payments: z
      .array(
        z.object({
          payment: z.string(),
          pays_for: z.string(),
          storefront: z.string(),
          state: z.enum(['lapsed', 'capture_failed', 'refund_failed', 'refunding']),
          failure: z.string().nullable(),
          since: Instant.meta({ description: 'When the provider said no, or was last heard of a refund' }),
        }),
      )
      .meta({
        description: `The provider let go of the money, or refused to take it or to give it back; \`refunding\`: it has been giving it back for ${inWords(LONGEST_REFUND)}`,
      }),
    overdue_balances: z
      .array(
        z.object({
          pays_for: z.string(),
          payment: z.string().meta({ description: 'By which it is asked for now, or was the last time' }),
          dealer: z.string(),
          storefront: z.string(),
          since: Instant.meta({ description: 'When it was to be paid at first' }),
        }),
      )
      .meta({
        description:
          'Of custom orders and tags whose vehicle waits at the dealer: asked for, and not paid in time. After three times it is asked for no more',
      }),
    silent_leads: z
      .array(
        z.object({
          lead: z.string(),
          dealer: z.string(),
          storefront: z.string(),
          since: Instant.meta({ description: 'When the dealer was given up' }),
        }),
      )
      .meta({ description: 'Their dealer answers neither the lead or the status request, nor the reminder' }),
    silent_custom_orders: z
      .array(
        z.object({
          custom_order: z.string(),
          dealer: z.string(),
          waits_for: z.array(z.enum(JUDGES)),
          until: Instant.meta({ description: 'When silence counts as a refusal' }),
        }),
      )
      .meta({ description: 'Neither the order nor the reminder is answered' }),
    silent_tags: z
      .array(
        z.object({
          tag: z.string(),
          vehicle: z.string(),
          dealer: z.string(),
          waits_for: z.array(z.enum(JUDGES)),
          until: Instant.meta({ description: 'When silence counts as a refusal' }),
        }),
      )
      .meta({ description: 'Neither the tag nor the reminder is answered' }),
    late_vehicles: z
      .array(
        z.object({
          vehicle: z.string(),
          state: z.enum(['scheduled', ...(Object.keys(LONGEST_STAY) as StageOfWay[])]),
          dealer: z.string(),
          plant: z.string().nullable(),
          period: z.int().nullable(),
          since: Instant.meta({
            description: 'When the period was over, or something was last reported of it',
          }),
        }),
      )
      .meta({
        description: `\`scheduled\`: the period is over and the plant has not said that it builds it; \`slot-release\` queues it anew. Else nothing more was reported for too long: ${tooLong(LONGEST_STAY)}, with a buyer`,
      }),
    unbuildable_lines: z
      .array(
        z.object({
          model_line: z.string(),
          vehicles: z.int(),
          since: Instant.meta({ description: 'When the one that was banked first came into the bank' }),
        }),
      )
      .meta({
        description:
          'Vehicles wait for a slot, and no plant that builds the line has any in a period that is not frozen yet',
      }),
    abandoned_notifications: z
      .array(
        z.object({
          notification: z.uuid(),
          number: z.string(),
          channel: z.enum(CHANNELS),
          failure: z.string().nullable(),
          last_attempt_at: Instant.nullable(),
        }),
      )
      .meta({ description: 'Given up within the last 30 days, and not because nobody was left to tell' }),
    disabled_endpoints: z
      .array(
        z.object({ endpoint: z.uuid(), storefront: z.string(), because: z.string(), disabled_at: Instant }),
      )
      .meta({ description: 'Nothing is sent to them' }),
    failing_steps: z
      .array(
        z.object({
          process: z.string().meta({ description: "The workflow's id" }),
          step: z.string(),
          failure: z.string(),
          since: Instant,
          last_at: Instant,
        }),
      )
      .meta({
        description:
          'Failed three times or more, the last time within 15 minutes, and not known to be done since; what they belong to stands still',
      }),
  })
  .meta({ id: 'Attention' })
export type Attention = z.infer<typeof Attention>

/** What needs a person (REQUIREMENTS P4), the oldest first, at most `MOST_SHOWN` of each kind. */
export async function readAttention(db: Database): Promise<Attention> {
  const failed = await db.execute<Attention['failed_deliveries'][number]>(sql`
    SELECT number AS delivery, order_number AS order, attempt, failure FROM deliveries
     WHERE state = 'failed' AND ended_at IS NULL ORDER BY created_at LIMIT ${LIMIT}`)
  const silent = await db.execute<Attention['silent_deliveries'][number]>(sql`
    SELECT d.number AS delivery, d.order_number AS order, d.state, e.at AS since
      FROM deliveries d JOIN events e ON e.number = d.number AND e.sequence = d.version
     WHERE d.ended_at IS NULL
       AND e.at < now() - make_interval(secs => (${JSON.stringify(LONGEST_SILENCE)}::jsonb ->> d.state)::integer)
     ORDER BY e.at LIMIT ${LIMIT}`)
  const overdue = await db.execute<Attention['overdue_purchase_orders'][number]>(sql`
    SELECT o.number AS purchase_order, o.supplier, count(*)::integer AS lines, min(l.expected_at) AS expected_at
      FROM purchase_orders o
      JOIN suppliers s ON s.id = o.supplier
      JOIN purchase_order_lines l ON l.purchase_order = o.number AND NOT l.closed
     WHERE o.ended_at IS NULL AND l.expected_at < now() - make_interval(secs => s.overdue_seconds)
     GROUP BY o.number ORDER BY min(l.expected_at) LIMIT ${LIMIT}`)
  const unsourced = await db.execute<Attention['unsourced_items'][number]>(sql`
    SELECT sku, lacking
      FROM (SELECT l.sku, ${NEED} AS lacking, ${ASKED_SUPPLIER} AS supplier FROM stock_levels l WHERE l.outstanding > 0) AS wanted
     WHERE lacking > 0 AND supplier IS NULL ORDER BY sku LIMIT ${LIMIT}`)
  const failedPayments = await db.execute<Attention['failed_payments'][number]>(sql`
    SELECT p.number AS payment, p.pays_for, p.storefront, p.state, e.at AS since,
           CASE p.state WHEN 'refund_failed' THEN (SELECT failure FROM refunds WHERE payment = p.number AND state = 'failed' LIMIT 1)
                        ELSE p.failure END AS failure
      FROM payments p JOIN events e ON e.number = p.number AND e.sequence = p.version
     WHERE (p.state IN ('lapsed', 'capture_failed', 'refund_failed')
            OR p.state = 'refunding' AND e.at < now() - make_interval(secs => ${LONGEST_REFUND})) AND p.ended_at IS NULL ORDER BY e.at LIMIT ${LIMIT}`)
  const overdueBalances = await db.execute<Attention['overdue_balances'][number]>(sql`
    SELECT o.number AS pays_for, o.balance AS payment, o.dealer, o.storefront, min(p.deadline_at) AS since
      FROM (SELECT number, balance, dealer, storefront FROM custom_orders WHERE ended_at IS NULL
            UNION ALL SELECT number, balance, dealer, storefront FROM tags WHERE ended_at IS NULL) o
      JOIN payments b ON b.number = o.balance AND b.state IN (${literals(UNPAID)})
      JOIN payments p ON p.pays_for = o.number AND p.purpose = 'balance' AND p.state IN (${literals(UNPAID)})
     WHERE p.deadline_at <= now()
     GROUP BY o.number, o.balance, o.dealer, o.storefront ORDER BY since LIMIT ${LIMIT}`)
  const silentLeads = await db.execute<Attention['silent_leads'][number]>(sql`
    SELECT l.number AS lead, l.dealer, l.storefront, e.at AS since
      FROM leads l
      JOIN LATERAL (SELECT max(at) AS at FROM events WHERE number = l.number AND type = 'lead.escalated') e ON true
     WHERE l.state = 'escalated' AND l.ended_at IS NULL ORDER BY e.at LIMIT ${LIMIT}`)
  const silentOrders = await db.execute<Attention['silent_custom_orders'][number]>(sql`
    SELECT number AS custom_order, dealer, deadline_at AS until, ${WAITS_FOR} AS waits_for
      FROM custom_orders WHERE deadline_kind = 'escalate' AND ended_at IS NULL ORDER BY deadline_at LIMIT ${LIMIT}`)
  const silentTags = await db.execute<Attention['silent_tags'][number]>(sql`
    SELECT number AS tag, vehicle, dealer, storefront, deadline_at AS until, ${WAITS_FOR} AS waits_for
      FROM tags WHERE deadline_kind = 'escalate' AND ended_at IS NULL ORDER BY deadline_at LIMIT ${LIMIT}`)
  const late = await db.execute<Attention['late_vehicles'][number]>(sql`
    SELECT v.number AS vehicle, v.state, v.dealer, v.plant, v.period, p.ends_at AS since
      FROM vehicles v JOIN production_periods p ON p.ordinal = v.period
     WHERE v.state = 'scheduled' AND p.ends_at <= now()
    UNION ALL
    SELECT v.number, v.state, v.dealer, v.plant, v.period, e.at
      FROM vehicles v
      JOIN LATERAL (SELECT max(at) AS at FROM events
                     WHERE number = v.number AND (type IN (${REPORTS}) OR type = 'vehicle.tagged' AND v.state = 'at_dealer')) e ON true
     WHERE (v.state IN ('in_production', 'built', 'shipped') OR v.state = 'at_dealer' AND v.buyer IS NOT NULL)
       AND e.at < now() - make_interval(secs => (${JSON.stringify(LONGEST_STAY)}::jsonb ->> v.state)::integer)
     ORDER BY since, vehicle LIMIT ${LIMIT}`)
  const unbuildable = await db.execute<Attention['unbuildable_lines'][number]>(sql`
    SELECT l.code AS model_line, w.vehicles, w.since
      FROM model_lines l
      CROSS JOIN LATERAL (SELECT count(*)::integer AS vehicles, min(banked_at) AS since FROM vehicles
                           WHERE state = 'banked' AND model_line = l.code) w
     WHERE w.vehicles > 0 AND l.code NOT IN (
             SELECT unnest(pl.model_lines) FROM plants pl
               JOIN plant_capacities c ON c.plant = pl.id AND c.slots > 0
               JOIN production_periods p ON p.ordinal = c.period
              WHERE NOT ${isFrozen})
     ORDER BY w.since, l.code LIMIT ${LIMIT}`)
  const abandoned = await db.execute<Attention['abandoned_notifications'][number]>(sql`
    SELECT id AS notification, number, channel, last_failure AS failure, last_attempt_at FROM notifications
     WHERE state = 'abandoned' AND created_at > now() - interval '30 days' AND COALESCE(last_failure, '') <> ALL (ARRAY[${literals(NOBODY_LEFT)}])
     ORDER BY created_at LIMIT ${LIMIT}`)
  const disabled = await db.execute<Attention['disabled_endpoints'][number]>(sql`
    SELECT id AS endpoint, storefront, disabled_because AS because, disabled_at FROM webhook_endpoints
     WHERE disabled_at IS NOT NULL ORDER BY disabled_at LIMIT ${LIMIT}`)
  const failing = await db.execute<Attention['failing_steps'][number]>(sql`
    SELECT workflow AS process, activity AS step, kind AS failure, since, last_at FROM failing_steps
     WHERE last_at > now() - ${STILL_FAILING} ORDER BY since LIMIT ${LIMIT}`)
  return {
    failed_deliveries: [...failed],
    silent_deliveries: silent.map((row) => ({ ...row, since: instant(row.since) })),
    overdue_purchase_orders: overdue.map((row) => ({ ...row, expected_at: instant(row.expected_at) })),
    unsourced_items: [...unsourced],
    silent_custom_orders: silentOrders.map((row) => ({ ...row, until: instant(row.until) })),
    failed_payments: failedPayments.map((row) => ({ ...row, since: instant(row.since) })),
    overdue_balances: overdueBalances.map((row) => ({ ...row, since: instant(row.since) })),
    silent_leads: silentLeads.map((row) => ({ ...row, since: instant(row.since) })),
    silent_tags: silentTags.map((row) => ({ ...row, until: instant(row.until) })),
    late_vehicles: late.map((row) => ({ ...row, since: instant(row.since) })),
    unbuildable_lines: unbuildable.map((row) => ({ ...row, since: instant(row.since) })),
    abandoned_notifications: abandoned.map((row) => ({
      ...row,
      last_attempt_at: row.last_attempt_at && instant(row.last_attempt_at),
    })),
    disabled_endpoints: disabled.map((row) => ({ ...row, disabled_at: instant(row.disabled_at) })),
    failing_steps: failing.map((row) => ({
      ...row,
      since: instant(row.since),
      last_at: instant(row.last_at),
    })),
  }
}

function instant(time: string): string {
  return new Date(time).toISOString()
}
