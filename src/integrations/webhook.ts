import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import ipaddr from 'ipaddr.js'
import { RequestFilteringHttpAgent, RequestFilteringHttpsAgent } from 'request-filtering-agent'
import { Webhook } from 'standardwebhooks'

/** A signed message to a partner's endpoint (Standard Webhooks), JSON or XML. `id` is the same on every attempt. */
export type WebhookMessage = { url: string; secret: string; id: string } & (
  | { body: unknown }
  | { xml: string }
)

/** Sends webhooks: one attempt of at most ten seconds. Gives the HTTP status; throws when there was none. */
export type WebhookSender = { send(message: WebhookMessage): Promise<number> }

const ATTEMPT_MS = 10_000

/**
 * True when a URL itself says that it leads to a private, loopback or other address that is not public. What a name leads
 * to is only known when something is sent, and refused then.
 */
export function namesPrivateAddress(url: string): boolean {
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')
  if (/(^|\.)localhost$/.test(host)) return true
  return ipaddr.isValid(host) && ipaddr.parse(host).range() !== 'unicast'
}

/** Private and loopback addresses are refused, also behind a name, unless they are allowed. */
export function createWebhookSender(options: { allowPrivateAddresses: boolean }): WebhookSender {
  const filter = options.allowPrivateAddresses
    ? { allowPrivateIPAddress: true, allowMetaIPAddress: true }
    : {}
  const http = new RequestFilteringHttpAgent(filter)
  const https = new RequestFilteringHttpsAgent(filter)

  return {
    async send({ url, secret, id, ...content }) {
      const [type, text] =
        'xml' in content
          ? ['application/xml; charset=utf-8', content.xml]
          : ['application/json', JSON.stringify(content.body)]
      const at = new Date()
      const headers = {
        'content-type': type,
        'content-length': Buffer.byteLength(text),
        'user-agent': 'Holdfast',
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
        'webhook-signature': new Webhook(secret).sign(id, at, text),
      }
      const isSecure = new URL(url).protocol === 'https:'
      return new Promise<number>((resolve, reject) => {
        const options = {
          method: 'POST',
          headers,
          agent: isSecure ? https : http,
          signal: AbortSignal.timeout(ATTEMPT_MS),
        }
        const onResponse = (response: IncomingMessage) => {
          response.resume()
          resolve(response.statusCode ?? 0)
        }
        const request: ClientRequest = isSecure
          ? httpsRequest(url, options, onResponse)
          : httpRequest(url, options, onResponse)
        request.on('error', reject)
        request.end(text)
      })
    },
  }
}
