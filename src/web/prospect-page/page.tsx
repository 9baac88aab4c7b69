import { randomUUID } from 'node:crypto'
import type { PropsWithChildren } from 'hono/jsx'
import { priceWords, vehicleWords } from '../../domain/lead.ts'
import type { ProspectPage as Page } from '../../store/prospect-page.ts'
import { FactList } from '../fact-list.tsx'
import { moment } from '../format.ts'
import { Layout } from '../layout.tsx'
import { type Notice, NoticeBox } from '../notice.tsx'
import { eventWords, standingWords } from './words.ts'

/** A form that came back: which, what was entered, what is wrong with it; the key is kept while its outcome is not known. */
export type Attempt = {
  form: string
  fields: Record<string, string>
  fault: string | null
  key: string | null
}

/** All that one rendering of a prospect's page is made from. */
export type View = { page: Page; base: string; notice: Notice | null; attempt: Attempt | null }

/** A prospect's page of their enquiry: where it stands, what can be done, what was asked for, and what happened. */
export function ProspectPage({ view }: { view: View }) {
  const { page, notice } = view
  const { lead } = page
  return (
    <Layout title={`Enquiry ${lead.number}`} brand={page.shop.name} footer={<Footer view={view} />}>
      {notice && <NoticeBox notice={notice} />}
      <h1>Your enquiry</h1>
      <p class="lead">
        {lead.number} · {vehicleWords(lead.vehicle)}
      </p>
      <p>
        <strong>{standingWords(page)}</strong>
      </p>
      <AgreementForm view={view} />
      <CancellationForm view={view} />
      <h2>What you asked for</h2>
      <Facts page={page} />
      <History page={page} />
    </Layout>
  )
}

function AgreementForm({ view }: { view: View }) {
  const { lead } = view.page
  if (!lead.allowed_actions.includes('agree')) return null
  if (lead.another_dealer)
    return <p>Should they not answer, your enquiry goes to another dealer near you, as you agreed.</p>
  return (
    <Form view={view} name="agreement" button="Yes, another dealer may have it" look="main">
      <h2>Shall another dealer have it should this one not answer?</h2>
      <p>Without your yes it stays where it is. Your name and address go to nobody else.</p>
    </Form>
  )
}

function CancellationForm({ view }: { view: View }) {
  const { attempt, page } = view
  if (!page.lead.allowed_actions.includes('cancel')) return null
  const sent = attempt?.form === 'cancellation' ? attempt : null
  return (
    <details class="folded" open={sent !== null}>
      <summary>I do not want it any more</summary>
      <div class="inside">
        <Form view={view} name="cancellation" button="Withdraw my enquiry" look="danger">
          <p>The dealer is told, and sees your name and address no more. This cannot be undone.</p>
          <div class="field">
            <label for="reason">Why, if you like to say so</label>
            {sent?.fault && (
              <p class="fault" id="reason-fault">
                {sent.fault}
              </p>
            )}
            <input
              id="reason"
              name="reason"
              maxlength={1_000}
              value={sent?.fields.reason ?? ''}
              aria-invalid={sent?.fault ? 'true' : undefined}
              aria-describedby={sent?.fault ? 'reason-fault' : undefined}
            />
          </div>
        </Form>
      </div>
    </details>
  )
}

/** A form that does one thing. The key makes one rendering of it one action; the version says what it was shown for. */
function Form(
  props: PropsWithChildren<{ view: View; name: string; button: string; look: 'main' | 'danger' }>,
) {
  const { view, name, button, look, children } = props
  const key = view.attempt?.form === name ? view.attempt.key : null
  return (
    <form method="post" action={`${view.base}/${name}`} class="card">
      <input type="hidden" name="key" value={key ?? randomUUID()} />
      <input type="hidden" name="version" value={String(view.page.lead.version)} />
      {children}
      <p class="send">
        <button type="submit" class={look}>
          {button}
        </button>
      </p>
    </form>
  )
}

function Facts({ page: { lead, dealers, time_zone } }: { page: Page }) {
  const { prospect, vehicle, price, trade_in, comments } = lead
  const facts: [string, string | null | undefined][] = [
    ['Vehicle', vehicleWords(vehicle)],
    ['Stock no.', vehicle.stock],
    ['Options', vehicle.options?.join(', ')],
    ['Price', price && priceWords(price)],
    ['Trade-in', trade_in && vehicleWords(trade_in)],
    ['Comments', comments],
    ['Dealer', dealers.get(lead.dealer ?? '')],
    ['Name', prospect?.name],
    ['E-mail', prospect?.email],
    ['Telephone', prospect?.phone],
    ['Sent on', moment(lead.created_at, time_zone)],
  ]
  return <FactList facts={facts} />
}

/** What happened so far, newest first. */
function History({ page }: { page: Page }) {
  const entries = page.events.flatMap((event) => {
    const words = eventWords(event, page)
    return words ? [{ at: event.at, words }] : []
  })
  return (
    <section aria-labelledby="history-title">
      <h2 id="history-title">What happened so far</h2>
      <ol class="history">
        {entries.toReversed().map(({ at, words }) => (
          <li>
            <p class="dim">{moment(at, page.time_zone)}</p>
            <p>{words}</p>
          </li>
        ))}
      </ol>
    </section>
  )
}

function Footer({ view: { page, base } }: { view: View }) {
  return (
    <>
      <p>
        Times are in your time zone, {page.time_zone}. As of {moment(page.now, page.time_zone)}.{' '}
        <a href={base}>Show the latest</a>
      </p>
      <p>
        Questions? Write to{' '}
        <a href={`mailto:${page.shop.reply_to}?subject=${encodeURIComponent(`Enquiry ${page.lead.number}`)}`}>
          {page.shop.reply_to}
        </a>
        . Whoever has the address of this page can act on your enquiry, so please do not pass it on.
      </p>
    </>
  )
}
