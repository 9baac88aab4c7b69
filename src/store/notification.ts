import { and, asc, eq, sql } from 'drizzle-orm'
import type { EventType } from '../domain/event.ts'
import type { LetterFacts } from '../domain/letter.ts'
import type { Database } from './database.ts'
import { readPeriods } from './period.ts'
import {
  backOrders,
  deliveries,
  events,
  items,
  notifications,
  orders,
  payments,
  webhookEndpoints,
} from './schema.ts'

export type NotificationRow = typeof notifications.$inferSelect
/** A notification with the event that it tells of. */
export type Notice = {
  notification: NotificationRow
  event: Omit<typeof events.$inferSelect, 'type'> & { type: EventType }
}

/** What is to be told of the story of a number and was not tried yet, in the order in which it happened. */
export async function pendingNotices(db: Database, number: string): Promise<Notice[]> {
  const rows = await db
    .select({ notification: notifications, event: events })
    .from(notifications)
    .innerJoin(events, eq(events.id, notifications.event))
    .where(
      and(
        // A vehicle's story is told with that of its order or tag; what came just before that ended has nobody to go to any
        // more, which is found out, and put down, in the same way.
        sql`(${notifications.number} = ${number} OR ${notifications.number} IN (
              SELECT vehicle FROM custom_orders WHERE number = ${number}
              UNION ALL SELECT vehicle FROM tags WHERE number = ${number}))`,
        eq(notifications.state, 'pending'),
      ),
    )
    .orderBy(asc(notifications.event), asc(notifications.channel), asc(notifications.recipient))
  return rows as Notice[]
}

export async function readNotice(db: Database, id: string): Promise<Notice | undefined> {
  const [row] = await db
    .select({ notification: notifications, event: events })
    .from(notifications)
    .innerJoin(events, eq(events.id, notifications.event))
    .where(eq(notifications.id, id))
  return row as Notice | undefined
}

/** Writes down one attempt and what it means for the notification. */
export async function recordAttempt(
  db: Database,
  id: string,
  attempt: { outcome: string; duration_ms: number; state: NotificationRow['state'] },
): Promise<void> {
  const failure = attempt.state === 'sent' ? null : attempt.outcome
  await db.execute(sql`
    WITH tried AS (
      INSERT INTO attempts (notification, outcome, duration_ms) VALUES (${id}, ${attempt.outcome}, ${attempt.duration_ms})
    )
    UPDATE notifications
       SET state = ${attempt.state}, attempts = attempts + 1, last_attempt_at = now(), last_failure = ${failure}
     WHERE id = ${id}`)
}

/** The numbers of whose story something was to be told at once and nobody tried for half a minute. */
export async function untoldNumbers(db: Database): Promise<string[]> {
  const rows = await db.execute<{ number: string }>(sql`
    SELECT number FROM notifications
     WHERE state = 'pending' AND created_at < now() - interval '30 seconds'
     GROUP BY number ORDER BY min(created_at) LIMIT 200`)
  return rows.map((row) => row.number)
}

export async function readEndpoint(db: Database, id: string) {
  const [row] = await db.select().from(webhookEndpoints).where(eq(webhookEndpoints.id, id))
  return row
}

/** Nothing more is sent to an endpoint; `because` says who or what switched it off. */
export async function disableEndpoint(db: Database, id: string, because: string): Promise<void> {
  await db
    .update(webhookEndpoints)
    .set({ disabled_at: sql`now()`, disabled_because: because })
    .where(eq(webhookEndpoints.id, id))
}

/** The order that a number belongs to: itself, or that of the back order, delivery or payment. */
export async function orderOf(db: Database, number: string): Promise<string | undefined> {
  const [row] = await db.execute<{ order_number: string }>(sql`
    SELECT number AS order_number FROM ${orders} WHERE number = ${number}
    UNION ALL SELECT order_number FROM ${backOrders} WHERE number = ${number}
    UNION ALL SELECT order_number FROM ${deliveries} WHERE number = ${number}
    UNION ALL SELECT b.order_number FROM ${payments} p JOIN ${backOrders} b ON b.number = p.pays_for WHERE p.number = ${number}`)
  return row?.order_number
}

type Head = Omit<LetterFacts, 'lines'> & {
  to: string
  from_name: string
  reply_to: string
  link_version: number
}

/** Everything that a letter to the customer says beside its event; undefined once the person is erased. */
export async function letterFacts(
  db: Database,
  event: Notice['event'],
): Promise<(Head & LetterFacts) | undefined> {
  const { number } = event
  const [head] = await db.execute<Head>(sql`
    SELECT o.number AS "order", o.link_version, c.email AS "to", c.name AS customer, c.time_zone,
           s.name AS storefront, s.mail_name AS from_name, s.reply_to,
           CASE WHEN b.number IS NOT NULL THEN
             jsonb_build_object('number', b.number, 'item', i.name, 'sku', b.sku, 'ordered', b.ordered,
                                'price_minor', b.price_minor, 'currency', b.currency) END AS back_order,
           CASE WHEN d.number IS NOT NULL THEN jsonb_build_object('number', d.number, 'tracking', d.tracking) END AS delivery
      FROM orders o JOIN customers c ON c.id = o.customer JOIN storefronts s ON s.id = o.storefront
      LEFT JOIN back_orders b ON b.number = ${number} LEFT JOIN items i ON i.sku = b.sku
      LEFT JOIN deliveries d ON d.number = ${number}
     WHERE o.number = COALESCE((SELECT order_number FROM back_orders WHERE number = ${number}),
                               (SELECT order_number FROM deliveries WHERE number = ${number}), ${number})
       AND c.email IS NOT NULL`)
  if (!head) return undefined
  const { wait } = await readPeriods(db)
  const lines = await db.execute<LetterFacts['lines'][number]>(sql`
    SELECT l.line, l.sku, i.name, l.ordered, l.available, l.shortfall, l.state, l.expected_at,
           COALESCE(i.wait_seconds, ${wait.default_seconds}::integer) AS wait_seconds, b.number AS back_order
      FROM order_lines l JOIN ${items} i USING (sku)
      LEFT JOIN back_orders b ON b.order_number = l.order_number AND b.line = l.line
     WHERE l.order_number = ${head.order} ORDER BY l.line`)
  return { ...head, lines: [...lines] }
}
