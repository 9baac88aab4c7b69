import { CUSTOM_ORDER } from './custom-order.ts'
import type { Kind } from './kind.ts'
import { LEAD } from './lead.ts'
import { TAG } from './tag.ts'

/** Every kind of document that the sample dealers understand; any other message is kept unread. */
const KINDS: readonly Kind[] = [LEAD, CUSTOM_ORDER, TAG]

export const KIND_NAMES = KINDS.map(({ name }) => name)

export function kindNamed(name: string): Kind | undefined {
  return KINDS.find((kind) => kind.name === name)
}

/** The kind whose documents also come as XML. */
export function kindOfXml(): Kind | undefined {
  return KINDS.find(({ readXml }) => readXml !== undefined)
}
