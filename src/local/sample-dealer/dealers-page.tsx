import { page, when } from '../partner/page.tsx'
import type { Member } from '../partner/roster.ts'
import type { Dealers } from './dealers.ts'
import { pageOf, SayForm } from './document-page.tsx'
import { type DealerDocument, type Documents, said } from './documents.ts'
import { KIND_NAMES } from './kinds.ts'

const MOST_SHOWN = 50

/** All dealers that this process plays, each with its habits and what it was sent. */
export function dealersPage(dealers: Dealers, documents: Documents) {
  const all = dealers.all()
  return page(
    'Sample dealers',
    undefined,
    <>
      <h1>Sample dealers</h1>
      <p class="lead">
        They stand in for real dealers and speak to Holdfast as those would. An automatic one answers by
        itself; a manual one waits for you.
      </p>
      {all.length === 0 && <p>None is defined yet.</p>}
      {all.map((dealer) => (
        <>
          <h2>
            {dealer.name} <span class="dim">{dealer.id}</span>
          </h2>
          <Behaviour dealer={dealer} behaviour={dealers.behaviour(dealer)} />
          <List documents={documents.newestFirst(dealer.id)} />
          <Stray dealer={dealer} />
        </>
      ))}
    </>,
  )
}

const HABITS = {
  silent: 'never answers',
  late: 'answers too late',
  twice: 'says everything twice',
  refuse: 'refuses everything',
  unavailable: 'closed (503)',
  gone: 'address gone (410)',
} as const

function Behaviour({ dealer, behaviour }: { dealer: Member; behaviour: ReturnType<Dealers['behaviour']> }) {
  return (
    <form method="post" action={`/forms/${encodeURIComponent(dealer.id)}/behaviour`}>
      <label>
        <select name="mode" aria-label="Mode">
          <option value="automatic" selected={behaviour.mode === 'automatic'}>
            automatic: answers after {behaviour.answer_after_ms / 1000} s, goes on after{' '}
            {behaviour.proceed_after_ms / 1000} s
          </option>
          <option value="manual" selected={behaviour.mode === 'manual'}>
            manual
          </option>
        </select>
      </label>
      <label>
        <select name="by" aria-label="Answers by">
          <option value="webhook" selected={behaviour.by === 'webhook'}>
            by signed webhook
          </option>
          <option value="api-key" selected={behaviour.by === 'api-key'}>
            by API key
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

function List({ documents }: { documents: DealerDocument[] }) {
  if (documents.length === 0) return <p class="dim">Nothing was sent yet.</p>
  return (
    <>
      <table>
        <thead>
          <tr>
            <th>Number</th>
            <th>Received</th>
            <th>About</th>
            <th>Said so far</th>
            <th />
          </tr>
        </thead>
        <tbody>
          {documents.slice(0, MOST_SHOWN).map((document) => (
            <tr>
              <td>
                <a href={pageOf(document)}>{document.number}</a>
                <div class="dim">{document.kind}</div>
              </td>
              <td class="dim">{document.received_at ? when(document.received_at) : 'never'}</td>
              <td>{document.about}</td>
              <td>
                {said(document).map((word) => (
                  <div>{Object.values(word).join(', ')}</div>
                ))}
                {document.is_taken_away && <div class="dim">taken back</div>}
              </td>
              <td>
                <SayForm document={document} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {documents.length > MOST_SHOWN && <p class="dim">Only the newest {MOST_SHOWN} are shown.</p>}
    </>
  )
}

function Stray({ dealer }: { dealer: Member }) {
  return (
    <form method="post" action={`/forms/${encodeURIComponent(dealer.id)}/stray`}>
      <label>
        Answer for what it was not sent:{' '}
        <select name="kind" aria-label="Kind">
          {KIND_NAMES.map((name) => (
            <option value={name}>{name}</option>
          ))}
        </select>
      </label>
      <input name="number" placeholder="number" aria-label="Number" required />{' '}
      <button type="submit">Send</button>
    </form>
  )
}
