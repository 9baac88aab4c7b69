import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { httpCarrier, type Shipment } from '../../../src/integrations/carrier.ts'

const SHIPMENT: Shipment = {
  reference: 'DL-1',
  ship_to: {
    name: 'Ada',
    lines: ['1 Mill Lane'],
    city: 'Leeds',
    postcode: 'LS1',
    region: null,
    country: 'GB',
  },
  parcels: [{ sku: 'LAMP', quantity: 2 }],
  collect_on: null,
}

/** The carrier as Holdfast calls it, where every call is answered so; and the headers of the calls. */
async function answering(
  status: number,
  body = '',
  { apiKey, location }: { apiKey?: string; location?: string } = {},
) {
  const calls: Record<string, string | undefined>[] = []
  const server = createServer((request, response) => {
    const { authorization, 'idempotency-key': key } = request.headers
    calls.push({ authorization, key: key as string | undefined })
    request.resume().on('end', () => response.writeHead(status, location ? { location } : {}).end(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}/`
  return { carrier: httpCarrier({ url, apiKey }), calls, url }
}

test('a booking is booked with a tracking number only, and refused by 400 and 422 only', async () => {
  const booked = await answering(201, '{"tracking": "T1"}')
  expect(await booked.carrier.book(SHIPMENT)).toEqual({ tracking: 'T1' })
  for (const status of [400, 422]) {
    expect(await (await answering(status)).carrier.book(SHIPMENT)).toEqual({ refused: true })
  }
  for (const body of [
    '',
    '{}',
    '{"tracking": null}',
    '{"tracking": ""}',
    '{"tracking": 7}',
    '{"tracking": "T 1"}',
    `{"tracking": "${'T'.repeat(101)}"}`,
    'null',
    '<p>ok',
  ]) {
    const { carrier, calls } = await answering(200, body)
    await expect(carrier.book(SHIPMENT)).rejects.toThrow('the carrier answered 200 without a tracking number')
    expect(calls).toEqual([{ key: 'DL-1' }])
  }
  for (const status of [401, 403, 404, 409, 429, 500, 503]) {
    await expect((await answering(status)).carrier.book(SHIPMENT)).rejects.toMatchObject({
      name: `carrier answered ${status}`,
    })
  }
})

test('taking back: gone by a yes, collected by 409, unknown to the carrier by 404, else not known to us', async () => {
  for (const status of [200, 204])
    expect(await (await answering(status)).carrier.cancel('T1')).toBe('returned')
  expect(await (await answering(404)).carrier.cancel('T1')).toBe('unknown')
  expect(await (await answering(409)).carrier.cancel('T1')).toBe('collected')
  for (const status of [400, 401, 403, 429, 503]) {
    await expect((await answering(status)).carrier.cancel('T1')).rejects.toThrow(
      `the carrier answered ${status}`,
    )
  }
})

test('asking: what happened last, or that nothing is known; being turned away is neither', async () => {
  expect(await (await answering(200, '{"status": "delivered"}')).carrier.status('T1')).toBe('delivered')
  expect(await (await answering(200, '{"status": "booked"}')).carrier.status('T1')).toBeNull()
  expect(await (await answering(404)).carrier.status('T1')).toBeNull()
  await expect((await answering(401)).carrier.status('T1')).rejects.toThrow('the carrier answered 401')
})

test('nothing is sent on to where a redirect leads', async () => {
  const elsewhere = await answering(200, '{"tracking": "T1", "status": "delivered"}')
  for (const status of [301, 302, 303, 307, 308]) {
    const { carrier } = await answering(status, '', { location: elsewhere.url })
    const strange = { name: `carrier answered ${status}` }
    await expect(carrier.book(SHIPMENT)).rejects.toMatchObject(strange)
    await expect(carrier.status('T1')).rejects.toMatchObject(strange)
    await expect(carrier.cancel('T1')).rejects.toMatchObject(strange)
  }
  expect(elsewhere.calls).toEqual([])
})

test('every call shows the API key, if there is one', async () => {
  const { carrier, calls } = await answering(200, '{"tracking": "T1", "status": "booked"}', {
    apiKey: 'a-key',
  })
  await carrier.book(SHIPMENT)
  await carrier.status('T1')
  await carrier.cancel('T1')
  expect(calls.map(({ authorization }) => authorization)).toEqual(Array(3).fill('Bearer a-key'))
})
