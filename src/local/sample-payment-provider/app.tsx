import { setTimeout as sleep } from 'node:timers/promises'
import type { Context, Hono } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { z } from 'zod'
import { partnerApp, readBody, refuse } from '../partner/app.ts'
import type { Behaviour } from '../partner/behaviour.ts'
import { type Call, type ProviderBehaviour, ProviderOrders } from './behaviour.ts'
import { Calls, errorBody } from './calls.ts'
import { RefundForm, type Session, SessionForm } from './objects.ts'
import { listPage, payPage } from './pages.tsx'
import { Fault, type Provider } from './provider.ts'

export function providerApp(
  provider: Provider,
  behaviour: Behaviour<ProviderBehaviour>,
  calls: Calls,
  apiKey: string,
): Hono {
  const app = partnerApp()
  addProtocol(app, provider, behaviour, calls, apiKey)
  addControl(app, provider, behaviour, calls)
  addPage(app, provider, behaviour)
  return app
}

/** What Holdfast uses, as Stripe documents it. */
function addProtocol(
  app: Hono,
  provider: Provider,
  behaviour: Behaviour<ProviderBehaviour>,
  calls: Calls,
  apiKey: string,
): void {
  const concerns = (call: Call) => [behaviour.current.on ?? call].flat().includes(call)
  /** True when this call is to be met with that mode. */
  const meets = (mode: ProviderBehaviour['mode'], call: Call) => concerns(call) && behaviour.take(mode)

  async function take(c: Context, call: Call, work: (form: URLSearchParams) => object): Promise<Response> {
    if (c.req.header('authorization') !== `Bearer ${apiKey}`)
      return c.json(errorBody({ type: 'invalid_request_error', code: 'api_key_invalid', message: '' }), 401)
    if (meets('unavailable', call))
      return c.json(errorBody({ type: 'api_error', code: 'unavailable', message: '' }), 503)
    const form = new URLSearchParams(await c.req.text())
    const key = c.req.method === 'POST' ? (c.req.header('idempotency-key') ?? null) : null
    const params = `${c.req.path} ${form.toString()}`
    const { status, body, replayed } = calls.answer({ call, key, params }, behaviour.current.keys, () => {
      if (meets('crash_before', call)) throw new Fault(500, 'crash', 'api_error')
      const done = work(form)
      if (meets('crash_after', call)) throw new Fault(500, 'crash', 'api_error')
      return done
    })
    // The caller cannot know whether it was done.
    if (meets('vanish', call)) await new Promise(() => {})
    if (concerns(call)) await sleep(behaviour.current.answer_after_ms)
    if (replayed) c.header('idempotent-replayed', 'true')
    return c.json(body as object, status as ContentfulStatusCode)
  }

  app.post('/v1/checkout/sessions', (c) =>
    take(c, 'open', (form) => shown(provider.open(read(SessionForm, form)))),
  )
  app.get('/v1/checkout/sessions/:id', (c) =>
    take(c, 'look', () => {
      const session = provider.session(c.req.param('id'))
      const isExpanded = c.req.queries('expand[0]')?.includes('payment_intent')
      const intent = session.payment_intent
      return { ...shown(session), payment_intent: intent && isExpanded ? provider.intent(intent) : intent }
    }),
  )
  app.post('/v1/checkout/sessions/:id/expire', (c) =>
    take(c, 'close', () => shown(provider.expire(provider.session(c.req.param('id'))))),
  )
  app.get('/v1/payment_intents/:id', (c) => take(c, 'look', () => provider.intent(c.req.param('id'))))
  app.post('/v1/payment_intents/:id/capture', (c) =>
    take(c, 'capture', () => {
      if (meets('refuse_capture', 'capture')) throw new Fault(402, 'card_declined', 'card_error')
      return provider.capture(provider.intent(c.req.param('id')))
    }),
  )
  app.post('/v1/payment_intents/:id/cancel', (c) =>
    take(c, 'cancel', () => provider.cancel(provider.intent(c.req.param('id')))),
  )
  app.post('/v1/refunds', (c) =>
    take(c, 'refund', (form) => {
      const asked = read(RefundForm, form)
      const metadata = { payment: asked['metadata[payment]'], refund: asked['metadata[refund]'] }
      const status = meets('fail_refund', 'refund')
        ? 'failed'
        : meets('slow_refund', 'refund')
          ? 'pending'
          : 'succeeded'
      return provider.giveBack(provider.intent(asked.payment_intent), asked.amount, metadata, status)
    }),
  )
  app.get('/v1/refunds', (c) =>
    take(c, 'look', () => {
      const { payment_intent = '', starting_after, limit = '10' } = c.req.query()
      const all = provider.refundsOf(provider.intent(payment_intent))
      const rest = all.slice(all.findIndex(({ id }) => id === starting_after) + 1)
      const data = rest.slice(0, Number(limit))
      return { object: 'list', url: '/v1/refunds', has_more: data.length < rest.length, data }
    }),
  )
  app.get('/v1/refunds/:id', (c) => take(c, 'look', () => provider.refund(c.req.param('id'))))
}

