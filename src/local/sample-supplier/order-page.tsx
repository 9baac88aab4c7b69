import { CallsTable, ReceivedList } from '../partner/calls-table.tsx'
import { page, when } from '../partner/page.tsx'
import type { Member } from '../partner/roster.ts'
import type { Received } from '../partner/signed.ts'
import { AcknowledgeForm, NoticeForm, StockForm } from './order-forms.tsx'
import { type Line, openLines, type PurchaseOrder, unsent } from './purchase-order.ts'

export function orderPage(supplier: Member, order: PurchaseOrder, webhooks: Received[]) {
  const action = `/forms/${encodeURIComponent(order.supplier)}/${encodeURIComponent(order.number)}`
  return page(
    `${order.number} – ${supplier.name}`,
    undefined,
    <>
      <p>
        <a href="/">← All suppliers</a>
      </p>
      <h1>Purchase order {order.number}</h1>
      <p class="lead">
        to {supplier.name}, received {when(order.received_at)}
      </p>
      <CallsTable calls={order.calls} action={action} nameOf={({ kind }) => kind.replace('-', ' ')} />
      <h2>Lines</h2>
      <Lines order={order} />
      {openLines(order).length > 0 && <AcknowledgeForm lines={openLines(order)} action={action} />}
      {order.lines.length > 0 && (
        <>
          <StockForm order={order} action={action} />
          <NoticeForm order={order} action={action} />
        </>
      )}
      <ReceivedList received={webhooks} />
    </>,
  )
}

function Lines({ order }: { order: PurchaseOrder }) {
  const open = new Set(openLines(order))
  return (
    <table>
      <thead>
        <tr>
          <th>Line</th>
          <th>Item</th>
          <th class="number">Quantity</th>
          <th class="number">Unit price</th>
          <th>Wanted by</th>
          <th>State</th>
        </tr>
      </thead>
      <tbody>
        {order.lines.map((line) => (
          <tr>
            <td>{line.line}</td>
            <td>{line.sku}</td>
            <td class="number">{line.quantity}</td>
            <td class="number">{price(line)}</td>
            <td>{line.expected_at ? line.expected_at.slice(0, 10) : '–'}</td>
            <td>{state(order, line, open)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function state(order: PurchaseOrder, line: Line, open: Set<Line>): string {
  if (order.withdrawn.includes(line.line)) return 'withdrawn by Holdfast'
  if (open.has(line)) return 'waits for your answer'
  const left = unsent(order, line)
  return left > 0 ? `acknowledged, ${left} to send` : 'done'
}

function price({ unit_price: { amount, currency } }: Line): string {
  const format = new Intl.NumberFormat('en', { style: 'currency', currency })
  return format.format(amount / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 0))
}
