import PostalMime from 'postal-mime'
import type { SMTPServerSession } from 'smtp-server'
import { JsonFolder } from '../partner/json-folder.ts'

/** One receipt of a mail. The same message received twice is kept twice, under one `message_id`. */
export interface Mail {
  id: string
  message_id: string
  from: string
  /** Whom the envelope named, which is who really gets it. */
  to: string[]
  subject: string
  text: string
  html: string
  headers: { name: string; value: string }[]
  attachments: { filename: string; mime_type: string; text: string }[]
  received_at: string
}

const MOST_KEPT = 1_000

export class Mails {
  readonly #kept: JsonFolder<Mail>
  #lastId: number

  constructor(folder: string) {
    this.#kept = new JsonFolder(folder)
    this.#lastId = Math.max(0, ...this.#kept.values().map(({ id }) => Number(id)))
  }

  async receive(raw: Buffer, envelope: SMTPServerSession['envelope']): Promise<void> {
    const mail = await PostalMime.parse(raw, { attachmentEncoding: 'utf8' })
    const now = Date.now()
    // Ids follow the clock, so that none is used again after mails were deleted.
    this.#lastId = Math.max(this.#lastId + 1, now)
    this.#kept.put(String(this.#lastId), {
      id: String(this.#lastId),
      message_id: mail.messageId ?? '',
      from: mail.from?.address ?? (envelope.mailFrom ? envelope.mailFrom.address : ''),
      to: envelope.rcptTo.map(({ address }) => address),
      subject: mail.subject ?? '',
      text: mail.text ?? '',
      html: mail.html ?? '',
      headers: mail.headers.map(({ originalKey, value }) => ({ name: originalKey, value })),
      attachments: mail.attachments.map(({ filename, mimeType, content }) => ({
        filename: filename ?? '',
        mime_type: mimeType,
        text: typeof content === 'string' ? content : '',
      })),
      received_at: new Date(now).toISOString(),
    })
    for (const old of this.all().slice(0, -MOST_KEPT)) this.#kept.delete(old.id)
  }

  /** In the order in which they came. */
  all(): Mail[] {
    return this.#kept.values().sort((one, other) => Number(one.id) - Number(other.id))
  }

  get(id: string): Mail | undefined {
    return this.#kept.get(id)
  }

  /** How often this message has been received, by its Message-ID. */
  deliveries(mail: Mail): number {
    if (mail.message_id === '') return 1
    return this.#kept.values().filter(({ message_id }) => message_id === mail.message_id).length
  }

  clear(): void {
    for (const { id } of this.#kept.values()) this.#kept.delete(id)
  }
}
