import { DateTime } from 'luxon'
import type { BackOrderState } from '../../domain/back-order.ts'
import { after } from '../../domain/period.ts'
import type { PageBackOrder } from '../../store/order-page.ts'
import { calendarDay, day, money } from '../format.ts'
import { AddressFields, AddressLines, Badge } from './address.tsx'
import { Deadline, DeadlineForm } from './deadline.tsx'
import { ActionForm, Field, Folded, type View } from './fields.tsx'
import { backOrderWords, isToPay, itemName, placeWords } from './words.ts'

/** A back order (REQUIREMENTS A6–A8): where it stands, until when, and what the customer can do now. */
export function BackOrder({ view, backOrder }: { view: View; backOrder: PageBackOrder }) {
  const { page } = view
  const { label, tone } = backOrderWords(backOrder)
  const place = placeWords(backOrder)
  return (
    <section
      class={`card ${tone}`}
      id={backOrder.number}
      aria-labelledby={`${backOrder.number}-title ${backOrder.number}-number`}
    >
      <h2 id={`${backOrder.number}-title`}>
        {backOrder.ordered} × {itemName(backOrder.sku, page)} <Badge tone={tone}>{label}</Badge>
      </h2>
      <p class="dim" id={`${backOrder.number}-number`}>
        Back order {backOrder.number}
      </p>
      <Steps state={backOrder.state} />
      <p>{backOrder.explanation}.</p>
      {backOrder.state === 'waiting' && (
        <dl class="facts">
          <div>
            <dt>Your place</dt>
            <dd>{place}</dd>
          </div>
          <div>
            <dt>Expected</dt>
            <dd>{backOrder.promised_at ? day(backOrder.promised_at, page.time_zone) : 'not known yet'}</dd>
          </div>
        </dl>
      )}
      {backOrder.deadline && (
        <Deadline
          view={view}
          kind={isToPay(backOrder) ? 'pay' : backOrder.deadline.kind}
          at={backOrder.deadline.at}
        />
      )}
      {backOrder.delivery && (
        <p>
          <a href={`#${backOrder.delivery}`}>See its delivery</a>
        </p>
      )}
      <Actions view={view} backOrder={backOrder} />
    </section>
  )
}

type Props = { view: View; backOrder: PageBackOrder; action: string }

/** One form for each thing in `allowed_actions`, the one that is waited for first. */
function Actions({ view, backOrder }: { view: View; backOrder: PageBackOrder }) {
  const can = (verb: PageBackOrder['allowed_actions'][number]) => backOrder.allowed_actions.includes(verb)
  const at = (command: string) => `back-orders/${backOrder.number}/${command}`
  return (
    <>
      {can('request_delivery') && (
        <DeliveryRequest view={view} backOrder={backOrder} action={at('delivery-request')} />
      )}
      {can('confirm') && <Confirmation view={view} backOrder={backOrder} action={at('confirmation')} />}
      {can('decline') && <Refusal view={view} backOrder={backOrder} action={at('refusal')} />}
      {can('change_deadline') && backOrder.deadline && backOrder.deadline_from && (
        <DeadlineForm
          view={view}
          action={at('deadline')}
          version={backOrder.version}
          deadline={isToPay(backOrder) ? { ...backOrder.deadline, kind: 'pay' } : backOrder.deadline}
          from={backOrder.deadline_from}
          period={view.page.periods[backOrder.deadline.kind]}
        />
      )}
      {can('lower') && backOrder.ordered > 1 && (
        <Quantity view={view} backOrder={backOrder} action={at('quantity')} />
      )}
      {/* At the confirmation, declining and cancelling come to the same: one of them is enough. */}
      {can('cancel') && !can('decline') && (
        <Cancellation view={view} backOrder={backOrder} action={at('cancellation')} />
      )}
    </>
  )
}

function DeliveryRequest({ view, backOrder, action }: Props) {
  const { now, periods, ship_to } = view.page
  // The same days as the command allows: from today to the end of the house's longest hold, in UTC.
  const last = after(backOrder.deadline_from ?? now, periods.hold.max_seconds)
  return (
    <div class="task">
      <h3>Where shall we deliver it?</h3>
      <p>We then ask you to confirm before anything is sent.</p>
      <ActionForm view={view} action={action} version={backOrder.version} button="Request delivery">
        <AddressFields view={view} action={action} address={ship_to} />
        <Field
          view={view}
          action={action}
          name="deliver_on"
          label="Day of delivery (optional)"
          hint={`As soon as possible if you leave it empty; ${calendarDay(utcDay(last))} at the latest.`}
          type="date"
          min={utcDay(now)}
          max={utcDay(last)}
        />
      </ActionForm>
    </div>
  )
}