/** What tests use. */
function addControl(
  app: Hono,
  provider: Provider,
  behaviour: Behaviour<ProviderBehaviour>,
  calls: Calls,
): void {
  app.get('/api/behaviour', (c) => c.json(behaviour.current))
  app.put('/api/behaviour', async (c) => c.json(behaviour.set(await readBody(c, ProviderOrders))))
  app.get('/api/books', (c) =>
    c.json({
      sessions: provider.sessions.values(),
      intents: provider.intents.values(),
      refunds: provider.refunds.values(),
      calls: calls.taken,
    }),
  )
  const control = (path: string, work: (id: string, c: Context) => Promise<void> | void) =>
    app.post(path, async (c) => {
      try {
        await work(c.req.param('id') ?? '', c)
        return c.json({ done: true })
      } catch (error) {
        if (error instanceof Fault) return refuse(error.status === 404 ? 404 : 409, error.code)
        throw error
      }
    })
  control('/api/sessions/:id/pay', (id) => provider.pay(provider.session(id)))
  control('/api/sessions/:id/decline', (id) => provider.decline(provider.session(id), 'card_declined'))
  control('/api/sessions/:id/expire', (id) => void provider.expire(provider.session(id)))
  control('/api/intents/:id/lapse', (id) => void provider.cancel(provider.intent(id)))
  control('/api/intents/:id/capture', (id) => void provider.capture(provider.intent(id)))
  control('/api/refunds/:id/finish', async (id, c) => {
    const { status } = await readBody(c, z.strictObject({ status: z.enum(['succeeded', 'failed']) }))
    provider.finishRefund(provider.refund(id), status)
  })
}

/** What people use. */
function addPage(app: Hono, provider: Provider, behaviour: Behaviour<ProviderBehaviour>): void {
  app.get('/', (c) =>
    c.html(listPage(provider.sessions.values(), (id) => provider.intents.get(id), behaviour.current)),
  )
  app.get('/pay/:id', (c) => {
    const session = provider.sessions.get(c.req.param('id')) ?? refuse(404, 'There is no such page')
    const intent = session.payment_intent ? provider.intents.get(session.payment_intent) : undefined
    return c.html(payPage(session, intent))
  })
  app.post('/forms/pay/:id', async (c) => {
    const session = provider.sessions.get(c.req.param('id')) ?? refuse(404, 'There is no such page')
    const { choice } = await c.req.parseBody()
    switch (choice) {
      case 'pay':
        provider.pay(session)
        return c.redirect(session.success_url, 303)
      case 'decline':
        provider.decline(session, session.stepping_up ? 'authentication_failed' : 'card_declined')
        return c.redirect(`/pay/${session.id}`, 303)
      case 'step_up':
        provider.stepUp(session)
        return c.redirect(`/pay/${session.id}`, 303)
      default:
        return c.redirect(session.cancel_url, 303)
    }
  })
  app.post('/forms/behaviour', async (c) => {
    const { mode, webhooks } = await c.req.parseBody()
    const parsed = ProviderOrders.safeParse({ mode, webhooks })
    if (!parsed.success) return refuse(400, z.prettifyError(parsed.error))
    behaviour.set(parsed.data)
    return c.redirect('/', 303)
  })
}

/** The parameters of a call, or Stripe's refusal of one that it does not know or that is wrong. */
function read<Schema extends z.ZodType>(schema: Schema, form: URLSearchParams): z.output<Schema> {
  const parsed = schema.safeParse(Object.fromEntries(form))
  if (parsed.success) return parsed.data
  throw new Fault(400, 'parameter_invalid')
}

/** As Stripe shows it: what only the page needs stays here. */
function shown(session: Session): object {
  const { id, object, status, amount_total, currency, metadata, payment_intent, success_url, cancel_url } =
    session
  const url = status === 'open' ? session.url : null
  return {
    id,
    object,
    mode: 'payment',
    status,
    amount_total,
    currency,
    metadata,
    payment_intent,
    success_url,
    cancel_url,
    url,
  }
}
