import type { PageBackOrder } from '../../store/order-page.ts'
import { money } from '../format.ts'
import { Layout } from '../layout.tsx'
import { BackOrder } from './back-order.tsx'
import { Delivery } from './delivery.tsx'
import { fieldId, type Notice, Time, type View } from './fields.tsx'
import { History } from './history.tsx'
import { Offer } from './offer.tsx'
import { backOrderWords, isToPay, itemName, lineWords } from './words.ts'

/** The customer's page of an order: what waits for them comes first, then where everything stands, then the past. */
export function OrderPage({ view }: { view: View }) {
  const { page, notice } = view
  const { order } = page
  const isWaitingForYou = (backOrder: PageBackOrder) => backOrderWords(backOrder).tone === 'act'
  const urgentFirst = [
    ...page.back_orders.filter(isWaitingForYou),
    ...page.back_orders.filter((backOrder) => !isWaitingForYou(backOrder)),
  ]
  return (
    <Layout title={`Order ${order.number}`} brand={page.shop.name} footer={<Footer view={view} />}>
      {notice && <NoticeBox notice={notice} view={view} />}
      <h1>Your order</h1>
      <p class="lead">
        {order.number}
        {order.reference && ` · ${page.shop.name} reference ${order.reference}`} · ordered on{' '}
        <Time at={order.created_at} view={view} />
      </p>
      <NextSteps view={view} urgent={page.back_orders.filter(isWaitingForYou)} />
      <Lines view={view} />
      <Offer view={view} />
      {urgentFirst.map((backOrder) => (
        <BackOrder view={view} backOrder={backOrder} />
      ))}
      {page.deliveries.length > 0 && (
        <section aria-labelledby="deliveries-title">
          <h2 id="deliveries-title">{page.deliveries.length === 1 ? 'Delivery' : 'Deliveries'}</h2>
          {page.deliveries.map((delivery) => (
            <Delivery view={view} delivery={delivery} />
          ))}
        </section>
      )}
      <History view={view} />
    </Layout>
  )
}

/** What came of the last thing done, or what is wrong with it; read out and reached first. */
function NoticeBox({ notice, view }: { notice: Notice; view: View }) {
  const { attempt } = view
  const faults = Object.entries(attempt?.errors ?? {})
  return (
    <div
      class={`notice ${notice.tone}`}
      role={notice.tone === 'bad' ? 'alert' : 'status'}
      tabindex={-1}
      autofocus
    >
      <p>
        <strong>{notice.title}</strong>
      </p>
      {notice.items && (
        <ul>
          {notice.items.map((item) => (
            <li>{item}</li>
          ))}
        </ul>
      )}
      {attempt && faults.length > 0 && (
        <ul>
          {faults.map(([name, fault]) => (
            <li>
              <a href={`#${fieldId(attempt.action, name)}`}>{fault}</a>
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

/** What the customer is waited for, in one place, with the way there. */
function NextSteps({ view, urgent }: { view: View; urgent: PageBackOrder[] }) {
  const { order } = view.page
  const isOffered = order.allowed_actions.includes('answer') && order.deadline !== null
  if (!isOffered && urgent.length === 0) return null
  return (
    <nav class="next" aria-label="What you can do now">
      <ul>
        {isOffered && order.deadline && (
          <li>
            <a href="#offer">Choose what we shall do about what is missing</a>, until{' '}
            <Time at={order.deadline.at} view={view} />
          </li>
        )}
        {urgent.map((backOrder) => (
          <li>
            <a href={`#${backOrder.number}`}>
              {isToPay(backOrder)
                ? 'Pay for'
                : `${backOrder.state === 'met' ? 'Request' : 'Confirm'} the delivery of`}{' '}
              {backOrder.ordered} × {itemName(backOrder.sku, view.page)}
            </a>
            {backOrder.deadline && (
              <>
                , until <Time at={backOrder.deadline.at} view={view} />
              </>
            )}
          </li>
        ))}
      </ul>
    </nav>
  )
}

function Lines({ view }: { view: View }) {
  const { page } = view
  const atOnce = page.deliveries.filter((delivery) => delivery.back_order === null)
  const shipped = new Map(atOnce.flatMap(({ number, lines }) => lines.map(({ sku }) => [sku, number])))
  return (
    <section aria-labelledby="lines-title">
      <h2 id="lines-title">What you ordered</h2>
      <ul class="lines">
        {page.order.lines.map((line) => (
          <li>
            <div class="what">
              <strong>
                {line.ordered} × {itemName(line.sku, page)}
              </strong>{' '}
              <span class="price">
                {money(line.unit_price, line.ordered)}
                {line.ordered > 1 && <span class="dim"> ({money(line.unit_price)} each)</span>}
              </span>
            </div>
            <p>
              {lineWords(line, page.order)}
              {line.back_order && (
                <>
                  {' '}
                  <a href={`#${line.back_order}`}>See the back order</a>
                </>
              )}
              {shipped.has(line.sku) && (
                <>
                  {' '}
                  <a href={`#${shipped.get(line.sku)}`}>See the delivery</a>
                </>
              )}
            </p>
          </li>
        ))}
      </ul>
    </section>
  )
}

function Footer({ view }: { view: View }) {
  const { page, base } = view
  return (
    <>
      <p>
        Times are in your time zone, {page.time_zone}. As of <Time at={page.now} view={view} />.{' '}
        <a href={base}>Show the latest</a>
      </p>
      <p>
        Questions? Write to{' '}
        <a href={`mailto:${page.shop.reply_to}?subject=${encodeURIComponent(`Order ${page.order.number}`)}`}>
          {page.shop.reply_to}
        </a>
        . Whoever has the address of this page can act on your order, so please do not pass it on.
      </p>
    </>
  )
}
