import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { JsonFolder } from './json-folder.ts'

const Mode = z.enum(['automatic', 'manual'])
type Mode = z.output<typeof Mode>

/** A partner that one process plays beside others of its kind. An automatic one answers by itself. */
export const Member = z.object({
  id: z.string().regex(/^[A-Za-z0-9._~-]{1,64}$/),
  name: z.string().min(1),
  /** What this partner shows Holdfast. */
  api_key: z.string().min(1),
  /** With what Holdfast and this partner sign what they send each other. */
  webhook_secret: z.string().startsWith('whsec_'),
  mode: Mode,
})
export type Member = z.output<typeof Member>

/** What every such partner can be told to do. */
export const MemberBehaviour = z.strictObject({
  mode: Mode.optional(),
  /** Takes what it is sent and never answers it. */
  silent: z.boolean().default(false),
  /** Its webhook endpoint answers 503. */
  unavailable: z.boolean().default(false),
  /** Its webhook endpoint answers 410. */
  gone: z.boolean().default(false),
})

/** Who the partners of a kind are, and how each behaves. */
export class Roster<Behaviour extends { mode?: Mode | undefined }> {
  readonly #keysFile: string | undefined
  readonly #section: string
  readonly #defined: JsonFolder<Member>
  readonly #behaviours: JsonFolder<Behaviour>
  readonly #usual: Behaviour

  /** `section` is the member of the keys file that lists them; those that this process does not play have no mode there. */
  constructor(folder: string, keysFile: string | undefined, section: string, usual: Behaviour) {
    this.#keysFile = keysFile
    this.#section = section
    this.#defined = new JsonFolder(join(folder, section))
    this.#behaviours = new JsonFolder(join(folder, 'behaviours'))
    this.#usual = usual
  }

  /** The keys file is read anew each time: it is written after this process starts, and keys change. */
  all(): Member[] {
    const byId = new Map<string, Member>()
    if (this.#keysFile && existsSync(this.#keysFile)) {
      const keys = JSON.parse(readFileSync(this.#keysFile, 'utf8')) as Record<string, { mode?: Mode }[]>
      const played = (keys[this.#section] ?? []).filter(({ mode }) => mode !== undefined)
      for (const member of z.array(Member).parse(played)) byId.set(member.id, member)
    }
    for (const member of this.#defined.values()) byId.set(member.id, member)
    return [...byId.values()]
  }

  get(id: string): Member | undefined {
    return this.all().find((member) => member.id === id)
  }

  /** Goes before what the keys file says of the same one. */
  define(member: Member): void {
    this.#defined.put(member.id, member)
  }

  behaviour({ id, mode }: Member): Behaviour & { mode: Mode } {
    const set = this.#behaviours.get(id) ?? this.#usual
    return { ...set, mode: set.mode ?? mode }
  }

  /** Replaces what was set before. */
  behave(id: string, behaviour: Behaviour): void {
    this.#behaviours.put(id, behaviour)
  }
}
