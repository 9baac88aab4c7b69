import type { ToldEvent } from '../../store/event.ts'
import type { TagPage as Page } from '../../store/tag-page.ts'
import {
  ActForm,
  Choices,
  DealerLayout,
  HandoverForm,
  StoryList,
  TextField,
  type View,
} from '../dealer-page/parts.tsx'
import { FactList, type Facts } from '../fact-list.tsx'
import { listed, moment, money } from '../format.ts'
import { eventWords, REST_WORDS } from './words.ts'

/** A dealer's page of a tag: which vehicle, for whom, and what the dealer may do. */
export function TagPage({ view }: { view: View<Page> }) {
  const { page, notice } = view
  const { tag, events } = page
  const { state, allowed_actions: actions } = tag
  const canHandOver = actions.includes('hand_over') && tag.vehicle.whereabouts === 'lot'
  return (
    <DealerLayout title={`Tag ${tag.number}`} notice={notice}>
      <p class="lead">{tag.vehicle.name}</p>
      <FactList facts={factsOf(page)} />
      {state === 'pending' || state === 'confirmed' ? (
        <>
          <AnswerForm view={view} />
          {canHandOver && <HandoverForm view={view} version={tag.version} owesBalance={page.owes_balance} />}
        </>
      ) : (
        <p>
          <strong>{REST_WORDS[state]}</strong>
        </p>
      )}
      <StoryList
        entries={events.flatMap((event) => {
          const words = eventWords(event)
          return words === null ? [] : [{ at: event.at, words: noted(words, event, tag.dealer) }]
        })}
      />
    </DealerLayout>
  )
}

function factsOf({ tag }: Page): Facts {
  const { vehicle, vin, price, buyer, deadline } = tag
  const features = vehicle.features.map(({ name }) => name)
  return [
    ['Number', vehicle.number],
    ['VIN', vin],
    ['With', features.length > 0 && listed(features)],
    ['Price', money(price)],
    ['Where', vehicle.whereabouts === 'lot' ? 'On your lot' : 'Not with you yet'],
    ['Buyer', buyer?.name],
    ['E-mail', buyer?.email],
    ['Answer by', deadline && moment(deadline.at, 'UTC')],
  ]
}

function AnswerForm({ view }: { view: View<Page> }) {
  const { dealer_accepted, version } = view.page.tag
  const sold = ['sold', 'No, it is sold'] as const
  const [title, choices] = dealer_accepted
    ? (['You said that it is there. Has that changed?', [sold]] as const)
    : (['Is it there?', [['there', 'Yes, it is there'] as const, sold]] as const)
  return (
    <ActForm view={view} name="answer" title={title} button="Send" version={version}>
      <Choices view={view} form="answer" name="answer" legend="Your answer" choices={choices} />
      <TextField view={view} form="answer" name="note" label="Note, if you like" />
    </ActForm>
  )
}

/** What happened, with what the dealer wrote about it; what others write is not for them. */
function noted(words: string, { actor, note }: ToldEvent, dealer: string): string {
  return note !== null && actor === `dealer:${dealer}` ? `${words} – ${note}` : words
}
