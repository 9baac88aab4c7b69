import { randomUUID } from 'node:crypto'
import type { PropsWithChildren } from 'hono/jsx'
import type { Due } from '../../store/order-money.ts'
import { moment } from '../format.ts'
import { Layout } from '../layout.tsx'
import { type Notice, NoticeBox } from '../notice.tsx'

export type { Notice } from '../notice.tsx'

/** A form that came back: what it was sent with and what is wrong with it; the key is kept while its outcome is not known. */
export type Attempt = {
  form: string
  fields: Record<string, string>
  errors: Record<string, string>
  key: string | null
}

/** All that one rendering of a dealer's page is made from. */
export type View<Page> = {
  page: Page
  /** The dealer's, in which times are stated: an IANA zone. */
  time_zone: string
  base: string
  notice: Notice | null
  attempt: Attempt | null
}
type Sent = Pick<View<unknown>, 'base' | 'attempt'>

/** What every page of a dealer has around it. */
export function DealerLayout<Page>(props: PropsWithChildren<{ title: string; view: View<Page> }>) {
  const { base, notice } = props.view
  const footer = (
    <p>
      <a href={base}>Show the latest</a>. Whoever has the address of this page can answer for you, so please
      do not pass it on.
    </p>
  )
  return (
    <Layout title={props.title} footer={footer}>
      {notice && <NoticeBox notice={notice} />}
      <h1>{props.title}</h1>
      {props.children}
    </Layout>
  )
}

/** What happened so far, newest first. */
export function StoryList({ zone, entries }: { zone: string; entries: { at: Date; words: string }[] }) {
  return (
    <>
      <h2>What happened so far</h2>
      <ol class="history">
        {entries.toReversed().map(({ at, words }) => (
          <li>
            <p class="dim">{moment(at, zone)}</p>
            <p>{words}</p>
          </li>
        ))}
      </ol>
    </>
  )
}

type FormProps = PropsWithChildren<{
  view: Sent
  name: string
  title: string
  button: string
  version?: number
}>

/** A form that is waited for. */
export function ActForm(props: FormProps) {
  return (
    <section class="card act">
      <h2>{props.title}</h2>
      <Form {...props} look="main" />
    </section>
  )
}

/** What is seldom wanted and ends things, folded away; open when it comes back with a fault. */
export function FoldedForm(props: FormProps) {
  return (
    <details class="folded" open={attemptOf(props.view, props.name) !== null}>
      <summary>{props.title}</summary>
      <div class="inside">
        <Form {...props} look="danger" />
      </div>
    </details>
  )
}

/** A form that does one thing. The key makes one rendering of it one action; the version says what it was shown for. */
function Form({ view, name, button, version, look, children }: FormProps & { look: 'main' | 'danger' }) {
  return (
    <form method="post" action={`${view.base}/${name}`}>
      <input type="hidden" name="key" value={attemptOf(view, name)?.key ?? randomUUID()} />
      {version !== undefined && <input type="hidden" name="version" value={String(version)} />}
      {children}
      <p class="send">
        <button type="submit" class={look}>
          {button}
        </button>
      </p>
    </form>
  )
}

/** One of several; none is chosen beforehand. */
export function Choices(props: {
  view: Sent
  form: string
  name: string
  legend: string
  choices: readonly (readonly [value: string, words: string])[]
}) {
  const { form, name, legend, choices } = props
  const { fields = {}, errors = {} } = attemptOf(props.view, form) ?? {}
  return (
    <fieldset class="line" aria-describedby={errors[name] ? `${name}-fault` : undefined}>
      <legend>{legend}</legend>
      {errors[name] && (
        <p class="fault" id={`${name}-fault`}>
          {errors[name]}
        </p>
      )}
      {choices.map(([value, words]) => (
        <div class="choice">
          <input
            type="radio"
            id={value}
            name={name}
            value={value}
            required
            checked={fields[name] === value}
          />
          <label for={value}>{words}</label>
        </div>
      ))}
    </fieldset>
  )
}

type FieldProps = { view: Sent; form: string; name: string; label: string; hint?: string }

/** A line of words, or a time. */
export function TextField({ type = 'text', ...field }: FieldProps & { type?: 'text' | 'datetime-local' }) {
  const { value, attributes } = fieldOf(field)
  return (
    <Labelled {...field}>
      <input {...attributes} type={type} maxlength={type === 'text' ? 1_000 : undefined} value={value} />
    </Labelled>
  )
}

/** One of a list, or none of it. */
export function OneOrNone({
  choices,
  ...field
}: FieldProps & { choices: readonly (readonly [value: string, words: string])[] }) {
  const { value, attributes } = fieldOf(field)
  return (
    <Labelled {...field}>
      <select {...attributes}>
        <option value="">–</option>
        {choices.map(([choice, words]) => (
          <option value={choice} selected={choice === value}>
            {words}
          </option>
        ))}
      </select>
    </Labelled>
  )
}

/** A field with its name, its hint and its fault. */
function Labelled({ children, ...field }: PropsWithChildren<FieldProps>) {
  const { name, label, hint } = field
  const { fault } = fieldOf(field)
  return (
    <div class="field">
      <label for={name}>{label}</label>
      {hint && (
        <p class="hint" id={`${name}-hint`}>
          {hint}
        </p>
      )}
      {fault && (
        <p class="fault" id={`${name}-fault`}>
          {fault}
        </p>
      )}
      {children}
    </div>
  )
}

/** What stands in a field, what is wrong with it, and what its input says of both. */
function fieldOf({ view, form, name, hint }: FieldProps) {
  const { fields = {}, errors = {} } = attemptOf(view, form) ?? {}
  const fault = errors[name]
  const described = [hint && `${name}-hint`, fault && `${name}-fault`].filter(Boolean).join(' ')
  return {
    value: fields[name] ?? '',
    fault,
    attributes: {
      id: name,
      name,
      'aria-invalid': fault ? ('true' as const) : undefined,
      'aria-describedby': described || undefined,
    },
  }
}

/** What came back of this form, if it is the one that was sent. */
export function attemptOf({ attempt }: Sent, form: string): Attempt | null {
  return attempt?.form === form ? attempt : null
}

/** Says that the buyer has the vehicle; while something is due only once that is paid, here or to the dealer. */
export function HandoverForm<Page>(props: { view: View<Page>; version: number; due: Due | null }) {
  const { view, version, due } = props
  return (
    <ActForm
      view={view}
      name="handover"
      title="Did you hand the vehicle over?"
      button="Yes, the buyer has it"
      version={version}
    >
      {due?.being_taken && (
        <p>
          <strong>The {due.what} is just being taken online.</strong> Please try again in a moment.
        </p>
      )}
      {due?.what === 'deposit' && !due.being_taken && (
        <p>
          <strong>The deposit could not be taken.</strong> Our staff is looking after it.
        </p>
      )}
      {due?.what === 'balance' && !due.being_taken && (
        <div class="choice">
          <input type="checkbox" id="settled" name="settled" value="yes" />
          <label for="settled">The balance was paid to us; it is not paid online</label>
        </div>
      )}
    </ActForm>
  )
}
