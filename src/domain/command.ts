/**
 * What every command carries through Temporal: ids, enums, quantities and times, nothing that a person wrote
 * (REQUIREMENTS P6). Addresses and free text stay in the request's row, under the same id.
 */
export type Command = {
  /** The request's id: Temporal's update id and the key of the step that it does. */
  command: string
  /** Who asks: `customer`, `storefront:<id>`, `operator:<key id>` or `supplier:<id>`. */
  actor: string
}

/** What a command gives back through Temporal; the answer itself is read from the request's row. */
export type Outcome = { version: number }
