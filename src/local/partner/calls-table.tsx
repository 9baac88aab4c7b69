import { z } from 'zod'
import { when } from './page.tsx'
import { type Answer, succeeded } from './send.ts'
import type { Received } from './signed.ts'

/** One request to Holdfast, which may be sent several times, as a page shows it. */
type ShownCall = { id: string; body: unknown; made_at: string; attempts: number; answer?: Answer }

/** What a partner sent, with Holdfast's answers and buttons to send it again; `action` is where its forms go. */
export function CallsTable<Call extends ShownCall>({
  calls,
  action,
  nameOf,
}: {
  calls: Call[]
  action: string
  nameOf: (call: Call) => string
}) {
  if (calls.length === 0) return null
  return (
    <>
      <h2>What you sent, newest first</h2>
      <table>
        <tbody>
          {calls.toReversed().map((call) => (
            <tr>
              <td>
                {nameOf(call)}
                <div class="dim">{when(call.made_at)}</div>
              </td>
              <td>
                <details>
                  <summary>contents</summary>
                  <pre>{JSON.stringify(call.body, null, 2)}</pre>
                </details>
              </td>
              <td>
                <AnswerOf call={call} />
              </td>
              <td>
                <form method="post" action={`${action}/calls/${encodeURIComponent(call.id)}/again`}>
                  <button type="submit">Send again</button>{' '}
                  <button
                    type="submit"
                    name="new_key"
                    value="yes"
                    title="The same contents under another Idempotency-Key"
                  >
                    as new
                  </button>
                </form>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  )
}

const Problem = z.object({ title: z.string().default(''), detail: z.string().default('') })

/** Holdfast's words: the title and detail of a problem, where it is one. */
function AnswerOf({ call: { answer, attempts } }: { call: ShownCall }) {
  if (!answer) return <span class="dim">not answered yet</span>
  const problem = Problem.safeParse(answer.body).data
  return (
    <>
      <strong class={succeeded(answer) ? 'good' : 'bad'}>
        {answer.status || ''} {problem?.title}
      </strong>
      <div>{problem?.detail}</div>
      {attempts > 1 && <div class="dim">sent {attempts} times</div>}
      <details>
        <summary>answer</summary>
        <pre>{JSON.stringify(answer.body, null, 2)}</pre>
      </details>
    </>
  )
}

/** What Holdfast sent, message by message, each folded up. */
export function ReceivedList({ received }: { received: Received[] }) {
  return (
    <>
      <h2>What Holdfast sent</h2>
      {received.map(({ type, webhook_id, body, received_at }) => (
        <details>
          <summary>
            {type} <span class="dim">{received_at.map(when).join(', ')}</span>
          </summary>
          <p class="dim">{webhook_id}</p>
          <pre>{typeof body === 'string' ? body : JSON.stringify(body, null, 2)}</pre>
        </details>
      ))}
    </>
  )
}
