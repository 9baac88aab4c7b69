/**
 * A refusal: the answer "no, and why" to a request that was understood. Each has a stable type that is a page of the
 * docs, an HTTP status and a title; `detail` and the extra members say what is the case here. Thrown in a
 * transaction it rolls everything back, travels through Temporal as a typed failure, and leaves the API as problem
 * details (RFC 9457). Detail and members carry ids, item codes, quantities and times only, and words of the
 * house's own catalogue (REQUIREMENTS P6).
 */
export const REFUSALS = {
  'malformed-request': { status: 400, title: 'The request cannot be read' },
  'idempotency-key-missing': { status: 400, title: 'This request needs an Idempotency-Key header' },
  'mistyped-number': { status: 400, title: 'This number has a typing error' },
  'invalid-signature': { status: 401, title: 'The signature is missing, wrong or too old' },
  'api-key-missing': { status: 401, title: 'This request needs an API key' },
  'api-key-invalid': { status: 401, title: 'The API key is unknown or revoked' },
  'role-forbidden': { status: 403, title: 'This API key may not do that' },
  'not-found': { status: 404, title: 'There is no such thing' },
  'link-ended': { status: 404, title: 'This link is not valid, or no longer' },
  'method-not-allowed': { status: 405, title: 'That method is not available here' },
  'state-conflict': { status: 409, title: 'That is not possible in its present state' },
  'offer-ended': { status: 409, title: 'The offer has ended' },
  'deadline-passed': { status: 409, title: 'The deadline has passed' },
  'consent-missing': { status: 409, title: 'The prospect has not agreed to another dealer' },
  'cap-reached': { status: 409, title: 'No more of this item can be back-ordered' },
  'stock-promised': { status: 409, title: 'More units are promised than would remain' },
  'reference-reused': { status: 409, title: 'This reference was used with another content' },
  'line-withdrawn': { status: 409, title: 'This line was withdrawn' },
  'request-running': { status: 409, title: 'The same request is still being worked on' },
  'already-exists': { status: 409, title: 'It exists already' },
  'still-in-use': { status: 409, title: 'It is still in use' },
  erased: { status: 410, title: 'What this request was about was erased' },
  'slots-frozen': { status: 409, title: 'Vehicles that are frozen would lose their slots' },
  'vehicle-taken': { status: 409, title: 'Somebody else has this vehicle' },
  'price-changed': { status: 409, title: 'It costs something else now' },
  'version-stale': { status: 412, title: 'It has changed since you read it' },
  'freeze-point-passed': { status: 409, title: 'Production has it: it can no longer be changed' },
  'configuration-stale': { status: 409, title: 'The configuration is no longer sold like this' },
  'balance-due': { status: 409, title: 'The balance is to be paid first' },
  'vin-bonded': { status: 409, title: 'A VIN belongs to one vehicle' },
  'too-large': { status: 413, title: 'The request is too large' },
  'unsupported-media-type': { status: 415, title: 'The request has another content type than is read here' },
  'invalid-request': { status: 422, title: 'The request has faults' },
  'idempotency-key-reused': { status: 422, title: 'This Idempotency-Key was used with another request' },
  'unknown-item': { status: 422, title: 'An item is not known' },
  'period-out-of-range': { status: 422, title: 'The period is outside of what is possible' },
  'choice-not-open': { status: 422, title: 'That choice is not open for this line' },
  'quantity-not-lower': { status: 422, title: 'The quantity can only be lowered' },
  'configuration-invalid': { status: 422, title: 'This configuration cannot be built' },
  'quantity-mismatch': { status: 422, title: 'The quantities do not add up' },
  'version-missing': { status: 428, title: 'This request needs an If-Match header' },
  'too-many-requests': { status: 429, title: 'Too many requests' },
  'internal-error': { status: 500, title: 'Something went wrong on our side' },
  'outcome-unknown': { status: 503, title: 'The outcome is not known yet' },
  unavailable: { status: 503, title: 'The service cannot do that at the moment' },
} as const

export type RefusalType = keyof typeof REFUSALS

/** Members beside the standard ones; ids, item codes, quantities and times only. */
export type RefusalMembers = {
  errors?: { pointer: string; detail: string }[]
  allowed_actions?: string[]
  [member: string]: unknown
}

export class Refusal extends Error {
  readonly type: RefusalType
  readonly members: RefusalMembers

  constructor(type: RefusalType, detail: string, members: RefusalMembers = {}) {
    super(detail)
    this.name = 'Refusal'
    this.type = type
    this.members = members
  }
}

/** The refusal of a request of which one member does not fit what is known: which, by its JSON pointer, and why. */
export function faultAt(pointer: string, detail: string): Refusal {
  return new Refusal('invalid-request', `There is a fault: ${detail}.`, { errors: [{ pointer, detail }] })
}

/** The refusal of a deadline that somebody asked for. */
export function deadlineRefusal(detail: string): Refusal {
  return new Refusal('period-out-of-range', detail, { errors: [{ pointer: '/deadline_at', detail }] })
}

export function isRefusalType(type: string | null | undefined): type is RefusalType {
  return typeof type === 'string' && Object.hasOwn(REFUSALS, type)
}
