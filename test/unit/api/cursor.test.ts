import { z } from '@hono/zod-openapi'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { openCursor, pageOf, sealCursor } from '../../../src/api/cursor.ts'
import { Refusal } from '../../../src/domain/refusal.ts'

const Key = z.tuple([z.string(), z.int()])

describe('cursors (P5)', () => {
  test('open to the key that was sealed, and fit into a URL', () => {
    fc.assert(
      fc.property(fc.string(), fc.maxSafeInteger(), (text, number) => {
        const cursor = sealCursor([text, number])
        expect(cursor).toMatch(/^[A-Za-z0-9_-]+$/)
        expect(openCursor(Key, cursor)).toEqual([text, number])
      }),
    )
  })

  test.each([
    ['nothing', ''],
    ['noise', '%%%'],
    ['another form', Buffer.from('{"a":1}').toString('base64url')],
    ['the key of another list', sealCursor(['2026-01-01T00:00:00Z'])],
    ['the right length and wrong types', sealCursor([1, 'a'])],
  ])('refuse %s', (_, cursor) => {
    expect(() => openCursor(Key, cursor)).toThrow(Refusal)
  })

  test('lead through a list once, whatever the page size', async () => {
    const all = Array.from({ length: 23 }, (_, index) => index + 1)
    for (const limit of [1, 2, 5, 22, 23, 24, 100]) {
      const seen: number[] = []
      let cursor: string | undefined
      do {
        const page = await pageOf<number, [number]>(
          { limit, cursor },
          {
            key: z.tuple([z.int()]),
            read: async (after, most) => all.filter((row) => row > (after?.[0] ?? 0)).slice(0, most),
            keyOf: (row) => [row],
          },
        )
        expect(page.data.length).toBeLessThanOrEqual(limit)
        seen.push(...page.data)
        cursor = page.next_cursor ?? undefined
      } while (cursor)
      expect(seen).toEqual(all)
    }
  })
})
