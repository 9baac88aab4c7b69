import { z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { Refusal } from '../domain/refusal.ts'

/**
 * Where two people may edit the same thing: a PUT without If-Match creates; one that changes something names, in
 * If-Match, the ETag of what it is based on. So nobody overwrites what they have not seen.
 */
export const IfMatchHeader = z.object({
  'if-match': z
    .string()
    .optional()
    .meta({ description: 'The ETag of what is changed; left out to create', example: '"3"' }),
})

/** The version that a change is based on; null for a creation. */
export function versionIn(c: Context): number | null {
  const header = c.req.header('if-match')
  if (header === undefined) return null
  const version = /^"(\d{1,9})"$/.exec(header)?.[1]
  if (version === undefined) {
    throw new Refusal('malformed-request', 'If-Match takes one ETag as it was given, such as "3".')
  }
  return Number(version)
}

/** Why nothing was saved: it exists though it was to be created, or is not in the version that was named. */
export function notSaved(version: number | null): Refusal {
  return version === null
    ? new Refusal(
        'version-missing',
        'It exists already. To change it, read it and send its ETag as If-Match.',
      )
    : new Refusal('version-stale', 'It has changed since, or is not there. Read it again.')
}
