import { when } from '../partner/page.tsx'
import { Seconds } from './habits-form.tsx'
import type { Order } from './order.ts'
import { STEPS, type Step, type Vehicle, VINS, type WhichVin } from './vehicle.ts'

const STEP_WORDS: Record<Step['step'], string> = {
  in_production: 'In production',
  vin_assigned: 'VIN assigned',
  built: 'Built',
  shipped: 'Shipped',
  at_dealer: 'At dealer',
}

const VIN_WORDS: Record<WhichVin, string> = {
  own: 'its own VIN',
  malformed: 'a malformed VIN',
  taken: "another vehicle's VIN",
}

export function VehicleRow({ vehicle, order }: { vehicle: Vehicle; order: Order | undefined }) {
  return (
    <tr>
      <td>
        {vehicle.number}
        <div class="dim">{vehicle.order}</div>
        <div>{order?.dealer.name}</div>
        {order?.cancelled_at && <div class="bad">cancelled {when(order.cancelled_at)}</div>}
      </td>
      <td>
        {vehicle.told.map(({ step, vin, at }) => (
          <div>
            {STEP_WORDS[step]} {vin} <span class="dim">{when(at)}</span>
          </div>
        ))}
      </td>
      <td>{!order?.cancelled_at && <ReportForms vehicle={vehicle} />}</td>
    </tr>
  )
}

function ReportForms({ vehicle }: { vehicle: Vehicle }) {
  const action = `/forms/vehicles/${encodeURIComponent(vehicle.number)}`
  return (
    <>
      <form method="post" action={`${action}/step`}>
        {STEPS.map((step) => (
          <>
            <button name="step" value={step}>
              {STEP_WORDS[step]}
            </button>{' '}
          </>
        ))}
        <label>
          with{' '}
          <select name="vin" aria-label="Which VIN">
            {VINS.map((which) => (
              <option value={which}>{VIN_WORDS[which]}</option>
            ))}
          </select>
        </label>
      </form>
      <div>
        <form method="post" action={`${action}/build`}>
          <button type="submit">Build it</button> a step every <Seconds name="pause" milliseconds={3_000} />
        </form>
      </div>
    </>
  )
}
