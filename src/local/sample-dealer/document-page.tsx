import { CallsTable, ReceivedList } from '../partner/calls-table.tsx'
import { page, when } from '../partner/page.tsx'
import type { Member } from '../partner/roster.ts'
import type { Received } from '../partner/signed.ts'
import type { DealerDocument, Which } from './documents.ts'
import { kindNamed } from './kinds.ts'

/** Where a document's page is. */
export function pageOf(which: Which): string {
  return `/documents/${placeOf(which)}`
}

/** One document of a dealer, and everything that a person who plays the dealer can say about it. */
export function documentPage(dealer: Member, document: DealerDocument, received: Received[]) {
  const action = `/forms/${placeOf(document)}`
  return page(
    `${document.number} – ${dealer.name}`,
    undefined,
    <>
      <p>
        <a href="/">← All dealers</a>
      </p>
      <h1>
        {document.kind} {document.number}
      </h1>
      <p class="lead">
        {document.received_at
          ? `to ${dealer.name}, received ${when(document.received_at)}`
          : `${dealer.name} was never sent this`}
      </p>
      {document.is_taken_away && <p class="bad">Holdfast took this back.</p>}
      {document.about && <p>{document.about}</p>}
      <table>
        <tbody>
          {document.facts.map(([name, value]) => (
            <tr>
              <th>{name}</th>
              <td>{value}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <SayForm document={document} />
      <CallsTable calls={document.calls} action={action} nameOf={({ by }) => `by ${by.replace('-', ' ')}`} />
      <ReceivedList received={received} />
    </>,
  )
}

/** A button for each thing that can be said. */
export function SayForm({ document }: { document: DealerDocument }) {
  const buttons = kindNamed(document.kind)?.buttons ?? []
  return (
    <form method="post" action={`/forms/${placeOf(document)}/say`}>
      {buttons.map(({ label }, index) => (
        <>
          <button type="submit" name="word" value={String(index)}>
            {label}
          </button>{' '}
        </>
      ))}
    </form>
  )
}

function placeOf({ dealer, kind, number }: Which): string {
  return [dealer, kind, number].map(encodeURIComponent).join('/')
}
