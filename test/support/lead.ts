import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { Webhook } from 'standardwebhooks'
import { vacate } from './inbox.ts'
import { type Answer, expectStatus, type Shop, waitFor } from './shop.ts'

export type Dealer = Awaited<ReturnType<Shop['dealer']>>

/** Sends a lead of a prospect of its own; gives the lead and the prospect's address. */
export async function newLead(
  shop: Shop,
  dealer: { id: string },
  more: object = {},
): Promise<{ number: string; email: string; lead: Answer['body'] }> {
  const email = `prospect-${randomBytes(4).toString('hex')}@example.test`
  const { body } = expectStatus(
    await shop.call('POST', '/v1/leads', {
      body: {
        dealer: dealer.id,
        prospect: { name: 'Ada Example', email, phone: '+49 421 555 0100', time_zone: 'Europe/Berlin' },
        vehicle: { make: 'Astra', model: 'Corda' },
        ...more,
      },
    }),
    201,
  )
  return { number: body.number, email, lead: body }
}

/** A dealer's status, by its API key. */
export function say(shop: Shop, dealer: { key: string }, number: string, body: object): Promise<Answer> {
  return shop.call('POST', `/v1/leads/${number}/statuses`, { key: dealer.key, body })
}

/** The types of a lead's events, oldest first, once the last one is of this type. */
export async function storyUntil(shop: Shop, number: string, last: string, seconds = 30): Promise<string[]> {
  const rows = await waitFor(
    `${number} to come to ${last}`,
    () =>
      shop.house.db<{ type: string }[]>`
        SELECT type FROM events WHERE number = ${number} ORDER BY sequence`,
    (rows) => rows.at(-1)?.type === last,
    seconds,
  )
  return rows.map(({ type }) => type.replace('lead.', ''))
}

/** A partner's own server: keeps what it is sent, as long as the signature is right. Takes an inbox's place. */
export async function dealersServer(port = 0) {
  await vacate(port)
  const taken: { type: string; text: string }[] = []
  let secret = ''
  let isOpen = true
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const { 'webhook-id': id = '', 'webhook-timestamp': seconds = '' } = request.headers
      const at = new Date(Number(seconds) * 1_000)
      const isRight = new Webhook(secret).sign(String(id), at, body) === request.headers['webhook-signature']
      if (isRight && isOpen) taken.push({ type: request.headers['content-type'] ?? '', text: body })
      response.writeHead(isRight ? (isOpen ? 204 : 503) : 401).end()
    })
  }).listen(port, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/leads`,
    taken,
    signsWith: (shared: string) => void (secret = shared),
    /** Closed it answers 503. */
    opens: (open: boolean) => void (isOpen = open),
    close: () => server.close(),
  }
}

/** A dealer who is played by the sample dealers' process: sent signed webhooks, and told by the test what to do. */
export async function sampleDealer(
  shop: Shop,
  options: Parameters<Shop['dealer']>[0] & { mode: 'automatic' | 'manual'; behaviour?: object },
) {
  const { house } = shop
  const { mode, behaviour = {}, ...more } = options
  const dealer = await shop.dealer(more)
  const path = `/api/dealers/${dealer.id}`
  const webhookUrl = new URL(`/dealers/${dealer.id}/webhooks`, house.dealerUrl).href
  await house.db`UPDATE dealers SET channel = 'webhook', webhook_url = ${webhookUrl} WHERE id = ${dealer.id}`
  const tell = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(new URL(path, house.dealerUrl), {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const answer = (await response.json()) as Answer['body']
    if (!response.ok) throw new Error(`the sample dealer answered ${JSON.stringify(answer)}`)
    return answer
  }
  await tell('PUT', path, { name: dealer.name, api_key: dealer.key, webhook_secret: dealer.secret, mode })
  const behave = (told: object) =>
    tell('PUT', `${path}/behaviour`, { answer_after_ms: 0, proceed_after_ms: 0, ...told })
  await behave(behaviour)
  return {
    ...dealer,
    behave,
    /** Every webhook that it took, in the order of their arrival. */
    webhooks: (): Promise<{ type: string; content_type: string; body: Answer['body'] }[]> =>
      tell('GET', `${path}/webhooks`),
    documents: (): Promise<Answer['body'][]> => tell('GET', `${path}/documents`),
    /** Makes it say something, right or wrong, also about what it was never sent; gives Holdfast's answer. */
    say: (
      number: string,
      body: object,
      by: 'webhook' | 'api-key' = 'webhook',
      kind: 'lead' | 'custom_order' | 'tag' = 'lead',
    ): Promise<Answer & { id: string }> => tell('POST', `${path}/answers`, { kind, number, body, by }),
    /** The same message once more. */
    again: (number: string, call: string): Promise<Answer> =>
      tell('POST', `${path}/answers/again`, { kind: 'lead', number, call }),
  }
}

/** The words of the mail that this person got about it. */
export async function letter(shop: Shop, to: string, subject: RegExp): Promise<string> {
  const mails = await shop.mails(to, subject)
  return mails.find((mail) => subject.test(mail.subject))?.text ?? ''
}

/**
 * The link to a page in a mail: a customer's (`o`), a prospect's (`e`), or a dealer's of a lead (`l`), a custom order (`c`) or a tag (`t`).
 */
export async function linkIn(
  shop: Shop,
  to: string,
  subject: RegExp,
  page: 'o' | 'e' | 'l' | 'c' | 't',
): Promise<string> {
  const text = await letter(shop, to, subject)
  const link = new RegExp(`http\\S+/${page}/\\S+`).exec(text)?.[0]
  if (!link) throw new Error(`no link in the mail: ${text}`)
  return link
}
