import type { Command } from '../domain/command.ts'
import { after } from '../domain/period.ts'
import { type PurchaseOrderProgress, withShipment } from '../domain/purchase-order.ts'
import { faultAt, Refusal } from '../domain/refusal.ts'
import type { Database, Transaction } from '../store/database.ts'
import { readCommandBody, storeAnswer } from '../store/idempotency-key.ts'
import { reviewPromises } from '../store/promise.ts'
import {
  lockPurchaseOrder,
  type PurchaseOrderLineRow,
  type PurchaseOrderRow,
  purchaseOrderLinesOf,
  purchaseOrderProgress,
  replaceSchedule,
  scheduleOf,
  updatePurchaseOrder,
  updatePurchaseOrderLine,
} from '../store/purchase-order.ts'
import { purchaseOrderView } from '../store/purchase-order-view.ts'
import { lockStock } from '../store/stock.ts'
import { passOver, readSupplier, type SupplierRow } from '../store/supplier.ts'
import { askForSupply, askNextSupplier } from '../store/supply.ts'
import type { Steps } from './steps.ts'

/** The purchase order's own transactions (REQUIREMENTS A5): the stock of its items, then itself, then its lines. */
export function createPurchaseOrderActivities({ db, steps }: { db: Database; steps: Steps }) {
  return {
    /** The purchase order's row as its workflow sees it; null when there is no such purchase order. */
    async readPurchaseOrder(number: string): Promise<PurchaseOrderProgress | null> {
      return steps.seen(await purchaseOrderProgress(db, number))
    },

    /**
     * The supplier's word per line: accepted and back-ordered units with their dates, rejected ones with a reason; they
     * add up to what the line asks for, and no date lies more than a day back. A later acknowledgement replaces an
     * earlier one; on a line that was withdrawn or closed it is refused.
     */
    async acknowledgePurchaseOrder(
      asked: Command & { number: string },
    ): Promise<PurchaseOrderProgress | null> {
      const { number, command: step, actor } = asked
      return steps.run(step, async (tx) => {
        const { row, lines, supplier, now } = await open(tx, number)
        const body = (await readCommandBody(tx, step)) as Acknowledgement
        const words = body.lines.map((word, index) => ({
          word,
          line: checkWord(word, `/lines/${index}`, lines, now),
        }))
        for (const { word, line } of words) await acceptWord(tx, supplier, line, word, step)
        await updatePurchaseOrder(
          tx,
          row,
          { deadline: 'by_dates' },
          {
            type: 'purchase_order.acknowledged',
            actor,
            details: {
              lines: words.map(({ line }) => ({
                line: line.line,
                agreed: line.agreed,
                expected_at: line.expected_at,
              })),
            },
            note: reasons(body),
          },
        )
        await reviewPromises(
          tx,
          words.map(({ line }) => line.sku),
          step,
        )
        await storeAnswer(tx, step, 200, await purchaseOrderView(tx, number))
        return purchaseOrderProgress(tx, number)
      })
    },

    /** A notice of shipment: dates only, the books do not move (A5). */
    async noteShipment(asked: Command & { number: string }): Promise<PurchaseOrderProgress | null> {
      const { number, command: step, actor } = asked
      return steps.run(step, async (tx) => {
        const { row, lines, now } = await open(tx, number)
        const notice = (await readCommandBody(tx, step)) as ShipmentNotice
        const noted = notice.lines.map((part, index) => {
          const line = findLine(part.line, `/lines/${index}/line`, lines)
          refusePast(part.expected_at, `/lines/${index}/expected_at`, now)
          if (part.quantity > line.agreed - line.received) {
            throw new Refusal(
              'quantity-mismatch',
              `Line ${line.line} has ${line.agreed - line.received} still to come.`,
              {
                errors: [{ pointer: `/lines/${index}/quantity`, detail: 'more than is still to come' }],
              },
            )
          }
          return { line, quantity: part.quantity, expected_at: new Date(part.expected_at) }
        })
        const schedule = await scheduleOf(tx, number)
        for (const { line, quantity, expected_at } of noted) {
          const toCome = line.agreed - line.received
          const known = schedule.filter((part) => part.line === line.line)
          const whole = { quantity: toCome, expected_at: line.expected_at, kind: 'accepted' as const }
          const parts = withShipment(known.length > 0 ? known : [whole], toCome, { quantity, expected_at })
          await replaceSchedule(tx, line, parts)
          await updatePurchaseOrderLine(tx, line, {
            expected_at: new Date(Math.max(...parts.map((part) => part.expected_at.getTime()))),
          })
        }
        await updatePurchaseOrder(
          tx,
          row,
          { deadline: 'by_dates' },
          {
            type: 'purchase_order.shipment_notified',
            actor,
            details: {
              lines: noted.map(({ line, quantity, expected_at }) => ({
                line: line.line,
                quantity,
                expected_at,
              })),
            },
            note: notice.reference,
          },
        )
        await reviewPromises(
          tx,
          noted.map(({ line }) => line.sku),
          step,
        )
        await storeAnswer(tx, step, 200, await purchaseOrderView(tx, number))
        return purchaseOrderProgress(tx, number)
      })
    },

    /**
     * A deadline of the purchase order: without an acknowledgement the supplier is reminded; after that the lines that
     * are not acknowledged lapse and the next supplier is asked; goods overdue are shown to operators, again and again.
     */
    async passPurchaseOrderDeadline({
      number,
      step,
    }: {
      number: string
      step: string
    }): Promise<PurchaseOrderProgress | null> {
      return steps.run(step, async (tx) => {
        const opened = await open(tx, number)
        const { row, lines, supplier, now } = opened
        if (!row.deadline_at || row.deadline_at > now) return purchaseOrderProgress(tx, number)
        if (row.deadline_kind === 'acknowledge') {
          const at = after(now, supplier.remind_seconds)
          await updatePurchaseOrder(
            tx,
            row,
            { deadline: { kind: 'remind', at } },
            {
              type: 'purchase_order.reminded',
              actor: 'house',
              details: { deadline_at: at, lines: lines.filter(isUnanswered).map(({ line }) => line) },
            },
          )
        } else if (row.deadline_kind === 'remind') {
          await withdrawLines(tx, opened, lines.filter(isUnanswered), {
            because: 'lapsed',
            actor: 'house',
            step,
          })
        } else {
          const at = after(now, supplier.overdue_seconds)
          await updatePurchaseOrder(
            tx,
            row,
            { deadline: { kind: 'overdue', at } },
            {
              type: 'purchase_order.overdue',
              actor: 'house',
              details: {
                lines: lines
                  .filter((line) => !line.closed)
                  .map(({ line, expected_at }) => ({ line, expected_at })),
              },
            },
          )
        }
        return purchaseOrderProgress(tx, number)
      })
    },

    /** An operator gives up on a line: it is withdrawn, and the next supplier is asked. */
    async withdrawPurchaseOrderLine(
      asked: Command & { number: string; line: number },
    ): Promise<PurchaseOrderProgress | null> {
      const { number, command: step, actor } = asked
      return steps.run(step, async (tx) => {
        const opened = await open(tx, number)
        const line = opened.lines.find((line) => line.line === asked.line)
        if (!line) throw new Refusal('not-found', `The purchase order has no line ${asked.line}.`)
        if (line.closed)
          throw new Refusal('line-withdrawn', `Line ${line.line} is closed: ${line.closed_because}.`)
        const { reason } = (await readCommandBody(tx, step)) as { reason: string }
        await withdrawLines(tx, opened, [line], { because: 'withdrawn', actor, step, note: reason })
        await storeAnswer(tx, step, 200, await purchaseOrderView(tx, number))
        return purchaseOrderProgress(tx, number)
      })
    },
  }
}

