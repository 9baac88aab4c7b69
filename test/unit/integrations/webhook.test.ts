import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { createWebhookSender } from '../../../src/integrations/webhook.ts'

/** A server on every address of this machine, and how often it was called. */
async function anywhere() {
  let calls = 0
  const server = createServer((request, response) => {
    calls += 1
    request.resume().on('end', () => response.writeHead(204).end())
  })
  await new Promise<void>((resolve) => server.listen(0, '::', resolve))
  onTestFinished(() => void server.close())
  return { port: (server.address() as AddressInfo).port, calls: () => calls }
}

const message = (url: string) => ({ url, secret: 'whsec_c2VjcmV0', id: 'msg_1', body: {} })

test('nothing is sent to private addresses, nor to a name that leads to one (P5)', async () => {
  const { port, calls } = await anywhere()
  const sender = createWebhookSender({ allowPrivateAddresses: false })
  for (const host of [
    '127.0.0.1',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '169.254.169.254',
    '10.0.0.1',
    '0.0.0.0',
    'localhost',
  ])
    for (const protocol of ['http', 'https'])
      await expect(sender.send(message(`${protocol}://${host}:${port}/`)), host).rejects.toThrow(
        'is not allowed',
      )
  expect(calls()).toBe(0)
})

test('where they are allowed it is', async () => {
  const { port, calls } = await anywhere()
  const sender = createWebhookSender({ allowPrivateAddresses: true })
  expect(await sender.send(message(`http://127.0.0.1:${port}/`))).toBe(204)
  expect(calls()).toBe(1)
})
