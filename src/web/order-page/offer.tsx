import { day, length, money } from '../format.ts'
import { lengthChoices } from './choices.ts'
import { Deadline, DeadlineForm } from './deadline.tsx'
import { ActionForm, attemptOf, Fault, Folded, fieldId, type Option, Select, type View } from './fields.tsx'
import { choiceWords, itemName } from './words.ts'

type Line = View['page']['order']['lines'][number]

/** The offer on the short lines (REQUIREMENTS A2, A3): nothing is chosen beforehand, so nothing happens without a yes. */
export function Offer({ view }: { view: View }) {
  const { order, periods } = view.page
  const open = order.lines.filter((line) => line.choices.length > 0)
  if (!order.deadline || open.length === 0) return null
  return (
    <section class="card act" id="offer" aria-labelledby="offer-title">
      <h2 id="offer-title">What shall we do about what is missing?</h2>
      <Deadline view={view} kind={order.deadline.kind} at={order.deadline.at} />
      <ActionForm
        view={view}
        action="answers"
        version={order.version}
        button={open.length === 1 ? 'Send my choice' : 'Send my choices'}
      >
        <div id={fieldId('answers', 'choice')}>
          <Fault view={view} action="answers" name="choice" />
        </div>
        {open.map((line) => (
          <ShortLine view={view} line={line} isOnly={open.length === 1} />
        ))}
        {open.length > 1 && (
          <p class="hint">You may leave an item without a choice and decide about it later.</p>
        )}
      </ActionForm>
      <DeadlineForm
        view={view}
        action="deadline"
        version={order.version}
        deadline={order.deadline}
        from={new Date(order.created_at)}
        period={periods.offer}
      />
      <Folded view={view} action="cancellation" title="Cancel the whole order">
        <p>Everything that we hold for this order is released. Back orders that you accepted before stay.</p>
        <ActionForm
          view={view}
          action="cancellation"
          version={order.version}
          button="Cancel the whole order"
          look="danger"
        />
      </Folded>
    </section>
  )
}

function ShortLine({ view, line, isOnly }: { view: View; line: Line; isOnly: boolean }) {
  const { page } = view
  const action = 'answers'
  const name = `choice-${line.line}`
  const chosen = attemptOf(view, action)?.fields[name]
  const fault = attemptOf(view, action)?.errors[name]
  const [available, missing] = [line.available ?? 0, line.shortfall ?? 0]
  const canWait = line.choices.some((choice) => choice === 'ship_available' || choice === 'wait_for_all')
  return (
    <fieldset class="line" aria-describedby={fault ? `${fieldId(action, name)}-fault` : undefined}>
      <legend>
        {line.ordered} × {itemName(line.sku, page)}
      </legend>
      <p>
        {available > 0
          ? `${available} here and held for you, ${missing} missing.`
          : `None in stock: ${missing} missing.`}{' '}
        {canWait &&
          (line.expected_at
            ? `Expected on ${day(line.expected_at, page.time_zone)}.`
            : 'We do not know yet when more will come.')}{' '}
        <span class="dim">{money(line.unit_price)} each.</span>
      </p>
      <Fault view={view} action={action} name={name} />
      {line.choices.map((choice, index) => {
        const words = choiceWords(choice, available, missing)
        const id = index === 0 ? fieldId(action, name) : `${fieldId(action, name)}-${choice}`
        return (
          <div class="choice">
            <input
              type="radio"
              id={id}
              name={name}
              value={choice}
              required={isOnly}
              checked={chosen === choice}
              aria-describedby={`${id}-means`}
            />
            <div>
              <label for={id}>{words.label}</label>
              <p class="hint" id={`${id}-means`}>
                {words.hint}
              </p>
            </div>
          </div>
        )
      })}
      {canWait && <Periods view={view} line={line} />}
    </fieldset>
  )
}

/** How long the back order waits and how long its goods are then held: the usual unless the customer says otherwise. */
function Periods({ view, line }: { view: View; line: Line }) {
  const { page } = view
  const item = page.items.get(line.sku)
  const usualWait = item?.wait_seconds ?? page.periods.wait.default_seconds
  const usualHold = item?.hold_seconds ?? page.periods.hold.default_seconds
  return (
    <div class="pair">
      <Select
        view={view}
        action="answers"
        name={`wait-${line.line}`}
        label="If back-ordered: how long to wait"
        hint="You can change it or cancel at any time."
        options={lengths(usualWait, lengthChoices(page.periods.wait, usualWait))}
      />
      <Select
        view={view}
        action="answers"
        name={`hold-${line.line}`}
        label="Once here: how long to hold it"
        hint="Within this time you ask for the delivery."
        options={lengths(usualHold, lengthChoices(page.periods.hold, usualHold))}
      />
    </div>
  )
}

/** The first is the usual one, which is what is asked for when nothing is said. */
function lengths(usual: number, others: number[]): Option[] {
  return [
    { value: '', label: `${length(usual)} (as usual)` },
    ...others.map((seconds) => ({ value: `PT${seconds}S`, label: length(seconds) })),
  ]
}
