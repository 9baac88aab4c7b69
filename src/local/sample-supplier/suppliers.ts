import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { Milliseconds } from '../partner/behaviour.ts'
import { JsonFolder } from '../partner/json-folder.ts'

const Mode = z.enum(['automatic', 'manual'])

export const Supplier = z.object({
  id: z.string().regex(/^[A-Za-z0-9._~-]{1,64}$/),
  name: z.string().min(1),
  /** What this supplier shows Holdfast. */
  api_key: z.string().min(1),
  /** With what Holdfast signs what it sends this supplier. */
  webhook_secret: z.string().startsWith('whsec_'),
  mode: Mode,
})
export type Supplier = z.output<typeof Supplier>

export const SupplierBehaviour = z.strictObject({
  mode: Mode.optional(),
  acknowledge_after_ms: Milliseconds.default(1_000),
  /** Counted from Holdfast's yes to the acknowledgement. */
  ship_after_ms: Milliseconds.default(4_000),
  /** Takes purchase orders and never answers them. */
  silent: z.boolean().default(false),
  /** Answers every line with a rejection. */
  reject: z.boolean().default(false),
  /** Its webhook endpoint answers 503. */
  unavailable: z.boolean().default(false),
  /** Its webhook endpoint answers 410. */
  gone: z.boolean().default(false),
})
export type SupplierBehaviour = z.output<typeof SupplierBehaviour>

const KeysFile = z.object({ suppliers: z.array(Supplier) })

/** Who the suppliers are, and how each behaves. */
export class Suppliers {
  readonly #keysFile: string | undefined
  readonly #defined: JsonFolder<Supplier>
  readonly #behaviours: JsonFolder<SupplierBehaviour>

  constructor(folder: string, keysFile: string | undefined) {
    this.#keysFile = keysFile
    this.#defined = new JsonFolder(join(folder, 'suppliers'))
    this.#behaviours = new JsonFolder(join(folder, 'behaviours'))
  }

  /** The keys file is read anew each time: it is written after this process starts, and keys change. */
  all(): Supplier[] {
    const byId = new Map<string, Supplier>()
    if (this.#keysFile && existsSync(this.#keysFile)) {
      const { suppliers } = KeysFile.parse(JSON.parse(readFileSync(this.#keysFile, 'utf8')))
      for (const supplier of suppliers) byId.set(supplier.id, supplier)
    }
    for (const supplier of this.#defined.values()) byId.set(supplier.id, supplier)
    return [...byId.values()]
  }

  get(id: string): Supplier | undefined {
    return this.all().find((supplier) => supplier.id === id)
  }

  /** Goes before what the keys file says of the same supplier. */
  define(supplier: Supplier): void {
    this.#defined.put(supplier.id, supplier)
  }

  behaviour({ id, mode }: Supplier): SupplierBehaviour & { mode: Supplier['mode'] } {
    const set = this.#behaviours.get(id) ?? SupplierBehaviour.parse({})
    return { ...set, mode: set.mode ?? mode }
  }

  /** Replaces what was set before. */
  behave(id: string, behaviour: SupplierBehaviour): void {
    this.#behaviours.put(id, behaviour)
  }
}
