import type { z } from '@hono/zod-openapi'
import type { ApiKit } from '../../api/kit.ts'
import { periodSeconds } from '../../api/request.ts'
import { DeliveryRequest, LowerQuantity } from '../../api/routes/back-orders.ts'
import { Answers, Cancellation, DeadlineChange } from '../../api/routes/orders.ts'
import { send } from '../../api/send.ts'
import {
  answerOffer,
  cancel,
  changeDeadline,
  confirm,
  decideDelivery,
  decline,
  lower,
  requestDelivery,
} from '../../clients/messages.ts'
import type { Command } from '../../domain/command.ts'
import type { BackOrderView } from '../../store/back-order-view.ts'
import { LINE_FIELDS } from './address.tsx'
import type { Fields } from './fields.tsx'
import type { Done } from './words.ts'

/**
 * The page's forms: what each sends, checked by the schema of the API's own route, so that a command's stored body looks
 * the same wherever it came from.
 */
export type Form<Body = unknown> = {
  schema: z.ZodType<Body>
  /** The API's body, made from what was entered. */
  body: (fields: Fields) => unknown
  /** The field in which a part of the body was entered, by its path. */
  field: (path: string[], body: unknown) => string
  send: (kit: ApiKit, number: string, body: Body, command: Command) => Promise<unknown>
  /** What the page says when it was done; `answer` is the API's. */
  done: (answer: unknown) => Done
}

const form = <Body>(form: Form<Body>): Form => form as Form

const nothing = { schema: Cancellation, body: () => ({}), field: () => '' }
const doneOrUnderway = (answer: unknown): Done =>
  (answer as Partial<BackOrderView>).state === ('cancelling' satisfies BackOrderView['state'])
    ? 'cancelling'
    : 'cancelled'
const deadline = {
  schema: DeadlineChange,
  body: ({ deadline_at }: Fields) => ({ deadline_at }),
  field: () => 'deadline_at',
  done: (): Done => 'deadline',
}

/** Forms about the order itself, by the last part of their address. */
export const ORDER_FORMS: Record<string, Form> = {
  answers: form({
    schema: Answers,
    body: (fields) => ({
      answers: answeredLines(fields).map((line) => ({
        line: Number(line),
        choice: fields[`choice-${line}`],
        ...(fields[`wait-${line}`] ? { wait_period: fields[`wait-${line}`] } : {}),
        ...(fields[`hold-${line}`] ? { hold_period: fields[`hold-${line}`] } : {}),
      })),
    }),
    field: ([, index, member = ''], body) => {
      const line = (body as { answers: { line: number }[] }).answers[Number(index)]?.line
      if (line === undefined) return 'choice'
      return `${member.startsWith('wait') ? 'wait' : member.startsWith('hold') ? 'hold' : 'choice'}-${line}`
    },
    send: (kit, number, { answers }, command) => {
      const lines = answers.map(({ line, choice, wait_period, hold_period }) => ({
        line,
        choice,
        wait_seconds: wait_period === undefined ? null : periodSeconds(wait_period),
        hold_seconds: hold_period === undefined ? null : periodSeconds(hold_period),
      }))
      return send(kit, { kind: 'order', number }, answerOffer, { ...command, answers: lines })
    },
    done: () => 'answered',
  }),
  deadline: form({
    ...deadline,
    send: (kit, number, { deadline_at }, command) =>
      send(kit, { kind: 'order', number }, changeDeadline, {
        ...command,
        deadline_at: new Date(deadline_at).toISOString(),
      }),
  }),
  cancellation: form({
    ...nothing,
    send: (kit, number, _, command) => send(kit, { kind: 'order', number }, cancel, command),
    done: () => 'cancelled',
  }),
}

