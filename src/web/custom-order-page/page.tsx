import type { CustomOrderPage as Page } from '../../store/custom-order-page.ts'
import {
  ActForm,
  Choices,
  DealerLayout,
  FoldedForm,
  HandoverForm,
  StoryList,
  TextField,
  type View,
} from '../dealer-page/parts.tsx'
import { contactFacts, FactList, type Facts } from '../fact-list.tsx'
import { listed, moment, money } from '../format.ts'
import { eventWords, OVER_WORDS, VEHICLE_WORDS } from './words.ts'

/** A dealer's page of a custom order: what is to be built, for whom, and what the dealer may do. */
export function CustomOrderPage({ view }: { view: View<Page> }) {
  const { page } = view
  const { order, vehicle, over } = page
  return (
    <DealerLayout title={`Order ${order.number}`} view={view}>
      <p class="lead">{vehicle}</p>
      {over ? (
        <p>
          <strong>{OVER_WORDS[over]}</strong> There is nothing more to do.
        </p>
      ) : (
        <>
          <FactList facts={factsOf(view)} />
          <AnswerForm view={view} />
          {view.page.order.dealer_actions.includes('complete') && (
            <HandoverForm view={view} version={view.page.order.version} due={view.page.due} />
          )}
          {order.state === 'completed' && <p>It is completed.</p>}
        </>
      )}
      <StoryList
        zone={view.time_zone}
        entries={page.events.flatMap((event) => {
          const words = eventWords(event)
          return words === null ? [] : [{ at: event.at, words }]
        })}
      />
    </DealerLayout>
  )
}

function factsOf({ page, time_zone }: View<Page>): Facts {
  const { order, vehicle: name } = page
  const { buyer, configuration, price, vehicle, deadline, state, dealer_accepted } = order
  const features = configuration.price.features.map((feature) => feature.name)
  const slot = vehicle?.order_bank?.slot
  return [
    ['Vehicle', name],
    ['With', features.length > 0 && listed(features)],
    ['Price', money(price)],
    ['Buyer', buyer?.name],
    ...contactFacts(buyer?.email, buyer?.phone),
    ['Answer by', state === 'submitted' && !dealer_accepted && deadline && moment(deadline.at, time_zone)],
    ['Stands', vehicle && VEHICLE_WORDS[vehicle.state]],
    ['Built from', slot && vehicle.state === 'scheduled' ? moment(slot.starts_at, time_zone) : null],
    ['VIN', vehicle?.vin],
  ]
}

function AnswerForm({ view }: { view: View<Page> }) {
  const { order } = view.page
  if (!order.dealer_actions.includes('refuse')) return null
  const field = { view, form: 'answer' }
  if (order.dealer_accepted) {
    return (
      <>
        <p>
          <strong>You accepted it; the manufacturer's answer is still to come.</strong>
        </p>
        <FoldedForm
          view={view}
          name="answer"
          title="I refuse it after all"
          button="Refuse the order"
          version={order.version}
        >
          <p>The buyer is told, and may choose another dealer. This cannot be undone.</p>
          <input type="hidden" name="verdict" value="refused" />
          <TextField {...field} name="reason" label="Why you refuse it" />
        </FoldedForm>
      </>
    )
  }
  return (
    <ActForm view={view} name="answer" title="Do you accept it?" button="Send" version={order.version}>
      <Choices
        {...field}
        name="verdict"
        legend="Your answer"
        choices={[
          ['accepted', 'I accept it'],
          ['refused', 'I refuse it'],
        ]}
      />
      <TextField {...field} name="reason" label="Why you refuse it, if you do" />
    </ActForm>
  )
}