function Confirmation({ view, backOrder, action }: Props) {
  return (
    <div class="task">
      <h3>{isToPay(backOrder) ? 'Please pay' : 'Please check and confirm'}</h3>
      <dl class="facts">
        <div>
          <dt>What</dt>
          <dd>
            {backOrder.ordered} × {itemName(backOrder.sku, view.page)}
          </dd>
        </div>
        <div>
          <dt>Price</dt>
          <dd>
            {money(backOrder.unit_price)} each,{' '}
            <strong>{money(backOrder.unit_price, backOrder.ordered)}</strong> together
          </dd>
        </div>
        <div>
          <dt>When</dt>
          <dd>{backOrder.deliver_on ? calendarDay(backOrder.deliver_on) : 'as soon as possible'}</dd>
        </div>
        {backOrder.ship_to && (
          <div>
            <dt>Where</dt>
            <dd>
              <AddressLines address={backOrder.ship_to} />
            </dd>
          </div>
        )}
      </dl>
      <ConfirmOrPay view={view} backOrder={backOrder} action={action} />
    </div>
  )
}

/**
 * The form, and after it, where the house takes the payment, the way to the provider's page: a link, since the page's
 * forms lead nowhere else (REQUIREMENTS B5).
 */
function ConfirmOrPay({ view, backOrder, action }: Props) {
  const { payment } = backOrder
  if (payment?.state === 'authorised') return <p>Your payment went through. One moment, please.</p>
  if (payment?.pay_url) {
    return (
      <p class="send">
        <a class="button" href={payment.pay_url}>
          Pay {money(payment.amount)}
        </a>{' '}
        on the page of our payment provider. We never see the number of your card, and take the money when
        your goods leave us.
      </p>
    )
  }
  return (
    <ActionForm
      view={view}
      action={action}
      version={backOrder.version}
      button={view.page.shop.takes_payment ? 'Confirm and pay' : 'Confirm the delivery'}
    />
  )
}

function Refusal({ view, backOrder, action }: Props) {
  return (
    <Folded view={view} action={action} title="I do not want it any more">
      <p>The goods go to the next in line, and this back order ends. That cannot be undone.</p>
      <ActionForm
        view={view}
        action={action}
        version={backOrder.version}
        button="Decline the delivery"
        look="danger"
      />
    </Folded>
  )
}

function Quantity({ view, backOrder, action }: Props) {
  return (
    <Folded view={view} action={action} title="Take fewer">
      <ActionForm
        view={view}
        action={action}
        version={backOrder.version}
        button="Lower the quantity"
        look="plain"
      >
        <Field
          view={view}
          action={action}
          name="quantity"
          label="New quantity"
          hint={`Now: ${backOrder.ordered}. Your place in the queue stays the same; to get more again you would have to order anew.`}
          type="number"
          inputmode="numeric"
          min="1"
          max={String(backOrder.ordered - 1)}
          required
        />
      </ActionForm>
    </Folded>
  )
}

function Cancellation({ view, backOrder, action }: Props) {
  return (
    <Folded view={view} action={action} title="Cancel this back order">
      <p>
        {backOrder.state === 'confirmed'
          ? 'If the carrier was booked already, we first have to ask for the parcel back.'
          : 'What is set aside goes to the next in line. That cannot be undone.'}
      </p>
      <ActionForm
        view={view}
        action={action}
        version={backOrder.version}
        button="Cancel this back order"
        look="danger"
      />
    </Folded>
  )
}

const STEPS: { label: string; states: BackOrderState[] }[] = [
  { label: 'Waiting', states: ['waiting'] },
  { label: 'Here for you', states: ['met'] },
  { label: 'To confirm', states: ['delivery_requested'] },
  { label: 'Prepared', states: ['confirmed'] },
  { label: 'On its way', states: ['dispatched'] },
  { label: 'Delivered', states: ['delivered'] },
]

/** How far it has come; nothing for a back order that left this road. */
function Steps({ state }: { state: BackOrderState }) {
  const current = STEPS.findIndex((step) => step.states.includes(state))
  if (current === -1) return null
  return (
    <ol class="steps">
      {STEPS.map(({ label }, index) => (
        <li
          class={
            index < current || state === 'delivered' ? 'done' : index === current ? 'current' : undefined
          }
          aria-current={index === current ? 'step' : undefined}
        >
          {label}
        </li>
      ))}
    </ol>
  )
}

function utcDay(at: Date): string {
  return DateTime.fromJSDate(at, { zone: 'utc' }).toISODate() ?? ''
}
