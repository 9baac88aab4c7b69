import { isTold } from '../domain/event.ts'
import { payerLetter } from '../domain/payment-letter.ts'
import type { Links } from '../integrations/link.ts'
import { type Mailer, typeset } from '../integrations/mail.ts'
import type { Database } from '../store/database.ts'
import type { Notice } from '../store/notification.ts'
import { payerFacts } from '../store/payment.ts'
import type { Attempt } from './attempt.ts'

/** How buyers are told of their payments (REQUIREMENTS B5); one attempt each. */
export function createPaymentTelling({ db, mailer, links }: { db: Database; mailer: Mailer; links: Links }) {
  return {
    async mailPayer({ notification, event }: Notice): Promise<Attempt> {
      const facts = await payerFacts(db, event.number)
      if (!facts || !isTold('payer', event.type)) return { result: 'gone', outcome: 'nobody to tell' }
      const { payment, customer, storefront } = facts
      // An erased person is told nothing any more.
      if (customer.name === null || customer.email === null)
        return { result: 'gone', outcome: 'nobody to tell' }
      const { action, ...words } = payerLetter(event.type, event.details, {
        ...payment,
        storefront: storefront.name,
        time_zone: customer.time_zone,
      })
      const letter = await typeset(words, {
        to: customer.name,
        from: storefront.name,
        button: { words: action, link: links.payUrl(payment.number) },
      })
      await mailer.send({
        id: notification.id,
        to: customer.email,
        fromName: storefront.mail_name,
        replyTo: storefront.reply_to,
        ...letter,
      })
      return { result: 'sent', outcome: 'accepted' }
    },
  }
}
