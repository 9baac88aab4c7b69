import { describe, expect, test } from 'vitest'
import { EXPLANATIONS } from '../../../src/api/problem-pages.tsx'
import { EVENTS } from '../../../src/domain/event.ts'
import { REFUSALS } from '../../../src/domain/refusal.ts'
import { bareApi } from './in-process.ts'

const api = bareApi()

describe('problem pages (P5)', () => {
  test('every type has one, in words', async () => {
    expect(Object.keys(EXPLANATIONS).sort()).toEqual(Object.keys(REFUSALS).sort())
    for (const [type, { title, status }] of Object.entries(REFUSALS)) {
      const page = await api.request(`/problems/${type}`)
      expect([type, page.status, page.headers.get('content-type')]).toEqual([
        type,
        200,
        'text/html; charset=UTF-8',
      ])
      const text = await page.text()
      expect(text).toContain(`<h1>${title}</h1>`)
      expect(text).toContain(`HTTP status ${status}`)
      expect(text).not.toMatch(/undefined|<script/)
    }
    expect((await api.request('/problems')).status).toBe(200)
    expect((await api.request('/problems/toString')).status).toBe(404)
  })
})

describe('OpenAPI (P5)', () => {
  // biome-ignore lint/suspicious/noExplicitAny: a document as it was sent
  const read = async (): Promise<any> => (await api.request('/openapi.json')).json()

  test('has every route of ours, each described, with its problems', async () => {
    const document = await read()
    expect(document.openapi).toBe('3.1.0')
    const described = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods as object).map(
        (method) => `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}`,
      ),
    )
    const routed = api.routes.filter(
      ({ method, path }) => path.startsWith('/v1/') && method !== 'ALL' && !path.endsWith('*'),
    )
    expect([...new Set(routed.map(({ method, path }) => `${method} ${path}`))].sort()).toEqual(
      described.sort(),
    )
    for (const operation of Object.values(document.paths).flatMap((path) => Object.values(path as object))) {
      expect(operation).toMatchObject({ summary: expect.any(String), tags: [expect.any(String)] })
      expect(operation.responses.default.content).toHaveProperty('application/problem+json')
    }
  })

  test('has every webhook that we send, and how each is secured', async () => {
    const document = await read()
    const told = Object.entries(EVENTS).filter(([, { told }]) => told !== null && told !== 'operators')
    expect(Object.keys(document.webhooks).sort()).toEqual(told.map(([type]) => type).sort())
    expect(document.security).toEqual([{ apiKey: [] }])
    expect(Object.keys(document.components.securitySchemes)).toEqual([
      'apiKey',
      'webhookSignature',
      'providerSignature',
    ])
    expect(document.paths['/v1/supplier-webhooks/{supplier}'].post.security).toEqual([
      { webhookSignature: [] },
    ])
    expect(document.paths['/v1/payment-webhooks/stripe'].post.security).toEqual([{ providerSignature: [] }])
    expect(document.paths['/v1/orders'].post.security).toBeUndefined()
  })

  test('refers to nothing that is not there', async () => {
    const text = JSON.stringify(await read())
    const document = JSON.parse(text)
    for (const [, name = ''] of text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      expect(document.components.schemas).toHaveProperty([name])
    }
  })
})

describe('the docs page (P5)', () => {
  test('comes from disk, runs no script of its own, and asks nobody else', async () => {
    const page = await api.request('/docs')
    expect(page.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; script-src 'self'; style-src 'self';/,
    )
    const text = await page.text()
    const files = [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, file = '']) => file)
    expect(files.every((file) => file.startsWith('/'))).toBe(true)
    expect(text).not.toMatch(/<script>|style=|onload=/)
    for (const file of files.filter((file) => file.startsWith('/docs/'))) {
      const answer = await api.request(file)
      expect([file, answer.status]).toEqual([file, 200])
      expect((await answer.text()).length).toBeGreaterThan(50)
    }
    for (const stranger of ['package.json', '..%2fpackage.json', 'absolute-path.js']) {
      expect((await api.request(`/docs/${stranger}`)).status).toBe(404)
    }
  })
})
