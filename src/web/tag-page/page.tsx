import type { ToldEvent } from '../../store/event.ts'
import type { TagPage as Page } from '../../store/tag-page.ts'
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
import { eventWords, REST_WORDS } from './words.ts'

/** A dealer's page of a tag: which vehicle, for whom, and what the dealer may do. */
export function TagPage({ view }: { view: View<Page> }) {
  const { page } = view
  const { tag, events } = page
  const { state, allowed_actions: actions } = tag
  const canHandOver = actions.includes('hand_over') && tag.vehicle.whereabouts === 'lot'
  return (
    <DealerLayout title={`Tag ${tag.number}`} view={view}>
      <p class="lead">{tag.vehicle.name}</p>
      <FactList facts={factsOf(view)} />
      {state === 'pending' || state === 'confirmed' ? (
        <>
          {canHandOver && <HandoverForm view={view} version={tag.version} due={page.due} />}
          <AnswerForm view={view} />
        </>
      ) : (
        <p>
          <strong>{REST_WORDS[state]}</strong>
        </p>
      )}
      <StoryList
        zone={view.time_zone}
        entries={events.flatMap((event) => {
          const words = eventWords(event)
          return words === null ? [] : [{ at: event.at, words: noted(words, event, tag.dealer) }]
        })}
      />
    </DealerLayout>
  )
}

function factsOf({ page: { tag }, time_zone }: View<Page>): Facts {
  const { vehicle, vin, price, buyer, deadline, dealer_accepted } = tag
  const features = vehicle.features.map(({ name }) => name)
  return [
    ['Vehicle no.', vehicle.number],
    ['VIN', vin],
    ['With', features.length > 0 && listed(features)],
    ['Price', money(price)],
    ['Where', vehicle.whereabouts === 'lot' ? 'On your lot' : 'Not with you yet'],
    ['Buyer', buyer?.name],
    ...contactFacts(buyer?.email),
    ['Answer by', !dealer_accepted && deadline && moment(deadline.at, time_zone)],
  ]
}

function AnswerForm({ view }: { view: View<Page> }) {
  const { dealer_accepted, version } = view.page.tag
  const field = { view, form: 'answer' }
  const note = <TextField {...field} name="note" label="Note, if you like" />
  if (dealer_accepted) {
    return (
      <FoldedForm
        view={view}
        name="answer"
        title="It is sold after all"
        button="Say that it is sold"
        version={version}
      >
        <p>The tag ends, and the buyer is told. This cannot be undone.</p>
        <input type="hidden" name="answer" value="sold" />
        {note}
      </FoldedForm>
    )
  }
  return (
    <ActForm view={view} name="answer" title="Is it there?" button="Send" version={version}>
      <Choices
        {...field}
        name="answer"
        legend="Your answer"
        choices={[
          ['there', 'Yes, it is there'],
          ['sold', 'No, it is sold'],
        ]}
      />
      {note}
    </ActForm>
  )
}

/** What happened, with what the dealer wrote about it; what others write is not for them. */
function noted(words: string, { actor, note }: ToldEvent, dealer: string): string {
  return note !== null && actor === `dealer:${dealer}` ? `${words} – ${note}` : words
}
