import { randomUUID } from 'node:crypto'
import { LEAD_STATUSES, type LeadStatus, LOST_REASONS, priceWords, vehicleWords } from '../../domain/lead.ts'
import type { LeadView } from '../../store/lead-view.ts'
import { moment } from '../format.ts'
import { Layout } from '../layout.tsx'

/** What a form was sent with and what is wrong with it; the key is kept while its outcome is not known. */
export type Attempt = { fields: Record<string, string>; errors: Record<string, string>; key: string | null }

/** All that one rendering of a dealer's page is made from. `lead` is what this dealer may see of it. */
export type View = {
  lead: LeadView
  base: string
  notice: { tone: 'good' | 'bad'; title: string } | null
  attempt: Attempt | null
}

export const STATUS_WORDS: Record<LeadStatus, string> = {
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
export function LeadPage({ view }: { view: View }) {
  const { lead, notice } = view
  return (
    <Layout title={`Lead ${lead.number}`}>
      {notice && (
        <div class={`notice ${notice.tone}`} role={notice.tone === 'bad' ? 'alert' : 'status'}>
          <p>
            <strong>{notice.title}</strong>
          </p>
        </div>
      )}
      <h1>Lead {lead.number}</h1>
      <p class="lead">{vehicleWords(lead.vehicle)}</p>
      {lead.prospect ? <Facts lead={lead} /> : <p>This lead is with another dealer now.</p>}
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
    </Layout>
  )
}

function Facts({ lead }: { lead: LeadView }) {
  const { prospect, vehicle, price, trade_in, comments, deadline } = lead
  const facts: [string, string | null | undefined][] = [
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
  return (
    <dl class="facts card">
      {facts.map(
        ([name, value]) =>
          value && (
            <div>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ),
      )}
    </dl>
  )
}

function StatusForm({ view: { base, attempt } }: { view: View }) {
  const { fields = {}, errors = {}, key } = attempt ?? {}
  return (
    <form method="post" action={`${base}/status`} class="card act">
      <h2>Where does it stand?</h2>
      <input type="hidden" name="key" value={key ?? randomUUID()} />
      <fieldset class="line">
        <legend>Status</legend>
        {errors.status && <p class="fault">{errors.status}</p>}
        {LEAD_STATUSES.map((status) => (
          <div class="choice">
            <input
              type="radio"
              id={status}
              name="status"
              value={status}
              required
              checked={fields.status === status}
            />
            <label for={status}>{STATUS_WORDS[status]}</label>
          </div>
        ))}
      </fieldset>
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
      <div class="field">
        <label for="note">Note</label>
        {errors.note && <p class="fault">{errors.note}</p>}
        <input id="note" name="note" maxlength={1_000} value={fields.note ?? ''} />
      </div>
      <p class="send">
        <button type="submit">Send</button>
      </p>
    </form>
  )
}
