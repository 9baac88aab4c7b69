import { createHash } from 'node:crypto'
import { createRoute, z } from '@hono/zod-openapi'
import { bookReceipt } from '../../clients/messages.ts'
import { parseNumber } from '../../domain/number.ts'
import { partnerOf, requireRole } from '../auth.ts'
import { answerOnce, idempotencyKeyOf } from '../idempotency.ts'
import type { Api, ApiKit } from '../kit.ts'
import { answers, IdempotencyHeader, jsonBody, Note, Reference, Sku } from '../request.ts'
import { send } from '../send.ts'

const Units = z.int().min(0).max(1_000_000)

export const InventoryUpdate = z
  .strictObject({
    reference: Reference.meta({
      description: "The supplier's own reference of this delivery: booked once however often it is sent",
    }),
    lines: z
      .array(
        z
          .strictObject({
            sku: Sku,
            purchase_order: z
              .string()
              .transform((given, check) => {
                const parsed = parseNumber('purchaseOrder', given)
                if (parsed.ok) return parsed.number
                check.addIssue({ code: 'custom', message: `this purchase order number is ${parsed.fault}` })
                return z.NEVER
              })
              .optional()
              .meta({ description: 'Without it the oldest open line for the item is filled' }),
            received: Units.meta({ description: 'Good units, over-delivered ones included' }),
            rejected: z.strictObject({ quantity: Units, reason: Note }).optional(),
          })
          .refine(
            (line) => line.received + (line.rejected?.quantity ?? 0) > 0,
            'a line brings or rejects at least one unit',
          ),
      )
      .min(1)
      .max(1_000)
      .superRefine((lines, check) => {
        for (const [index, { sku, purchase_order }] of lines.entries()) {
          const before = lines.slice(0, index).filter((line) => line.sku === sku)
          if (
            before.some(
              (line) => !purchase_order || !line.purchase_order || line.purchase_order === purchase_order,
            )
          ) {
            check.addIssue({
              code: 'custom',
              path: [index, 'sku'],
              message: 'this item is there already; name a different purchase order on each of its lines',
            })
          }
        }
      }),
  })
  .meta({ id: 'InventoryUpdate' })

const Booked = z
  .object({
    reference: z.string(),
    receipt: z.uuid(),
    lines: z.array(
      z.object({
        sku: z.string(),
        received: z.int(),
        rejected: z.int(),
        over_delivered: z.int().meta({ description: 'Booked too, though nothing of it was still to come' }),
        unordered: z.int().meta({ description: 'Booked too, though no purchase order asks for the item' }),
        purchase_orders: z.array(z.string()),
      }),
    ),
  })
  .meta({ id: 'Receipt' })

export function registerInventoryUpdates(app: Api, kit: ApiKit): void {
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/inventory-updates',
      tags: ['Inventory'],
      summary: 'Bring stock',
      description:
        'Raises on hand by what was received and hands it to the waiters at once. The same reference is booked once (A5, A6).',
      middleware: [requireRole(kit, 'supplier')] as const,
      request: { headers: IdempotencyHeader, body: jsonBody(InventoryUpdate) },
      responses: answers(201, 'What was booked', Booked),
    }),
    async (c) => {
      const body = c.req.valid('json')
      const key = idempotencyKeyOf(c)
      const { caller } = c.var
      const supplier = partnerOf(caller)
      return answerOnce(c, kit, {
        key,
        body,
        number: null,
        work: ({ command }) => book(kit, supplier, body.reference, { command, actor: caller.actor }),
      }) as never
    },
  )
}

/** Sends an inventory update to the process that its reference names. */
export async function book(
  kit: ApiKit,
  supplier: string,
  reference: string,
  command: { command: string; actor: string },
): Promise<void> {
  const hash = createHash('sha256').update(reference).digest('hex').slice(0, 24)
  const target = {
    workflow: 'restock',
    workflowId: `restock/${supplier}/${hash}`,
    args: [supplier],
    summary: `Stock from ${supplier}`,
  }
  await send(kit, target, bookReceipt, command)
}
