import type { Period } from '../../domain/period.ts'
import { distance, moment } from '../format.ts'
import { deadlineChoices } from './choices.ts'
import { ActionForm, Folded, type Option, Select, Time, type View } from './fields.tsx'
import { DEADLINE_WORDS, type ToldDeadline } from './words.ts'

/** The running deadline in words: until when, how far away that is, and what happens then. */
export function Deadline({ view, kind, at }: { view: View; kind: ToldDeadline; at: string }) {
  const words = DEADLINE_WORDS[kind]
  const isOver = new Date(at) <= view.page.now
  return (
    <p class="deadline">
      <strong>
        {words.label} <Time at={at} view={view} />
      </strong>{' '}
      <span class="dim">({isOver ? 'just over' : distance(at, view.page.now)})</span>
      <br />
      {words.after}
    </p>
  )
}

/** Lets the customer move the running deadline, within the house's limits (REQUIREMENTS A7). */
export function DeadlineForm(props: {
  view: View
  action: string
  version: number
  deadline: { kind: ToldDeadline; at: string }
  from: Date
  period: Period
}) {
  const { view, action, version, deadline, from, period } = props
  const { now, time_zone } = view.page
  const { shorter, longer } = deadlineChoices({ now, from, current: new Date(deadline.at), period })
  if (shorter.length + longer.length === 0) return null
  const option = (end: Date): Option => ({
    value: end.toISOString(),
    label: `${moment(end, time_zone, end.getTime() - now.getTime() < 15 * 60_000)} (${distance(end, now)})`,
  })
  return (
    <Folded view={view} action={action} title={DEADLINE_WORDS[deadline.kind].change}>
      <ActionForm view={view} action={action} version={version} button="Set the new deadline" look="plain">
        <Select
          view={view}
          action={action}
          name="deadline_at"
          label="New deadline"
          hint={
            <>
              Now: <Time at={deadline.at} view={view} />
            </>
          }
          options={[{ value: '', label: 'Please choose' }]}
          groups={[
            { label: 'Later than now', options: longer.map(option) },
            { label: 'Sooner than now', options: shorter.map(option) },
          ]}
          required
        />
      </ActionForm>
    </Folded>
  )
}
