import { randomUUID } from 'node:crypto'
import type { Child, PropsWithChildren } from 'hono/jsx'
import type { OrderPage } from '../../store/order-page.ts'
import { moment } from '../format.ts'

/** What was entered into a form, by field. */
export type Fields = Record<string, string>

/** A form that was sent and comes back to the customer: what they entered, and what is wrong with it, by field. */
export type Attempt = {
  /** The form's address below the page's. */
  action: string
  fields: Fields
  errors: Record<string, string>
  /** Kept while the outcome is not known: pressing again completes the same command. */
  key: string | null
}

/** What the page says on top, before anything else. */
export type Notice = { tone: 'good' | 'bad'; title: string; items?: string[] }

/** All that one rendering of the page is made from. */
export type View = {
  page: OrderPage
  /** The page's own path; every form's address begins with it. */
  base: string
  notice: Notice | null
  attempt: Attempt | null
}

/** A form that does one thing. The key makes one rendering of it one action; the version says what it was shown for. */
export function ActionForm(
  props: PropsWithChildren<{
    view: View
    action: string
    version: number
    button: string
    look?: 'main' | 'plain' | 'danger'
  }>,
) {
  const { view, action, version, button, look = 'main', children } = props
  return (
    <form method="post" action={`${view.base}/${action}`} class="form">
      <input type="hidden" name="key" value={attemptOf(view, action)?.key ?? randomUUID()} />
      <input type="hidden" name="version" value={String(version)} />
      {children}
      <p class="send">
        <button type="submit" class={look}>
          {button}
        </button>
      </p>
    </form>
  )
}

/** Something to do that is not wanted often, folded away; open when it comes back with faults. */
export function Folded(props: PropsWithChildren<{ view: View; action: string; title: string }>) {
  const isOpen = attemptOf(props.view, props.action) !== null
  return (
    <details class="folded" open={isOpen}>
      <summary>{props.title}</summary>
      <div class="inside">{props.children}</div>
    </details>
  )
}

type FieldProps = {
  view: View
  action: string
  name: string
  label: Child
  hint?: Child
  /** What stands in it until the customer changes it. */
  value?: string | undefined
}

/** A labelled field with its hint and its fault beside it; the rest are the attributes of the input. */
export function Field({
  view,
  action,
  name,
  label,
  hint,
  value,
  ...attributes
}: FieldProps & {
  type?: 'text' | 'number' | 'date'
  autocomplete?: string
  required?: boolean
  maxlength?: number
  min?: string
  max?: string
  inputmode?: 'numeric'
}) {
  const { id, fault, described, entered } = fieldOf(view, action, name, hint)
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <HintAndFault id={id} hint={hint} fault={fault} />
      <input
        {...attributes}
        id={id}
        name={name}
        type={attributes.type ?? 'text'}
        value={entered ?? value ?? ''}
        aria-invalid={fault ? 'true' : undefined}
        aria-describedby={described}
      />
    </div>
  )
}

export type Option = { value: string; label: string }

/** A labelled list to choose one from; `groups` come after the ungrouped options. */
export function Select({
  view,
  action,
  name,
  label,
  hint,
  value,
  options,
  groups = [],
  ...attributes
}: FieldProps & {
  options: Option[]
  groups?: { label: string; options: Option[] }[]
  autocomplete?: string
  required?: boolean
}) {
  const { id, fault, described, entered } = fieldOf(view, action, name, hint)
  const chosen = entered ?? value ?? ''
  const Options = (props: { of: Option[] }) => (
    <>
      {props.of.map((option) => (
        <option value={option.value} selected={option.value === chosen}>
          {option.label}
        </option>
      ))}
    </>
  )
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <HintAndFault id={id} hint={hint} fault={fault} />
      <select
        {...attributes}
        id={id}
        name={name}
        aria-invalid={fault ? 'true' : undefined}
        aria-describedby={described}
      >
        <Options of={options} />
        {groups
          .filter((group) => group.options.length > 0)
          .map((group) => (
            <optgroup label={group.label}>
              <Options of={group.options} />
            </optgroup>
          ))}
      </select>
    </div>
  )
}

/** The fault of a field, as the fields show it; for those that are made of several inputs. */
export function Fault({ view, action, name }: { view: View; action: string; name: string }) {
  const { id, fault } = fieldOf(view, action, name, undefined)
  return <HintAndFault id={id} fault={fault} />
}

/** The id by which the notice on top leads to a field. */
export function fieldId(action: string, name: string): string {
  return `${action}/${name}`.replace(/[^A-Za-z0-9-]/g, '-')
}

export function attemptOf(view: View, action: string): Attempt | null {
  return view.attempt?.action === action ? view.attempt : null
}

/** A time as the customer's own clock has it, in their zone, readable by machines too. */
export function Time({ at, view }: { at: string | Date; view: View }) {
  const { now, time_zone } = view.page
  const date = new Date(at)
  const isNear = Math.abs(date.getTime() - now.getTime()) < 15 * 60_000
  return <time datetime={date.toISOString()}>{moment(date, time_zone, isNear)}</time>
}

function HintAndFault({ id, hint, fault }: { id: string; hint?: Child; fault?: string | undefined }) {
  return (
    <>
      {hint !== undefined && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {fault !== undefined && (
        <p class="fault" id={`${id}-fault`}>
          {fault}
        </p>
      )}
    </>
  )
}

function fieldOf(view: View, action: string, name: string, hint: Child | undefined) {
  const id = fieldId(action, name)
  const attempt = attemptOf(view, action)
  const fault = attempt?.errors[name]
  const described = [hint === undefined ? '' : `${id}-hint`, fault === undefined ? '' : `${id}-fault`]
    .filter(Boolean)
    .join(' ')
  return { id, fault, described: described || undefined, entered: attempt?.fields[name] }
}
