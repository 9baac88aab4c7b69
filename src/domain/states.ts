/**
 * One explicit transition table per kind of thing that has states. The store refuses what the table does not
 * list, the API's `allowed_actions` are read from it, and the workflows ask it whether a story is over.
 */
export type Transitions = Record<string, Record<string, string | readonly string[]>>

export type StateOf<T extends Transitions> = Extract<keyof T, string>
/** Every verb that any state of the table knows. */
export type VerbOf<T extends Transitions> = { [S in keyof T]: Extract<keyof T[S], string> }[keyof T]

/** True when the verb is legal in that state. */
export function may<T extends Transitions>(table: T, state: StateOf<T>, verb: VerbOf<T>): boolean {
  return Object.hasOwn(table, state) && Object.hasOwn(table[state] ?? {}, verb)
}

/** True when nothing can happen any more. */
export function isFinal<T extends Transitions>(table: T, state: StateOf<T>): boolean {
  return Object.keys(table[state] ?? {}).length === 0
}

/** Those of `verbs` that are legal in that state, in the given order. */
export function allowed<T extends Transitions, V extends VerbOf<T>>(
  table: T,
  state: StateOf<T>,
  verbs: readonly V[],
): V[] {
  return verbs.filter((verb) => may(table, state, verb))
}

/** The states in which nothing can happen any more, or the others. */
export function statesOf<T extends Transitions>(table: T, which: 'open' | 'final'): StateOf<T>[] {
  return (Object.keys(table) as StateOf<T>[]).filter((state) => isFinal(table, state) === (which === 'final'))
}
