import { createMiddleware } from 'hono/factory'
import { Refusal } from '../domain/refusal.ts'
import { findKey, type Role } from '../store/api-key.ts'
import type { ApiEnv, ApiKit, Caller } from './kit.ts'

/** Lets in holders of an API key with one of these roles; what they may see is up to each route. */
export function requireRole(kit: ApiKit, ...roles: Role[]) {
  return createMiddleware<ApiEnv>(async (c, next) => {
    const header = c.req.header('authorization')
    if (!header) throw new Refusal('api-key-missing', 'Send it as: Authorization: Bearer hf_…')
    const [scheme, secret] = header.split(' ')
    if (scheme?.toLowerCase() !== 'bearer' || !secret?.startsWith('hf_')) {
      throw new Refusal('api-key-invalid', 'The header must read: Authorization: Bearer hf_…')
    }
    const key = await findKey(kit.db, secret)
    if (!key) throw new Refusal('api-key-invalid', 'Ask an operator for a new key.')
    if (!roles.includes(key.role)) {
      throw new Refusal(
        'role-forbidden',
        `This takes a key of the role ${roles.join(' or ')}; yours is ${key.role}.`,
      )
    }
    c.set('caller', {
      role: key.role,
      partner: key.partner,
      actor: key.role === 'operator' ? `operator:${key.id}` : `${key.role}:${key.partner}`,
      scope: `key:${key.id}`,
    })
    await next()
  })
}

/** The storefront, supplier or dealer that the caller acts for. */
export function partnerOf(caller: Caller): string {
  if (caller.partner === null) throw new Refusal('role-forbidden', 'This takes the key of a partner.')
  return caller.partner
}

/** True when the caller may know of something that belongs to this partner. */
export function maySee(caller: Caller, owner: string): boolean {
  return caller.role === 'operator' || caller.partner === owner
}
