import { page, when } from '../partner/page.tsx'
import { Untaken } from '../partner/untaken.tsx'
import { type CarrierBehaviour, CarrierOrders } from './behaviour.ts'
import type { Carrier } from './carrier.ts'
import type { Shipment } from './shipment.ts'

const MOST_SHOWN = 200

export function shipmentsPage(carrier: Carrier, behaviour: CarrierBehaviour) {
  const newestFirst = carrier.newestFirst()
  return page(
    'Sample carrier',
    undefined,
    <>
      <h1>Sample carrier</h1>
      <p class="lead">
        Collects after {behaviour.collect_after_ms / 1000} s and delivers {behaviour.deliver_after_ms / 1000}{' '}
        s later, unless told otherwise here. What you report by hand replaces what would have happened by
        itself.
      </p>
      <form method="post" action="/forms/behaviour">
        <label>
          New bookings meet{' '}
          <select name="mode">
            {CarrierOrders.shape.mode.options.map((mode) => (
              <option value={mode} selected={mode === behaviour.mode}>
                {MODES[mode]}
              </option>
            ))}
          </select>
        </label>
        <button type="submit">Set</button>
      </form>
      <h2>Shipments</h2>
      {newestFirst.length === 0 ? (
        <p>None yet.</p>
      ) : (
        <Shipments carrier={carrier} shipments={newestFirst.slice(0, MOST_SHOWN)} />
      )}
      {newestFirst.length > MOST_SHOWN && <p class="dim">Only the newest {MOST_SHOWN} are shown.</p>}
    </>,
  )
}

const MODES: Record<CarrierBehaviour['mode'], string> = {
  normal: 'normal service',
  refuse: 'a refusal',
  unavailable: 'a carrier out of service (503)',
  vanish: 'a carrier that never answers',
  hold: 'no progress until reported by hand',
  fail: 'a failed delivery',
}

function Shipments({ carrier, shipments }: { carrier: Carrier; shipments: Shipment[] }) {
  return (
    <table>
      <thead>
        <tr>
          <th>Tracking</th>
          <th>To</th>
          <th>Parcels</th>
          <th>History</th>
          <th>Report now</th>
        </tr>
      </thead>
      <tbody>
        {shipments.map((shipment) => (
          <tr>
            <td>
              {shipment.tracking}
              <div class="dim">{shipment.reference}</div>
            </td>
            <td>
              {shipment.ship_to.name}
              <div class="dim">
                {shipment.ship_to.postcode} {shipment.ship_to.city}, {shipment.ship_to.country}
              </div>
              {shipment.collect_on && <div class="dim">collect on {shipment.collect_on}</div>}
            </td>
            <td>
              {shipment.parcels.map(({ sku, quantity }) => (
                <div>
                  {quantity} × {sku}
                </div>
              ))}
            </td>
            <td>
              <History shipment={shipment} />
              <Untaken sent={carrier.webhooks(shipment)} />
            </td>
            <td>
              <Report shipment={shipment} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function History({ shipment }: { shipment: Shipment }) {
  return (
    <>
      {shipment.history.map(({ status, at, reason }) => (
        <div>
          <span class={status === 'failed' ? 'bad' : status === 'delivered' ? 'good' : ''}>{status}</span>{' '}
          <span class="dim">
            {when(at)}
            {reason && `: ${reason}`}
          </span>
        </div>
      ))}
    </>
  )
}

function Report({ shipment }: { shipment: Shipment }) {
  if (shipment.status === 'cancelled') return null
  return (
    <form method="post" action={`/forms/report/${shipment.tracking}`}>
      <button name="status" value="collected">
        Collected
      </button>{' '}
      <button name="status" value="delivered">
        Delivered
      </button>{' '}
      <button name="status" value="failed">
        Failed
      </button>
      <div>
        <input name="reason" placeholder="Reason, if failed" maxlength={500} />
      </div>
    </form>
  )
}