/** The bodies as the API checked them. */
type Part = { quantity: number; expected_at: string }
type Word = {
  line: number
  accepted?: Part
  back_ordered?: Part
  rejected?: { quantity: number; reason: string }
}
type Acknowledgement = { lines: Word[] }
type ShipmentNotice = { reference: string; lines: ({ line: number } & Part)[] }

type Opened = { row: PurchaseOrderRow; lines: PurchaseOrderLineRow[]; supplier: SupplierRow; now: Date }

async function open(tx: Transaction, number: string): Promise<Opened> {
  const known = await purchaseOrderLinesOf(tx, number)
  await lockStock(
    tx,
    known.map((line) => line.sku),
  )
  const locked = await lockPurchaseOrder(tx, number)
  if (!locked) throw new Refusal('not-found', `There is no purchase order ${number}.`)
  const supplier = await readSupplier(tx, locked.row.supplier)
  if (!supplier) throw new Error('a purchase order without its supplier')
  return { row: locked.row, lines: await purchaseOrderLinesOf(tx, number), supplier, now: locked.now }
}

const isUnanswered = (line: PurchaseOrderLineRow) => !line.closed && line.accepted === null

function findLine(number: number, pointer: string, lines: PurchaseOrderLineRow[]): PurchaseOrderLineRow {
  const line = lines.find((line) => line.line === number)
  if (!line) {
    throw faultAt(pointer, `the purchase order has no line ${number}`)
  }
  if (line.closed) {
    throw new Refusal('line-withdrawn', `Line ${number} is closed: ${line.closed_because}.`, {
      errors: [{ pointer, detail: `closed: ${line.closed_because}` }],
    })
  }
  return line
}

