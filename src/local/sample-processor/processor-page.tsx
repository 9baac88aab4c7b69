import { moneyInWords } from '../../domain/money.ts'
import { page, when } from '../partner/page.tsx'
import { Untaken } from '../partner/untaken.tsx'
import { OneOrder, ProcessorOrders } from './behaviour.ts'
import { HabitsForm } from './habits-form.tsx'
import type { Order, Verdict } from './order.ts'
import type { Processor } from './processor.ts'
import { VehicleRow } from './vehicle-row.tsx'

const MOST_SHOWN = 100

export function processorPage(processor: Processor) {
  const { manners, book } = processor
  const orders = book.newestFirst()
  const vehicles = book.vehicles()
  return page(
    'Sample order processor',
    undefined,
    <>
      <h1>Sample order processor and plant</h1>
      <p class="lead">
        They stand in for the manufacturer's and speak to Holdfast as those would. What you answer or report
        by hand replaces what would have happened by itself.
      </p>
      <HabitsForm
        action="/forms/behaviour"
        modes={ProcessorOrders.shape.mode.options}
        habits={manners.general.current}
      />
      <h2>Orders and tags</h2>
      {orders.length === 0 ? <p class="dim">None yet.</p> : <Orders {...{ processor, orders }} />}
      <h2>Vehicles</h2>
      {vehicles.length === 0 ? (
        <p class="dim">None yet: an order becomes a vehicle once its dealer has accepted it too.</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th>Vehicle</th>
              <th>Told</th>
              <th>Report now</th>
            </tr>
          </thead>
          <tbody>
            {vehicles.slice(0, MOST_SHOWN).map((vehicle) => (
              <VehicleRow vehicle={vehicle} order={book.order(vehicle.order)} />
            ))}
          </tbody>
        </table>
      )}
      {Math.max(orders.length, vehicles.length) > MOST_SHOWN && (
        <p class="dim">Only the newest {MOST_SHOWN} are shown.</p>
      )}
    </>,
  )
}

function Orders({ processor, orders }: { processor: Processor; orders: Order[] }) {
  return (
    <table>
      <thead>
        <tr>
          <th>Order</th>
          <th>Configuration</th>
          <th>Answered</th>
          <th>Answer now</th>
        </tr>
      </thead>
      <tbody>
        {orders.slice(0, MOST_SHOWN).map((order) => (
          <tr>
            <td>
              {order.number}
              <div>{order.dealer.name}</div>
              <div class="dim">
                turn {order.turn}
                {order.answer_by && <>, answer by {when(order.answer_by)}</>}
              </div>
              {order.cancelled_at && <div class="bad">cancelled {when(order.cancelled_at)}</div>}
            </td>
            <td>
              <ConfigurationOf order={order} />
            </td>
            <td>
              {order.answers.map(({ turn, verdict, at }) => (
                <div>
                  <VerdictInWords verdict={verdict} />{' '}
                  <span class="dim">
                    turn {turn}, {when(at)}
                  </span>
                </div>
              ))}
              <Untaken sent={processor.outbox.sent(order.number)} />
            </td>
            <td>
              <AnswerForms processor={processor} order={order} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function ConfigurationOf({ order: { configuration } }: { order: Order }) {
  const { model_year, features, total_price, currency } = configuration
  return (
    <details>
      <summary>
        {model_year}, {moneyInWords(total_price, currency)}
      </summary>
      {features.map((feature) => (
        <div>
          {feature.kind}: {feature.name}{' '}
          {'price' in feature && <span class="dim">{moneyInWords(feature.price, currency)}</span>}
        </div>
      ))}
    </details>
  )
}

function VerdictInWords({ verdict }: { verdict: Verdict }) {
  return 'reference' in verdict ? (
    <span class="good">accepted as {verdict.reference}</span>
  ) : (
    <span class="bad">refused: {verdict.reasons.join('; ')}</span>
  )
}

function AnswerForms({ processor, order }: { processor: Processor; order: Order }) {
  const action = `/forms/orders/${encodeURIComponent(order.number)}`
  return (
    <>
      <form method="post" action={`${action}/answer`}>
        <button name="verdict" value="accept">
          Accept
        </button>{' '}
        <button name="verdict" value="refuse">
          Refuse
        </button>
        <div>
          <input name="reason" placeholder="Reason, if refused" maxlength={500} />
        </div>
      </form>
      <details>
        <summary>Behave otherwise towards this order</summary>
        <HabitsForm
          action={`${action}/behaviour`}
          modes={OneOrder.shape.mode.unwrap().options}
          habits={processor.manners.towards(order.number)}
        />
      </details>
    </>
  )
}
