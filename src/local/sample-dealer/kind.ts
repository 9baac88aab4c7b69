/** What a dealer says about a document: the body of one answer by API key. */
export type Word = Record<string, unknown>

/** What a message says of the document that it is about. */
export type Read = {
  number: string
  /** In a line, for a list. */
  about: string
  /** By name, for whoever plays the dealer. Left out by messages that say nothing new. */
  facts?: [name: string, value: string][]
  /** What the kind has to know again when it answers. */
  memory?: Record<string, unknown>
}

/**
 * A kind of document that dealers are sent and answer. All that kinds have in common (inbox, behaviours, pages) knows
 * them by this alone.
 */
export type Kind = {
  /** How the types of its messages begin: `lead` of `lead.sent`. */
  name: string
  /**
   * Messages that want an answer, that only tell something, and that take the document from the dealer; without the
   * kind's name.
   */
  asks: readonly string[]
  tells: readonly string[]
  takesAway: readonly string[]
  /** Reads the `data` of a JSON message. Throws a refusal when it cannot be understood. */
  read: (data: unknown) => Read
  /** Reads a document that comes as XML, where the kind has such. */
  readXml?: (text: string) => Read
  /** What a willing dealer says next, after what Holdfast took so far; nothing when all is said. */
  accept: (said: Word[], memory: NonNullable<Read['memory']>) => Word | undefined
  /** What an unwilling dealer says. */
  refuse: (memory: NonNullable<Read['memory']>) => Word
  /** Where an answer goes by API key. */
  byKey: (number: string) => string
  /** The same answer as a signed message; its number is added. */
  asMessage: (word: Word) => { type: string; data: Word }
  /** What a person can say by pressing a button. */
  buttons: readonly { label: string; word: Word }[]
}
