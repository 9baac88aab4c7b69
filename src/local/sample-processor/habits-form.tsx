import type { ProcessorBehaviour } from './behaviour.ts'

const MODES: Record<ProcessorBehaviour['mode'], string> = {
  check: 'a yes, if they add up',
  refuse: 'a refusal',
  never: 'no answer',
  unavailable: 'a processor out of service (503)',
  vanish: 'no acknowledgement',
}

interface Shown {
  action: string
  modes: readonly ProcessorBehaviour['mode'][]
  habits: ProcessorBehaviour
}

/** How the processor behaves, in general or towards one order. */
export function HabitsForm({ action, modes, habits }: Shown) {
  const { plan } = habits
  return (
    <fieldset>
      <legend>Behaviour</legend>
      <form method="post" action={action}>
        <label>
          Orders meet{' '}
          <select name="mode">
            {modes.map((mode) => (
              <option value={mode} selected={mode === habits.mode}>
                {MODES[mode]}
              </option>
            ))}
          </select>
        </label>{' '}
        <label>
          after <Seconds name="answer_after" milliseconds={habits.answer_after_ms} />
        </label>
        <p>
          <label>
            A refusal says, a reason a line{' '}
            <textarea name="reasons" rows={2} cols={40} required>
              {habits.reasons.join('\n')}
            </textarea>
          </label>
        </p>
        <p>
          <label>
            Answers are about{' '}
            <input name="answer_about" value={habits.answer_about ?? ''} placeholder="the order itself" />
          </label>
        </p>
        <p>
          <label>
            Each message is sent <input type="number" name="repeat" value={habits.repeat} min={1} max={20} />{' '}
            times
          </label>
          <label>
            <input type="checkbox" name="fresh_ids" checked={habits.fresh_ids} /> each time as another message
          </label>
          <label>
            <input type="checkbox" name="forged" checked={habits.forged} /> with a forged signature
          </label>
        </p>
        <p>
          <label>
            <input type="checkbox" name="builds" checked={plan.length > 0} /> Confirmed orders are built by
            themselves
          </label>
          <label>
            a step every <Seconds name="pause" milliseconds={plan[0]?.after_ms ?? 3_000} />
          </label>
        </p>
        <button type="submit">Set</button>
      </form>
    </fieldset>
  )
}

export function Seconds({ name, milliseconds }: { name: string; milliseconds: number }) {
  return (
    <>
      <input type="number" name={name} value={milliseconds / 1000} min={0} step="any" required /> s
    </>
  )
}
