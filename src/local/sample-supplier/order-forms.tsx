import { type Line, nextReference, type PurchaseOrder, unsent } from './purchase-order.ts'

const THREE_DAYS_MS = 3 * 24 * 60 * 60 * 1000

export function AcknowledgeForm({ lines, action }: { lines: Line[]; action: string }) {
  return (
    <fieldset>
      <legend>Acknowledge</legend>
      <form method="post" action={`${action}/acknowledge`}>
        <table>
          <thead>
            <tr>
              <th>Line</th>
              <th>Accept</th>
              <th>Back-order</th>
              <th>Reject</th>
            </tr>
          </thead>
          <tbody>
            {lines.map((line) => (
              <tr>
                <td>
                  {line.line}: {line.sku}
                </td>
                <td>
                  <Quantity name={`accepted.${line.line}`} value={line.quantity} />{' '}
                  <Day name={`accepted_on.${line.line}`} value={line.expected_at} />
                </td>
                <td>
                  <Quantity name={`back_ordered.${line.line}`} value={0} />{' '}
                  <Day name={`back_ordered_on.${line.line}`} value={line.expected_at} />
                </td>
                <td>
                  <Quantity name={`rejected.${line.line}`} value={0} />{' '}
                  <input name={`rejected_reason.${line.line}`} value="No longer made" aria-label="Reason" />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
        <p>
          <button type="submit">Send acknowledgement</button>
        </p>
      </form>
    </fieldset>
  )
}

export function StockForm({ order, action }: { order: PurchaseOrder; action: string }) {
  return (
    <fieldset>
      <legend>Send stock</legend>
      <form method="post" action={`${action}/stock`}>
        <Reference value={nextReference(order, 'inventory-update')} label="Delivery note" />
        <table>
          <thead>
            <tr>
              <th>Line</th>
              <th>Arrived in good order</th>
              <th>Arrived, but rejected</th>
            </tr>
          </thead>
          <tbody>
            {order.lines.map((line) => (
              <tr>
                <td>
                  {line.line}: {line.sku}
                </td>
                <td>
                  <Quantity name={`received.${line.line}`} value={unsent(order, line)} />
                </td>
                <td>
                  <Quantity name={`rejected.${line.line}`} value={0} />{' '}
                  <input
                    name={`rejected_reason.${line.line}`}
                    value="Damaged on the way"
                    aria-label="Reason"
                  />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
        <p>
          <button type="submit">Send inventory update</button>
        </p>
      </form>
    </fieldset>
  )
}

export function NoticeForm({ order, action }: { order: PurchaseOrder; action: string }) {
  return (
    <fieldset>
      <legend>Announce a shipment</legend>
      <form method="post" action={`${action}/notice`}>
        <Reference value={nextReference(order, 'shipment-notice')} label="Shipment" />
        <table>
          <thead>
            <tr>
              <th>Line</th>
              <th>Quantity</th>
              <th>Arrives by</th>
            </tr>
          </thead>
          <tbody>
            {order.lines.map((line) => (
              <tr>
                <td>
                  {line.line}: {line.sku}
                </td>
                <td>
                  <Quantity name={`quantity.${line.line}`} value={unsent(order, line)} />
                </td>
                <td>
                  <Day name={`on.${line.line}`} value={line.expected_at} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
        <p>
          <button type="submit">Send shipment notice</button>
        </p>
      </form>
    </fieldset>
  )
}

function Reference({ value, label }: { value: string; label: string }) {
  return (
    <label>
      {label} <input name="reference" value={value} required />
    </label>
  )
}

function Quantity({ name, value }: { name: string; value: number }) {
  return <input type="number" name={name} value={value} min={0} aria-label="Quantity" />
}

function Day({ name, value }: { name: string; value: string | null | undefined }) {
  const day = value ?? new Date(Date.now() + THREE_DAYS_MS).toISOString()
  return <input type="date" name={name} value={day.slice(0, 10)} required aria-label="Date" />
}
