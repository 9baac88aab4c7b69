import { z } from 'zod'
import { MemberBehaviour, Roster } from '../partner/roster.ts'

const Milliseconds = z.int().min(0)

/** How a dealer behaves, whatever the kind of the documents that it is sent. */
export const DealerBehaviour = MemberBehaviour.extend({
  answer_after_ms: Milliseconds.default(1_000),
  /** How long after Holdfast's yes to one answer the next one follows, where a kind has several. */
  proceed_after_ms: Milliseconds.default(4_000),
  /** How its answers go to Holdfast. */
  by: z.enum(['webhook', 'api-key']).default('webhook'),
  /** Refuses everything, with reasons. */
  refuse: z.boolean().default(false),
  /** Sends each answer twice: the same message again. */
  twice: z.boolean().default(false),
  /** Answers only what was already taken from it. */
  late: z.boolean().default(false),
})
export type DealerBehaviour = z.output<typeof DealerBehaviour>

export type Dealers = Roster<DealerBehaviour>

/** Who the dealers are, and how each behaves. */
export function openDealers(folder: string, keysFile: string | undefined): Dealers {
  return new Roster(folder, keysFile, 'dealers', DealerBehaviour.parse({}))
}
