import { page, when } from '../partner/page.tsx'
import type { Member } from '../partner/roster.ts'
import type { OrderBook } from './order-book.ts'
import { openLines, type PurchaseOrder, unsent } from './purchase-order.ts'
import type { Suppliers } from './suppliers.ts'

const MOST_SHOWN = 50

export function suppliersPage(suppliers: Suppliers, book: OrderBook) {
  const all = suppliers.all()
  return page(
    'Sample suppliers',
    undefined,
    <>
      <h1>Sample suppliers</h1>
      <p class="lead">
        They stand in for real suppliers and speak to Holdfast as those would. An automatic one answers by
        itself; a manual one waits for you.
      </p>
      {all.length === 0 && <p>None is defined yet.</p>}
      {all.map((supplier) => (
        <>
          <h2>
            {supplier.name} <span class="dim">{supplier.id}</span>
          </h2>
          <Behaviour supplier={supplier} behaviour={suppliers.behaviour(supplier)} />
          <Orders orders={book.newestFirst(supplier.id)} />
        </>
      ))}
    </>,
  )
}

const HABITS = {
  silent: 'never answers',
  reject: 'rejects everything',
  unavailable: 'out of service (503)',
  gone: 'address gone (410)',
} as const

function Behaviour({
  supplier,
  behaviour,
}: {
  supplier: Member
  behaviour: ReturnType<Suppliers['behaviour']>
}) {
  return (
    <form method="post" action={`/forms/${encodeURIComponent(supplier.id)}/behaviour`}>
      <label>
        <select name="mode" aria-label="Mode">
          <option value="automatic" selected={behaviour.mode === 'automatic'}>
            automatic: acknowledges after {behaviour.acknowledge_after_ms / 1000} s, sends after{' '}
            {behaviour.ship_after_ms / 1000} s
          </option>
          <option value="manual" selected={behaviour.mode === 'manual'}>
            manual
          </option>
        </select>
      </label>
      {(Object.keys(HABITS) as (keyof typeof HABITS)[]).map((habit) => (
        <label>
          <input type="checkbox" name={habit} checked={behaviour[habit]} /> {HABITS[habit]}
        </label>
      ))}
      <button type="submit">Set</button>
    </form>
  )
}

function Orders({ orders }: { orders: PurchaseOrder[] }) {
  if (orders.length === 0) return <p class="dim">No purchase orders yet.</p>
  return (
    <>
      <table>
        <thead>
          <tr>
            <th>Purchase order</th>
            <th>Received</th>
            <th>Lines</th>
            <th>State</th>
            <th />
          </tr>
        </thead>
        <tbody>
          {orders.slice(0, MOST_SHOWN).map((order) => (
            <Order order={order} />
          ))}
        </tbody>
      </table>
      {orders.length > MOST_SHOWN && <p class="dim">Only the newest {MOST_SHOWN} are shown.</p>}
    </>
  )
}

function Order({ order }: { order: PurchaseOrder }) {
  const name = `${encodeURIComponent(order.supplier)}/${encodeURIComponent(order.number)}`
  const open = openLines(order).length
  const due = order.lines.reduce((sum, line) => sum + unsent(order, line), 0)
  return (
    <tr>
      <td>
        <a href={`/orders/${name}`}>{order.number}</a>
      </td>
      <td class="dim">{when(order.received_at)}</td>
      <td>
        {order.lines.map(({ line, sku, quantity }) => (
          <div class={order.withdrawn.includes(line) ? 'dim' : ''}>
            {quantity} × {sku}
            {order.withdrawn.includes(line) && ' (withdrawn)'}
          </div>
        ))}
      </td>
      <td>
        {open > 0 && <div>{open} to acknowledge</div>}
        {due > 0 && <div>{due} units to send</div>}
        {open + due === 0 && <div class="dim">nothing to do</div>}
      </td>
      <td>
        {open > 0 && <Press name={name} what="accept-all" label="Accept all" />}
        {due > 0 && <Press name={name} what="send-all" label="Send all" />}
      </td>
    </tr>
  )
}

function Press({ name, what, label }: { name: string; what: string; label: string }) {
  return (
    <form method="post" action={`/forms/${name}/${what}`}>
      <button type="submit">{label}</button>
    </form>
  )
}
