import { Time, type View } from './fields.tsx'
import { actorWords, eventWords, subjectWords } from './words.ts'

/** What happened so far, newest first, in the customer's words. */
export function History({ view }: { view: View }) {
  const { page } = view
  const entries = page.events.flatMap((event) => {
    const words = eventWords(event, page)
    return words ? [{ ...event, words }] : []
  })
  return (
    <section aria-labelledby="history-title">
      <h2 id="history-title">What happened so far</h2>
      <ol class="history">
        {entries.toReversed().map((entry) => {
          const who = actorWords(entry, page)
          return (
            <li>
              <p class="dim">
                <Time at={entry.at} view={view} />
              </p>
              <p>
                <strong>{subjectWords(entry.number, page)}:</strong> {entry.words}
                {who && <span class="dim"> ({who})</span>}
              </p>
            </li>
          )
        })}
      </ol>
    </section>
  )
}
