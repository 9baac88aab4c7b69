import { Refusal } from './refusal.ts'

/**
 * What every command carries through Temporal: ids, enums, quantities and times, nothing that a person wrote
 * (REQUIREMENTS P6). Addresses and free text stay in the request's row, under the same id.
 */
export type Command = {
  /** The request's id: Temporal's update id and the key of the step that it does. */
  command: string
  /** Who asks: `customer`, `storefront:<id>`, `operator:<key id>` or `supplier:<id>`. */
  actor: string
  /** The version that the asker had before them, where a person decides on what a page showed. */
  if_version?: number
}

/**
 * Refuses a command that was meant for a version which the locked row no longer has.
 *
 * @throws Refusal `version-stale`
 */
export function refuseStale({ if_version }: Command, { version }: { version: number }): void {
  if (if_version === undefined || if_version === version) return
  throw new Refusal('version-stale', `It is at version ${version} now, not ${if_version}.`)
}

/** What a command gives back through Temporal; the answer itself is read from the request's row. */
export type Outcome = { version: number }
