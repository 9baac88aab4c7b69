import { REFUSALS, type RefusalType } from '../domain/refusal.ts'
import { document, Layout } from '../web/layout.tsx'

/** What each type of problem means, and what to do about it: the text of the page that its `type` leads to. */
export const EXPLANATIONS: Record<RefusalType, { means: string; todo: string }> = {
  'malformed-request': {
    means:
      'The body is not JSON, or not the XML that it should be, or a header does not have the form that it must have.',
    todo: 'Look at `detail` for the place. Sending the same again cannot succeed.',
  },
  'idempotency-key-missing': {
    means: 'Every POST carries an Idempotency-Key, so that a repeat after a lost answer does nothing twice.',
    todo: 'Add the header with any unique text, such as a UUID, and keep that text for repeats of this request.',
  },
  'mistyped-number': {
    means:
      'The number has the right form, but its last symbol, which is worked out from the others, does not fit.',
    todo: 'Compare it with where it came from: one symbol is wrong, or two neighbours are swapped.',
  },
  'invalid-signature': {
    means:
      'A webhook must be signed as Standard Webhooks say, with the secret that was agreed on, at most five minutes ago.',
    todo: 'Check the secret, the clock, and that the signed text is the body byte for byte.',
  },
  'api-key-missing': {
    means: 'The request does not say who sends it.',
    todo: 'Send the header: Authorization: Bearer hf_…',
  },
  'api-key-invalid': {
    means: 'No key reads like that, or it was revoked.',
    todo: 'Check that the whole key was sent. If it was, ask an operator of the house for a new one.',
  },
  'role-forbidden': {
    means: 'The key is valid, but its role may not do this.',
    todo: '`detail` names the role that it takes.',
  },
  'not-found': {
    means: 'There is nothing under this address, or it belongs to somebody else.',
    todo: 'Check the number and the address. What belongs to another partner cannot be seen with your key.',
  },
  'link-ended': {
    means: 'The link was revoked, or the order or lead has been over for more than 30 days.',
    todo: 'Use the link in the newest mail about it, or write to the shop.',
  },
  'method-not-allowed': {
    means: 'The address exists, but not for this method.',
    todo: 'Look up the route in the API docs.',
  },
  'state-conflict': {
    means: 'What was asked for is not possible in the state that the thing is in now.',
    todo: 'Read it again. `allowed_actions` says what is possible instead.',
  },
  'offer-ended': {
    means: 'The offer on short lines had a deadline, and it is over. What was held is released.',
    todo: 'Place a new order.',
  },
  'deadline-passed': {
    means: 'The deadline is over, and what waited for it is being ended.',
    todo: 'Read it again to see its final state. Place a new order if it is still wanted.',
  },
  'consent-missing': {
    means: 'A lead goes to another dealer only if the prospect agrees to that, and they have not.',
    todo: 'Ask the prospect. What they said is recorded as `agreement`, or by themselves on the page of their enquiry.',
  },
  'cap-reached': {
    means: 'The house limits how many units of this item may be on back order, and this would go beyond it.',
    todo: 'Ask for fewer, decline the line, or try again when some have been served.',
  },
  'stock-promised': {
    means:
      'The count is lower than what is promised to orders whose offer still stands, and that is not taken away.',
    todo: '`holders` names those orders. Count again, or wait until their offers are answered.',
  },
  'reference-reused': {
    means: 'Goods were booked under this reference before, with other lines.',
    todo: 'If it is the same delivery, send what was sent then. If it is another one, give it its own reference.',
  },
  'line-withdrawn': {
    means: 'The purchase order line is closed: withdrawn, lapsed, rejected or received.',
    todo: 'Read the purchase order. Goods that come all the same are still booked by an inventory update.',
  },
  'request-running': {
    means: 'A request with this Idempotency-Key is being worked on at this moment.',
    todo: 'Send it again after the time in Retry-After: you then get its answer.',
  },
  'already-exists': {
    means: 'Something that was to be created exists already. Nothing was created.',
    todo: '`errors` names which. Leave those out, or change them one by one.',
  },
  'still-in-use': {
    means: 'It cannot be removed while something depends on it.',
    todo: '`detail` says what. End that first.',
  },
  erased: {
    means:
      'The request with this Idempotency-Key was carried out before, and what was answered is erased together with the person whom it named.',
    todo: 'Read what it was about by its number. Sending it again does nothing.',
  },
  'slots-frozen': {
    means:
      'Vehicles in production, or past the freeze point of their plant, keep their slots: there cannot be fewer slots than these have.',
    todo: '`vehicles` names them, up to 100. Leave them their slots and their model line.',
  },
  'vehicle-taken': {
    means:
      'The vehicle cannot be had: another buyer has tagged it or has it kept for a while, or its dealer sold or withdrew it.',
    todo: '`availability` says which, and `until` how long it is kept. Where a search was given, `matches` are the next best that can be had.',
  },
  'price-changed': {
    means: 'Its dealer asks for another price than the buyer has seen; nothing was tagged.',
    todo: '`price` is what it costs now. Ask the buyer, and tag it with that.',
  },
  'version-stale': {
    means: 'Somebody changed it after you read it, and your change would undo theirs unseen.',
    todo: 'Read it again, apply your change to what it says now, and send that with the new ETag.',
  },
  'freeze-point-passed': {
    means: 'The vehicle is past the point up to which it can be changed or cancelled.',
    todo: '`frozen_at` is when that became impossible. Please speak with the dealer.',
  },
  'configuration-stale': {
    means: 'What is sold, or what it costs, has changed since the configuration was stored.',
    todo: '`differences` says what in words. Check the features anew and store a configuration of today.',
  },
  'balance-due': {
    means: 'The vehicle is handed over when all of it is paid, and the balance is not.',
    todo: '`payment` is where the buyer pays it. If it was paid at the dealer, say so with `settled_at_dealer`.',
  },
  'vin-bonded': {
    means: 'The vehicle has another VIN already, or the VIN is the one of another vehicle.',
    todo: 'Check the number. Only an operator can release a VIN, with a reason.',
  },
  'too-large': {
    means: 'The body has more bytes than a request may have.',
    todo: 'Send it in several requests.',
  },
  'unsupported-media-type': {
    means:
      'Bodies are JSON, or XML where an ADF document is taken, and the request says that it is something else.',
    todo: 'Send the header that `detail` names.',
  },
  'invalid-request': {
    means:
      'The request can be read, but some of what it says is missing, unknown or out of range. Nothing was changed.',
    todo: '`errors` names each fault by a JSON pointer. Correct them and send it again.',
  },
  'idempotency-key-reused': {
    means: 'The same Idempotency-Key came with another request before.',
    todo: 'Use a new key for a new request, and the same key only for the same request.',
  },
  'unknown-item': {
    means: 'An item code is not one of the house.',
    todo: '`errors` names which. GET /v1/items lists those that there are.',
  },
  'period-out-of-range': {
    means: 'A period or deadline is in the past, or outside of what the house allows.',
    todo: '`detail` and `errors` state the limit.',
  },
  'choice-not-open': {
    means: 'Each short line of an order has its own choices, and this is not one of them.',
    todo: 'Read the order: `choices` of the line lists those that are open.',
  },
  'quantity-not-lower': {
    means: 'The quantity of a back order can only be lowered: more units would jump the queue.',
    todo: 'Give a lower quantity, or place a new order for the additional units.',
  },
  'configuration-invalid': {
    means:
      'The features that were chosen do not make a vehicle that is sold: one is missing or unknown, or a rule is against how they go together. Nothing was stored.',
    todo: '`conflicts` says what is wrong in words, and `alternatives` names the nearest configurations that can be built.',
  },
  'quantity-mismatch': {
    means: 'What is accepted, back-ordered and rejected of a line must add up to what the line asks for.',
    todo: '`errors` states the figures for the line.',
  },
  'version-missing': {
    means: 'It exists, so this would change it, and changes must name the version that they are based on.',
    todo: 'Read it and send its ETag in the header If-Match.',
  },
  'too-many-requests': {
    means:
      'More requests came with this key, or without one from this address, within a second than are answered.',
    todo: 'Wait for the time in Retry-After and go more slowly.',
  },
  'internal-error': {
    means: 'Something is broken on our side.',
    todo: 'Try again with the same Idempotency-Key. If it stays, tell us the `request_id`.',
  },
  'outcome-unknown': {
    means: 'No answer came in time. What was asked for may still be done, or may be done already.',
    todo: 'Send the same request with the same Idempotency-Key: it completes what was begun, or gives its answer.',
  },
  unavailable: {
    means: 'A part of the service cannot be reached at the moment. Nothing was changed.',
    todo: 'Send it again after the time in Retry-After, with the same Idempotency-Key.',
  },
}

export function ProblemPage({ type }: { type: RefusalType }) {
  const { title, status } = REFUSALS[type]
  const { means, todo } = EXPLANATIONS[type]
  return document(
    <Layout title={title} brand="Holdfast API">
      <p>
        Problem <code>{type}</code>, HTTP status {status}
      </p>
      <h1>{title}</h1>
      <p>{withCode(means)}</p>
      <h2>What to do</h2>
      <p>{withCode(todo)}</p>
      <p>
        <a href="/problems">All problems</a> · <a href="/docs">The API</a>
      </p>
    </Layout>,
  )
}

export function ProblemsPage() {
  return document(
    <Layout title="Problems" brand="Holdfast API">
      <h1>Problems</h1>
      <p>Every no of the API has one of these types.</p>
      <ul>
        {Object.entries(REFUSALS).map(([type, { title, status }]) => (
          <li>
            <a href={`/problems/${type}`}>{type}</a> ({status}): {title}
          </li>
        ))}
      </ul>
    </Layout>,
  )
}

/** Text in which `…` stands for code. */
function withCode(text: string) {
  return text.split('`').map((part, index) => (index % 2 === 1 ? <code>{part}</code> : part))
}