/** How far back a date may lie: whoever writes days for times may be a day behind our clock. */
const PAST_MS = 86_400_000

function refusePast(expectedAt: string, pointer: string, now: Date): void {
  if (Date.parse(expectedAt) >= now.getTime() - PAST_MS) return
  const detail = 'is in the past'
  throw new Refusal('period-out-of-range', `The expected date ${detail}.`, { errors: [{ pointer, detail }] })
}

function checkWord(
  word: Word,
  pointer: string,
  lines: PurchaseOrderLineRow[],
  now: Date,
): PurchaseOrderLineRow {
  const line = findLine(word.line, `${pointer}/line`, lines)
  for (const kind of ['accepted', 'back_ordered'] as const) {
    if (word[kind]) refusePast(word[kind].expected_at, `${pointer}/${kind}/expected_at`, now)
  }
  const stands = (word.accepted?.quantity ?? 0) + (word.back_ordered?.quantity ?? 0)
  const total = stands + (word.rejected?.quantity ?? 0)
  if (total !== line.agreed) {
    const detail = `the quantities add up to ${total}; the line asks for ${line.agreed}`
    throw new Refusal('quantity-mismatch', `Line ${line.line}: ${detail}.`, { errors: [{ pointer, detail }] })
  }
  if (stands < line.received) {
    const detail = `${line.received} of it were received already`
    throw new Refusal('quantity-mismatch', `Line ${line.line}: ${detail}.`, { errors: [{ pointer, detail }] })
  }
  return line
}

async function acceptWord(
  tx: Transaction,
  supplier: SupplierRow,
  line: PurchaseOrderLineRow,
  word: Word,
  step: string,
): Promise<void> {
  const parts = [
    ...(word.accepted ? [{ ...word.accepted, kind: 'accepted' as const }] : []),
    ...(word.back_ordered ? [{ ...word.back_ordered, kind: 'back_ordered' as const }] : []),
  ].filter((part) => part.quantity > 0)
  const agreed = parts.reduce((sum, part) => sum + part.quantity, 0)
  const rejected = word.rejected?.quantity ?? 0
  const isAsWished = line.change_requested !== null && agreed >= line.change_requested
  await replaceSchedule(
    tx,
    line,
    parts.map((part) => ({ ...part, expected_at: new Date(part.expected_at) })),
  )
  const last = Math.max(...parts.map((part) => Date.parse(part.expected_at)))
  await updatePurchaseOrderLine(tx, line, {
    agreed,
    accepted: agreed,
    change_requested: null,
    ...(parts.length > 0 ? { expected_at: new Date(last) } : {}),
    ...(agreed === 0 ? { closed: true, closed_because: 'rejected' as const } : {}),
    ...(agreed > 0 && agreed === line.received ? { closed: true, closed_because: 'received' as const } : {}),
  })
  if (rejected === 0) return
  // Giving up what we asked to have back is no refusal.
  if (isAsWished) return askForSupply(tx, line.sku, rejected, step)
  await passOver(tx, supplier, line.sku)
  await askNextSupplier(tx, line.sku, step)
}

/** Lines that nothing more is to come on: what they lacked is asked of the next supplier. */
async function withdrawLines(
  tx: Transaction,
  { row, supplier }: Opened,
  withdrawn: PurchaseOrderLineRow[],
  how: { because: 'lapsed' | 'withdrawn'; actor: string; step: string; note?: string },
): Promise<void> {
  const { because, actor, step, note = null } = how
  let current = row
  for (const line of withdrawn) {
    await updatePurchaseOrderLine(tx, line, { agreed: line.received, closed: true, closed_because: because })
    current = await updatePurchaseOrder(
      tx,
      current,
      { deadline: 'by_dates' },
      {
        type: 'purchase_order.line_withdrawn',
        actor,
        details: { line: line.line, quantity: line.received, because },
        note,
      },
    )
    await passOver(tx, supplier, line.sku)
    await askNextSupplier(tx, line.sku, step)
  }
  await reviewPromises(
    tx,
    withdrawn.map(({ sku }) => sku),
    step,
  )
}

function reasons(body: Acknowledgement): string | null {
  const given = body.lines.flatMap(({ line, rejected }) =>
    rejected?.quantity ? [`line ${line}: ${rejected.reason}`] : [],
  )
  return given.length > 0 ? given.join('; ') : null
}