/** Forms about one back order. */
export const BACK_ORDER_FORMS: Record<string, Form> = {
  quantity: form({
    schema: LowerQuantity,
    body: ({ quantity = '' }) => ({ quantity: quantity.trim() === '' ? undefined : Number(quantity) }),
    field: () => 'quantity',
    send: (kit, number, { quantity }, command) =>
      send(kit, { kind: 'back-order', number }, lower, { ...command, quantity }),
    done: () => 'lowered',
  }),
  deadline: form({
    ...deadline,
    send: (kit, number, { deadline_at }, command) =>
      send(kit, { kind: 'back-order', number }, changeDeadline, {
        ...command,
        deadline_at: new Date(deadline_at).toISOString(),
      }),
  }),
  'delivery-request': form({
    schema: DeliveryRequest,
    body: (fields) => ({
      ship_to: {
        name: fields.name,
        lines: addressLines(fields),
        city: fields.city,
        postcode: fields.postcode,
        ...(fields.region?.trim() ? { region: fields.region } : {}),
        country: fields.country,
      },
      ...(fields.deliver_on ? { deliver_on: fields.deliver_on } : {}),
    }),
    field: ([first = '', member = '', index = '0']) =>
      first === 'ship_to' ? (member === 'lines' ? `line-${Number(index) + 1}` : member) : first,
    send: (kit, number, _, command) => send(kit, { kind: 'back-order', number }, requestDelivery, command),
    done: () => 'requested',
  }),
  confirmation: form({
    ...nothing,
    send: (kit, number, _, command) => send(kit, { kind: 'back-order', number }, confirm, command),
    done: (answer) => ((answer as Partial<BackOrderView>).payment?.pay_url ? 'to_pay' : 'confirmed'),
  }),
  refusal: form({
    ...nothing,
    send: (kit, number, _, command) => send(kit, { kind: 'back-order', number }, decline, command),
    done: () => 'declined',
  }),
  cancellation: form({
    ...nothing,
    send: (kit, number, _, command) => send(kit, { kind: 'back-order', number }, cancel, command),
    done: doneOrUnderway,
  }),
}

/** Forms about one delivery. */
export const DELIVERY_FORMS: Record<string, Form> = {
  cancellation: form({
    ...nothing,
    send: (kit, number, _, command) =>
      send(kit, { kind: 'delivery', number }, decideDelivery, { ...command, decision: 'cancel' }),
    done: doneOrUnderway,
  }),
}

/** What a form came to: the API's body, or what is wrong, by field. */
export type Entered = { body: unknown; errors: null } | { body: unknown; errors: Record<string, string> }

/** Checks what was entered into a form. */
export function enter(form: Form, fields: Fields): Entered {
  const body = form.body(fields)
  const checked = form.schema.safeParse(body)
  if (checked.success) return { body: checked.data, errors: null }
  const errors: Record<string, string> = {}
  for (const issue of checked.error.issues) {
    const field = form.field(issue.path.map(String), body)
    errors[field] ??= faultWords(issue, field, fields)
  }
  return { body, errors }
}

/** What is wrong with a field, for whoever filled it in. */
function faultWords(issue: z.core.$ZodIssue, field: string, fields: Fields): string {
  const isEmpty = !fields[field]?.trim()
  if (field.startsWith('choice')) return 'Please choose what we shall do.'
  if (field === 'deadline_at') return 'Please choose a new deadline.'
  if (field === 'quantity') return `Please enter a whole number from 1${isEmpty ? '' : ', lower than now'}.`
  if (field === 'country') return 'Please choose a country.'
  if (field === 'deliver_on') return 'Please enter a day, or leave it empty.'
  if (isEmpty) return EMPTY[field] ?? 'Please fill this in.'
  if (issue.code === 'too_big') return `That is too long: at most ${String(issue.maximum)} characters.`
  return 'That cannot be read. Please enter it again.'
}

const EMPTY: Record<string, string> = {
  name: 'Please enter a name.',
  'line-1': 'Please enter the street and house number.',
  city: 'Please enter the town or city.',
  postcode: 'Please enter the postcode.',
}

/** The lines for which a choice was made. */
function answeredLines(fields: Fields): string[] {
  return Object.keys(fields).flatMap((name) =>
    name.startsWith('choice-') && fields[name] ? [name.slice('choice-'.length)] : [],
  )
}

/** An address's lines up to the last that was filled in: each keeps its index, by which a fault is told. */
function addressLines(fields: Fields): string[] {
  const lines = LINE_FIELDS.map((name) => fields[name] ?? '')
  return lines.slice(0, lines.findLastIndex((line) => line.trim() !== '') + 1)
}
