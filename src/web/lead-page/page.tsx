import { LEAD_STATUSES, type LeadStatus, LOST_REASONS, priceWords, vehicleWords } from '../../domain/lead.ts'
import type { LeadView } from '../../store/lead-view.ts'
import { ActForm, Choices, DealerLayout, OneOrNone, TextField, type View } from '../dealer-page/parts.tsx'
import { contactFacts, FactList, type Facts } from '../fact-list.tsx'
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
  const { page: lead } = view
  return (
    <DealerLayout title={`Lead ${lead.number}`} view={view}>
      <p class="lead">{vehicleWords(lead.vehicle)}</p>
      {lead.prospect && <FactList facts={factsOf(view)} />}
      {lead.dealer === null && <p>This lead is with another dealer now.</p>}
      {lead.allowed_actions.includes('give_status') ? (
        <StatusForm view={view} />
      ) : (
        <p>This lead has ended.</p>
      )}
      <h2>What you said so far</h2>
      {lead.statuses.length === 0 && <p>Nothing yet.</p>}
      <ol class="history">
        {lead.statuses.toReversed().map(({ status, reason, takes_place_at, note, at }) => (
          <li>
            <p class="dim">{moment(at, view.time_zone)}</p>
            <p>
              <strong>{STATUS_WORDS[status]}</strong>
              {takes_place_at && `, ${moment(takes_place_at, zoneOf(view))}`}
              {reason && `: ${REASON_WORDS[reason]}`}
              {note && ` – ${note}`}
            </p>
          </li>
        ))}
      </ol>
    </DealerLayout>
  )
}

function factsOf({ page: lead, time_zone }: View<LeadView>): Facts {
  const { prospect, vehicle, price, trade_in, comments, deadline } = lead
  return [
    ['Name', prospect?.name],
    ...contactFacts(prospect?.email, prospect?.phone),
    ['Stock no.', vehicle.stock],
    ['Options', vehicle.options?.join(', ')],
    ['Price', price && priceWords(price)],
    ['Trade-in', trade_in && vehicleWords(trade_in)],
    ['Comments', comments],
    ['Answer by', deadline && deadline.kind !== 'status' ? moment(deadline.at, time_zone) : null],
  ]
}

function StatusForm({ view }: { view: View<LeadView> }) {
  const field = { view, form: 'status' }
  const zone = zoneOf(view)
  return (
    <ActForm view={view} name="status" title="Where does it stand?" button="Send">
      <input type="hidden" name="time_zone" value={zone} />
      <Choices
        {...field}
        name="status"
        legend="Status"
        choices={LEAD_STATUSES.map((status) => [status, STATUS_WORDS[status]])}
      />
      <TextField
        {...field}
        name="takes_place_at"
        label="When, if it is an appointment or a test drive"
        hint={`In the prospect's time zone, ${zone}.`}
        type="datetime-local"
      />
      <OneOrNone
        {...field}
        name="reason"
        label="Why it was lost, if it was"
        choices={LOST_REASONS.map((reason) => [reason, REASON_WORDS[reason]])}
      />
      <TextField {...field} name="note" label="Note, if you like" />
    </ActForm>
  )
}

/** In which appointments are made: the prospect's, or the dealer's own once nothing of the prospect is shown any more. */
function zoneOf({ page: { prospect }, time_zone }: View<LeadView>): string {
  return prospect?.time_zone ?? time_zone
}
