import type { Sent } from './outbox.ts'
import { succeeded } from './send.ts'

/** The messages among these that Holdfast has not taken, and what it said to them. */
export function Untaken({ sent }: { sent: Sent[] }) {
  return (
    <>
      {sent
        .filter(({ answer }) => !succeeded(answer))
        .map(({ answer, attempts }) => (
          <div class="bad">
            Holdfast has not taken a message: {answer?.status || 'no answer'}, {attempts} attempts
          </div>
        ))}
    </>
  )
}
