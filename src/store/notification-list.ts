import { eq, sql } from 'drizzle-orm'
import { z } from 'zod'
import type { Database, Transaction } from './database.ts'
import { Instant } from './order-view.ts'
import { CHANNELS, notifications } from './schema.ts'

const Channel = z.enum(CHANNELS)
const NotificationState = z.enum(['pending', 'retrying', 'sent', 'abandoned'])

/** A notification with every attempt to deliver it; who it goes to by id only. */
export const NotificationView = z
  .object({
    id: z.uuid().meta({
      description:
        'The webhook-id under which it is sent, every time, and what its Message-ID begins with: once links were revoked, their version follows',
    }),
    number: z.string().meta({ description: 'Whose story it tells' }),
    event: z.string(),
    channel: Channel,
    recipient: z.string().meta({
      description: "The customer's id, the webhook endpoint's, the supplier's or the dealer's; `operators`",
    }),
    state: NotificationState,
    attempts: z.array(z.object({ at: Instant, outcome: z.string(), duration_ms: z.int() })),
    created_at: Instant,
  })
  .meta({ id: 'Notification' })
export type NotificationView = z.infer<typeof NotificationView>

/** A notification with its place in the list. */
export type ListedNotification = { view: NotificationView; event_id: number }

type Row = {
  event_id: string
  id: string
  number: string
  event: string
  channel: z.output<typeof Channel>
  recipient: string
  state: z.output<typeof NotificationState>
  attempts: { at: string; outcome: string; duration_ms: number }[]
  created_at: string
}

const SELECT = sql`
  SELECT n.event::text AS event_id, n.id, n.number, e.type AS event, n.channel, n.recipient, n.state, n.created_at,
         COALESCE((SELECT jsonb_agg(jsonb_build_object('at', a.at, 'outcome', a.outcome, 'duration_ms', a.duration_ms) ORDER BY a.id)
                     FROM attempts a WHERE a.notification = n.id), '[]') AS attempts
    FROM notifications n JOIN events e ON e.id = n.event`

/** What was told of a lead, of a custom order and its vehicle, or of an order, its back orders and its deliveries, in the order in which it happened (REQUIREMENTS P4). */
export async function notificationsOf(
  db: Database,
  order: string,
  after: readonly [event: number, id: string] | null,
  limit: number,
): Promise<ListedNotification[]> {
  const rows = await db.execute<Row>(sql`
    ${SELECT}
     WHERE n.number IN (SELECT ${order}::text UNION ALL SELECT number FROM back_orders WHERE order_number = ${order}
                        UNION ALL SELECT number FROM deliveries WHERE order_number = ${order}
                        UNION ALL SELECT number FROM vehicles WHERE buyer = ${order})
       AND ${after ? sql`(n.event, n.id) > (${after[0]}, ${after[1]}::uuid)` : sql`true`}
     ORDER BY n.event, n.id LIMIT ${limit}`)
  return rows.map((row) => ({ view: viewOf(row), event_id: Number(row.event_id) }))
}

export async function readNotification(
  db: Database | Transaction,
  id: string,
): Promise<NotificationView | undefined> {
  const [row] = await db.execute<Row>(sql`${SELECT} WHERE n.id = ${id}::uuid`)
  return row && viewOf(row)
}

/** Has a notification told anew, whether it was sent, is being retried, or was given up. */
export async function tellAgain(tx: Transaction, id: string): Promise<void> {
  await tx.update(notifications).set({ state: 'pending' }).where(eq(notifications.id, id))
}

function viewOf(row: Row): NotificationView {
  const instant = (time: string) => new Date(time).toISOString()
  return {
    id: row.id,
    number: row.number,
    event: row.event,
    channel: row.channel,
    recipient: row.recipient,
    state: row.state,
    attempts: row.attempts.map((attempt) => ({ ...attempt, at: instant(attempt.at) })),
    created_at: instant(row.created_at),
  }
}
