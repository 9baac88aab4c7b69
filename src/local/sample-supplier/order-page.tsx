import { z } from 'zod'
import { page, when } from '../partner/page.tsx'
import { succeeded } from '../partner/send.ts'
import type { Received } from '../partner/signed.ts'
import { AcknowledgeForm, NoticeForm, StockForm } from './order-forms.tsx'
import { type Call, type Line, openLines, type PurchaseOrder, unsent } from './purchase-order.ts'
import type { Supplier } from './suppliers.ts'

export function orderPage(supplier: Supplier, order: PurchaseOrder, webhooks: Received[]) {
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
      <Calls calls={order.calls} action={action} />
      <h2>Lines</h2>
      <Lines order={order} />
      {openLines(order).length > 0 && <AcknowledgeForm lines={openLines(order)} action={action} />}
      {order.lines.length > 0 && (
        <>
          <StockForm order={order} action={action} />
          <NoticeForm order={order} action={action} />
        </>
      )}
      <h2>What Holdfast sent</h2>
      {webhooks.map(({ type, webhook_id, body, received_at }) => (
        <details>
          <summary>
            {type} <span class="dim">{received_at.map(when).join(', ')}</span>
          </summary>
          <p class="dim">{webhook_id}</p>
          <pre>{JSON.stringify(body, null, 2)}</pre>
        </details>
      ))}
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

function Calls({ calls, action }: { calls: Call[]; action: string }) {
  if (calls.length === 0) return null
  return (
    <>
      <h2>What you sent, newest first</h2>
      <table>
        <tbody>
          {[...calls].reverse().map((call) => (
            <tr>
              <td>
                {call.kind.replace('-', ' ')}
                <div class="dim">{when(call.made_at)}</div>
              </td>
              <td>
                <details>
                  <summary>contents</summary>
                  <pre>{JSON.stringify(call.body, null, 2)}</pre>
                </details>
              </td>
              <td>
                <AnswerOf call={call} />
              </td>
              <td>
                <form method="post" action={`${action}/calls/${encodeURIComponent(call.id)}/again`}>
                  <button type="submit">Send again</button>{' '}
                  <button
                    type="submit"
                    name="new_key"
                    value="yes"
                    title="The same contents under another Idempotency-Key"
                  >
                    as new
                  </button>
                </form>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  )
}

const Problem = z.object({ title: z.string().default(''), detail: z.string().default('') })

/** Holdfast's words: the title and detail of a problem, where it is one. */
function AnswerOf({ call: { answer, attempts } }: { call: Call }) {
  if (!answer) return <span class="dim">not answered yet</span>
  const problem = Problem.safeParse(answer.body).data
  return (
    <>
      <strong class={succeeded(answer) ? 'good' : 'bad'}>
        {answer.status || ''} {problem?.title}
      </strong>
      <div>{problem?.detail}</div>
      {attempts > 1 && <div class="dim">sent {attempts} times</div>}
      <details>
        <summary>answer</summary>
        <pre>{JSON.stringify(answer.body, null, 2)}</pre>
      </details>
    </>
  )
}
