import { z } from 'zod'

export const MailBehaviour = z.strictObject({
  /**
   * `refuse` (550) and `tempfail` (451) answer the recipient's address; `hang` never answers it;
   * `lost-answer` keeps the mail and then cuts the connection, so that the sender must send it again.
   */
  mode: z.enum(['accept', 'refuse', 'tempfail', 'hang', 'lost-answer']),
  times: z.int().min(1).optional(),
  /** Text of a refusal; may begin with a code of its own, and `{recipient}` stands for the address. */
  reply: z.string().min(1).optional(),
})

export type MailBehaviour = z.output<typeof MailBehaviour>
