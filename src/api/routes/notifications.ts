import { createRoute, z } from '@hono/zod-openapi'
import { kindOf, type NumberKind, processOf } from '../../domain/number.ts'
import { Refusal } from '../../domain/refusal.ts'
import { readCustomOrder } from '../../store/custom-order.ts'
import type { Database, Transaction } from '../../store/database.ts'
import { readLead } from '../../store/lead.ts'
import { readMatchRequest } from '../../store/match-request.ts'
import {
  type ListedNotification,
  NotificationView,
  notificationsOf,
  readNotification,
  tellAgain,
} from '../../store/notification-list.ts'
import { readOrder } from '../../store/order.ts'
import { readPayment } from '../../store/payment.ts'
import { readTag } from '../../store/tag.ts'
import { readVehicle } from '../../store/vehicle.ts'
import { wakeBuyer } from '../../store/vehicle-progress.ts'
import { wake } from '../../store/wake.ts'
import { answerFromBooks } from '../answer.ts'
import { requireRole } from '../auth.ts'
import { Page, pageOf, pageQuery, sortKey } from '../cursor.ts'
import { idempotencyKeyOf } from '../idempotency.ts'
import type { Api, ApiKit } from '../kit.ts'
import { answers, IdempotencyHeader, jsonBody, NumberParam, numberIn } from '../request.ts'
import { wakeNow } from '../wake.ts'

const tags = ['Operator: notifications']

/** Who was told what, and telling them again (REQUIREMENTS P4). */
export function registerNotifications(app: Api, kit: ApiKit): void {
  for (const about of ABOUT) registerNotificationsOf(app, kit, about)

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/operator/notifications/{id}/redelivery',
      tags,
      summary: 'Tell somebody again',
      description:
        'Sends the notification anew under its old id, whether it was sent, is being retried, or was given up.',
      middleware: [requireRole(kit, 'operator')] as const,
      request: {
        params: z.object({ id: z.uuid() }),
        headers: IdempotencyHeader,
        body: jsonBody(z.strictObject({})),
      },
      responses: answers(202, 'The notification, about to be sent', NotificationView),
    }),
    async (c) => {
      const body = c.req.valid('json')
      const key = idempotencyKeyOf(c)
      const notification = await readNotification(kit.db, c.req.valid('param').id)
      if (!notification) throw new Refusal('not-found', 'There is no such notification.')
      const { id, number } = notification
      let step = ''
      const response = await answerFromBooks(
        c,
        kit,
        { key, body, number, status: 202 },
        async (tx, command) => {
          step = command
          await tellAgain(tx, id)
          // The process of the story tells what is pending, also when the story is over.
          await wakeTeller(tx, number, command)
          return { ...notification, state: 'pending' }
        },
      )
      await wakeNow(kit, step)
      return response as never
    },
  )
}

/** Has the process look that tells a number's story: its own, or, of a vehicle, that of the order which it is for. */
async function wakeTeller(tx: Transaction, number: string, step: string): Promise<void> {
  const vehicle = kindOf(number) === 'vehicle' ? await readVehicle(tx, number) : undefined
  if (vehicle) await wakeBuyer(tx, vehicle, step)
  else await wake(tx, step, [processOf(number)])
}

type About = {
  path: string
  kind: NumberKind
  name: string
  description: string
  read: (db: Database, number: string) => Promise<unknown>
}
const ABOUT: About[] = [
  {
    path: 'orders',
    kind: 'order',
    name: 'order',
    description: 'With every attempt; its back orders and deliveries included.',
    read: readOrder,
  },
  {
    path: 'custom-orders',
    kind: 'customOrder',
    name: 'custom order',
    description: 'With every attempt; its vehicle included, and what the gateway told dealer and processor.',
    read: readCustomOrder,
  },
  {
    path: 'payments',
    kind: 'payment',
    name: 'payment',
    description: 'With every attempt.',
    read: readPayment,
  },
  { path: 'leads', kind: 'lead', name: 'lead', description: 'With every attempt.', read: readLead },
  { path: 'tags', kind: 'tag', name: 'tag', description: 'With every attempt.', read: readTag },
  {
    path: 'match-requests',
    kind: 'matchRequest',
    name: 'match request',
    description: 'With every attempt.',
    read: readMatchRequest,
  },
]

function registerNotificationsOf(
  app: Api,
  kit: ApiKit,
  { path, kind, name, description, read }: About,
): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: `/v1/operator/${path}/{number}/notifications`,
      tags,
      summary: `See who was told what about ${kind === 'order' ? 'an' : 'a'} ${name}`,
      description,
      middleware: [requireRole(kit, 'operator')] as const,
      request: { params: NumberParam, query: z.strictObject(pageQuery) },
      responses: answers(200, 'In the order in which it happened', Page(NotificationView)),
    }),
    async (c) => {
      const number = numberIn(kind, c.req.valid('param').number)
      if (!(await read(kit.db, number))) throw new Refusal('not-found', `There is no ${name} ${number}.`)
      const page = await pageOf<ListedNotification, readonly [number, string]>(c.req.valid('query'), {
        key: z.tuple([sortKey.id, z.uuid()]),
        read: (after, limit) => notificationsOf(kit.db, number, after, limit),
        keyOf: ({ event_id, view }) => [event_id, view.id],
      })
      return c.json({ ...page, data: page.data.map(({ view }) => view) }, 200)
    },
  )
}
