import { html } from 'hono/html'
import { createTransport } from 'nodemailer'

/** One mail. `id` becomes its Message-ID: fixed for what it tells, so that a mail that comes twice can be recognised. */
export type Mail = {
  id: string
  to: string
  fromName: string
  replyTo: string | null
  subject: string
  text: string
  html?: string
  attachment?: { filename: string; contentType: string; content: string }
}

/** Sends mail: one attempt of at most ten seconds, which throws when the server did not take it. */
export type Mailer = { send(mail: Mail): Promise<void>; close(): void }

export function smtpMailer(options: { url: string; from: string }): Mailer {
  const transport = createTransport(
    {
      url: options.url,
      // Connections are kept for the next mails; as many as are sent at a time.
      pool: true,
      maxConnections: 10,
      // Once more, should the server have closed a kept one meanwhile.
      maxRequeues: 1,
      connectionTimeout: 5_000,
      greetingTimeout: 5_000,
      socketTimeout: 8_000,
    },
    { from: options.from },
  )
  return {
    async send(mail) {
      await transport.sendMail({
        messageId: `<${mail.id}@holdfast>`,
        from: { name: mail.fromName, address: options.from },
        to: mail.to,
        subject: mail.subject,
        text: mail.text,
        headers: { 'Auto-Submitted': 'auto-generated' },
        ...(mail.replyTo ? { replyTo: mail.replyTo } : {}),
        ...(mail.html ? { html: mail.html } : {}),
        ...(mail.attachment ? { attachments: [mail.attachment] } : {}),
      })
    },
    close: () => transport.close(),
  }
}

/** A letter as it is sent: plain text and HTML with the same words, greeting and, where there is a page for it, link. */
export async function typeset(
  letter: { subject: string; paragraphs: string[] },
  { to, from, button }: { to: string; from: string; button?: { words: string; link: string } },
): Promise<{ subject: string; text: string; html: string }> {
  const text = [
    `Hello ${to},`,
    ...letter.paragraphs,
    ...(button ? [`${button.words}: ${button.link}`] : []),
    `With kind regards\n${from}`,
  ].join('\n\n')
  const markup = await html`<!doctype html>
    <html lang="en">
      <body style="font-family: sans-serif; line-height: 1.5; max-width: 36rem">
        <p>Hello ${to},</p>
        ${letter.paragraphs.map((paragraph) => html`<p>${paragraph}</p>`)}
        ${button ? html`<p><a href="${button.link}" style="font-weight: bold">${button.words}</a></p>` : ''}
        <p>With kind regards<br />${from}</p>
      </body>
    </html>`
  return { subject: letter.subject, text, html: markup.toString() }
}
