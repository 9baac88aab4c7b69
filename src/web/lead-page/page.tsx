import { LEAD_STATUSES, type LeadStatus, LOST_REASONS, priceWords, vehicleWords } from '../../domain/lead.ts'
import type { LeadView } from '../../store/lead-view.ts'
import { ActForm, attemptOf, Choices, DealerLayout, TextField, type View } from '../dealer-page/parts.tsx'
import { FactList, type Facts } from '../fact-list.tsx'
import { moment } from '../format.ts'

const STATUS_WORDS: Record<LeadStatus, string> = {
  received: 'Received',
  contacted: 'In contact',
  appointment: 'Appointment made',
  test_drive: 'Test drive',
  quoted: 'Quoted a price',
  sold: 'Sold',
  lost: 'Lost',
}

const REASON_WORDS: Record<(typeof LOST_REASONS)[number], string> = {
  bought_elsewhere: 'Bought elsewhere',
  not_interested: 'Not interested any more',
  unreachable: 'Could not be reached',
  too_expensive: 'Too expensive',
  not_available: 'Vehicle not available',
  duplicate: 'Had this enquiry already',
  other: 'Another reason',
}

/** A dealer's page of a lead: who wants what, and where it stands. */
export function LeadPage({ view }: { view: View<LeadView> }) {
  const { page: lead, notice } = view
  return (
    <DealerLayout title={`Lead ${lead.number}`} notice={notice}>
      <p class="lead">{vehicleWords(lead.vehicle)}</p>
      {lead.prospect ? <FactList facts={factsOf(lead)} /> : <p>This lead is with another dealer now.</p>}
      {lead.allowed_actions.includes('give_status') ? (
        <StatusForm view={view} />
      ) : (
        <p>This lead has ended.</p>
      )}
      <h2>What you said so far</h2>
      {lead.statuses.length === 0 && <p>Nothing yet.</p>}
      <ol class="history">
        {lead.statuses.toReversed().map(({ status, reason, note, at }) => (
          <li>
            <p class="dim">{moment(at, 'UTC')}</p>
            <p>
              <strong>{STATUS_WORDS[status]}</strong>
              {reason && `: ${REASON_WORDS[reason]}`}
              {note && ` – ${note}`}
            </p>
          </li>
        ))}
      </ol>
    </DealerLayout>
  )
}

function factsOf({ prospect, vehicle, price, trade_in, comments, deadline }: LeadView): Facts {
  return [
    ['Name', prospect?.name],
    ['E-mail', prospect?.email],
    ['Telephone', prospect?.phone],
    ['Stock no.', vehicle.stock],
    ['Options', vehicle.options?.join(', ')],
    ['Price', price && priceWords(price)],
    ['Trade-in', trade_in && vehicleWords(trade_in)],
    ['Comments', comments],
    ['Answer by', deadline && deadline.kind !== 'status' ? moment(deadline.at, 'UTC') : null],
  ]
}

function StatusForm({ view }: { view: View<LeadView> }) {
  const { fields = {}, errors = {} } = attemptOf(view, 'status') ?? {}
  const choices = LEAD_STATUSES.map((status) => [status, STATUS_WORDS[status]] as const)
  return (
    <ActForm view={view} name="status" title="Where does it stand?" button="Send">
      <Choices view={view} form="status" name="status" legend="Status" choices={choices} />
      <div class="field">
        <label for="reason">Why it was lost, if it was</label>
        {errors.reason && <p class="fault">{errors.reason}</p>}
        <select id="reason" name="reason" aria-invalid={errors.reason ? 'true' : undefined}>
          <option value="">–</option>
          {LOST_REASONS.map((reason) => (
            <option value={reason} selected={fields.reason === reason}>
              {REASON_WORDS[reason]}
            </option>
          ))}
        </select>
      </div>
      <TextField view={view} form="status" name="note" label="Note" />
    </ActForm>
  )
}
