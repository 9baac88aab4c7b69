import { moneyInWords } from '../../domain/money.ts'
import { fromStripe } from '../../integrations/stripe-amount.ts'
import { page } from '../partner/page.tsx'
import { type ProviderBehaviour, ProviderOrders } from './behaviour.ts'
import type { Intent, Session } from './objects.ts'

const MOST_SHOWN = 200

function amount(session: Session): string {
  const currency = session.currency.toUpperCase()
  return moneyInWords(fromStripe(session.amount_total, currency), currency)
}

/**
 * The page on which a buyer pays. The real one asks for a card here; this one has no field for it at all, so that nobody
 * enters a number of their own into a program that only plays a provider.
 */
export function payPage(session: Session, intent: Intent | undefined) {
  const declined = intent?.last_payment_error
  return page(
    'Sample payment provider',
    undefined,
    <>
      <h1>{amount(session)}</h1>
      <p class="lead">{session.words}</p>
      {session.status === 'open' ? (
        <>
          {declined && <p class="bad">Declined: {declined.code.replaceAll('_', ' ')}. You can try again.</p>}
          {session.stepping_up ? <StepUp session={session} /> : <Choices session={session} />}
        </>
      ) : (
        <p>{session.status === 'complete' ? 'This is paid.' : 'This page has ended.'}</p>
      )}
      <p class="dim">
        This only plays a payment provider: choose what your bank shall say. No card is asked for, so none can
        be entered.
      </p>
    </>,
  )
}

function Choices({ session }: { session: Session }) {
  return (
    <p>
      <Choice session={session} choice="pay" words="Pay" />{' '}
      <Choice session={session} choice="step_up" words="Pay, and my bank asks whether it is me" />{' '}
      <Choice session={session} choice="decline" words="My bank declines" />{' '}
      <Choice session={session} choice="leave" words="Go back without paying" />
    </p>
  )
}

function StepUp({ session }: { session: Session }) {
  return (
    <fieldset>
      <legend>Your bank asks</legend>
      <p>Do you want to pay {amount(session)}?</p>
      <Choice session={session} choice="pay" words="Yes, it is me" />{' '}
      <Choice session={session} choice="decline" words="No" />
    </fieldset>
  )
}

/** Each button is a form of its own, which is named by what it chooses. */
function Choice({ session, choice, words }: { session: Session; choice: string; words: string }) {
  return (
    <form method="post" action={`/forms/pay/${session.id}?${choice}`}>
      <input type="hidden" name="choice" value={choice} />
      <button type="submit">{words}</button>
    </form>
  )
}

const MODES: Record<ProviderBehaviour['mode'], string> = {
  normal: 'normal service',
  unavailable: 'a provider out of service (503)',
  vanish: 'a provider that never answers',
  crash_before: 'an error (500) before anything is done',
  crash_after: 'an error (500) after it is done',
  refuse_capture: 'captures that are refused',
  fail_refund: 'refunds that fail',
  slow_refund: 'refunds that take their time',
}

export function listPage(
  sessions: Session[],
  intentOf: (id: string) => Intent | undefined,
  behaviour: ProviderBehaviour,
) {
  const newestFirst = sessions.sort((one, other) => other.created - one.created)
  return page(
    'Sample payment provider',
    undefined,
    <>
      <h1>Sample payment provider</h1>
      <p class="lead">Speaks Stripe's protocol, as far as Holdfast does. No money moves.</p>
      <form method="post" action="/forms/behaviour">
        <label>
          Calls meet{' '}
          <select name="mode">
            {ProviderOrders.shape.mode.options.map((mode) => (
              <option value={mode} selected={mode === behaviour.mode}>
                {MODES[mode]}
              </option>
            ))}
          </select>
        </label>
        <label>
          Webhooks are{' '}
          <select name="webhooks">
            {['sent', 'lost'].map((how) => (
              <option value={how} selected={how === behaviour.webhooks}>
                {how}
              </option>
            ))}
          </select>
        </label>
        <button type="submit">Set</button>
      </form>
      <h2>Sessions</h2>
      {newestFirst.length === 0 && <p>None yet.</p>}
      <table>
        <tbody>
          {newestFirst.slice(0, MOST_SHOWN).map((session) => (
            <tr>
              <td>
                <a href={`/pay/${session.id}`}>{session.metadata.payment}</a>
                <div class="dim">{session.words}</div>
              </td>
              <td class="number">{amount(session)}</td>
              <td>{session.status}</td>
              <td>{session.payment_intent && intentOf(session.payment_intent)?.status}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>,
  )
}
