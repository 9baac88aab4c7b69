import { randomUUID } from 'node:crypto'
import type { PropsWithChildren } from 'hono/jsx'
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
export type View<Page> = { page: Page; base: string; notice: Notice | null; attempt: Attempt | null }
type Sent = Pick<View<unknown>, 'base' | 'attempt'>

/** What every page of a dealer has around it. */
export function DealerLayout(props: PropsWithChildren<{ title: string; notice: Notice | null }>) {
  return (
    <Layout title={props.title}>
      {props.notice && <NoticeBox notice={props.notice} />}
      <h1>{props.title}</h1>
      {props.children}
    </Layout>
  )
}

/** What happened so far, newest first. */
export function StoryList({ entries }: { entries: { at: Date; words: string }[] }) {
  return (
    <>
      <h2>What happened so far</h2>
      <ol class="history">
        {entries.toReversed().map(({ at, words }) => (
          <li>
            <p class="dim">{moment(at, 'UTC')}</p>
            <p>{words}</p>
          </li>
        ))}
      </ol>
    </>
  )
}

/** A form that does one thing. The key makes one rendering of it one action; the version says what it was shown for. */
export function ActForm(
  props: PropsWithChildren<{ view: Sent; name: string; title: string; button: string; version?: number }>,
) {
  const { view, name, title, button, version, children } = props
  return (
    <form method="post" action={`${view.base}/${name}`} class="card act">
      <h2>{title}</h2>
      <input type="hidden" name="key" value={attemptOf(view, name)?.key ?? randomUUID()} />
      {version !== undefined && <input type="hidden" name="version" value={String(version)} />}
      {children}
      <p class="send">
        <button type="submit">{button}</button>
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
    <fieldset class="line">
      <legend>{legend}</legend>
      {errors[name] && <p class="fault">{errors[name]}</p>}
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

/** A line of words. */
export function TextField({
  view,
  form,
  name,
  label,
}: {
  view: Sent
  form: string
  name: string
  label: string
}) {
  const { fields = {}, errors = {} } = attemptOf(view, form) ?? {}
  return (
    <div class="field">
      <label for={name}>{label}</label>
      {errors[name] && (
        <p class="fault" id={`${name}-fault`}>
          {errors[name]}
        </p>
      )}
      <input
        id={name}
        name={name}
        maxlength={1_000}
        value={fields[name] ?? ''}
        aria-invalid={errors[name] ? 'true' : undefined}
        aria-describedby={errors[name] ? `${name}-fault` : undefined}
      />
    </div>
  )
}

/** What came back of this form, if it is the one that was sent. */
export function attemptOf({ attempt }: Sent, form: string): Attempt | null {
  return attempt?.form === form ? attempt : null
}

/** Says that the buyer has the vehicle; `owesBalance`: only once the balance is paid, or the dealer was paid. */
export function HandoverForm<Page>(props: { view: View<Page>; version: number; owesBalance: boolean }) {
  const { view, version, owesBalance } = props
  return (
    <ActForm
      view={view}
      name="handover"
      title="Did you hand the vehicle over?"
      button="Yes, the buyer has it"
      version={version}
    >
      {owesBalance && (
        <div class="choice">
          <input type="checkbox" id="settled" name="settled" value="yes" />
          <label for="settled">The balance was paid to us; it is not paid online</label>
        </div>
      )}
    </ActForm>
  )
}
