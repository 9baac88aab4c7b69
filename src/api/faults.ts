import type { z } from '@hono/zod-openapi'
import { Refusal } from '../domain/refusal.ts'

/** The refusal that names each fault of a request by its JSON pointer (RFC 6901); `where` is what the pointers begin with. */
export function faultsRefusal({ issues }: z.core.$ZodError, where = ''): Refusal {
  return new Refusal('invalid-request', 'See errors for what is wrong with it.', {
    errors: issues.flatMap((issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => ({
            pointer: pointerTo(where, [...issue.path, key]),
            detail: 'is not known here',
          }))
        : [{ pointer: pointerTo(where, issue.path), detail: issue.message }],
    ),
  })
}

function pointerTo(where: string, path: z.core.$ZodIssue['path']): string {
  return where + path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}
