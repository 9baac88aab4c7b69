import type { PageDelivery } from '../../store/order-page.ts'
import { calendarDay } from '../format.ts'
import { AddressLines, Badge } from './address.tsx'
import { ActionForm, Folded, type View } from './fields.tsx'
import { DELIVERY_WORDS, itemName } from './words.ts'

/** A delivery (REQUIREMENTS A8): what is in it, where it goes, how far it has come. */
export function Delivery({ view, delivery }: { view: View; delivery: PageDelivery }) {
  const { label, tone, sentence } = DELIVERY_WORDS[delivery.state]
  const action = `deliveries/${delivery.number}/cancellation`
  return (
    <section
      class={`card ${tone}`}
      id={delivery.number}
      aria-labelledby={`${delivery.number}-title ${delivery.number}-number`}
    >
      <h3 id={`${delivery.number}-title`}>
        {delivery.lines.map((line, index) => (
          <>
            {index > 0 && ', '}
            {line.quantity} × {itemName(line.sku, view.page)}
          </>
        ))}{' '}
        <Badge tone={tone}>{label}</Badge>
      </h3>
      <p class="dim" id={`${delivery.number}-number`}>
        Delivery {delivery.number}
      </p>
      <p>{sentence}</p>
      {delivery.state === 'failed' && delivery.failure && <p>The carrier says: “{delivery.failure}”</p>}
      <dl class="facts">
        {delivery.tracking && (
          <div>
            <dt>Tracking</dt>
            <dd>
              <code>{delivery.tracking}</code>
            </dd>
          </div>
        )}
        {delivery.attempt > 1 && (
          <div>
            <dt>Attempt</dt>
            <dd>{delivery.attempt}</dd>
          </div>
        )}
        {delivery.deliver_on && (
          <div>
            <dt>Wanted on</dt>
            <dd>{calendarDay(delivery.deliver_on)}</dd>
          </div>
        )}
        <div>
          <dt>To</dt>
          <dd>
            <AddressLines address={delivery.ship_to} />
          </dd>
        </div>
      </dl>
      {/* That of a back order is cancelled with the back order. */}
      {delivery.back_order === null && delivery.allowed_actions.includes('cancel') && (
        <Folded view={view} action={action} title="Cancel this delivery">
          <p>If the carrier was booked already, we first have to ask for the parcel back.</p>
          <ActionForm
            view={view}
            action={action}
            version={delivery.version}
            button="Cancel this delivery"
            look="danger"
          />
        </Folded>
      )}
    </section>
  )
}
