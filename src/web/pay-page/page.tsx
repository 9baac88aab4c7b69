import type { PaymentState } from '../../domain/payment.ts'
import type { PaymentView } from '../../store/payment-view.ts'
import { money } from '../format.ts'
import { Layout } from '../layout.tsx'

/** Between two looks of a page that waits for something. Seconds. */
const LOOK_AGAIN = 2

const WORDS: Record<PaymentState, string> = {
  requested: 'One moment: the page of our payment provider is being opened.',
  pending: 'We have not heard of your payment yet. If you have paid, this page says so in a moment.',
  authorised: 'Thank you. Your payment went through, and the amount is held for your order.',
  lapsed: 'Your bank no longer holds the amount. We will get in touch with you.',
  capturing: 'Thank you. Your payment went through.',
  capture_failed: 'Thank you. Your payment is being looked into; there is nothing for you to do.',
  voiding: 'This payment is not needed any more: nothing is charged.',
  captured: 'Thank you. It is paid.',
  refunding: 'It is being given back to you.',
  refund_failed: 'It is being given back to you. That takes longer than usual.',
  settling: 'Thank you. It is settled.',
  settled: 'Thank you. It is settled.',
  voided: 'This payment is not needed any more: nothing was charged.',
  expired: 'The time to pay is over: nothing was charged.',
  refunded: 'It was given back to you.',
}

/** Where a payment stands; while it is open, with the way to the provider's page, and to the page of its order if there is one. */
export function PayPage(props: { payment: PaymentView; base: string; orderUrl: string | null }) {
  const { payment, base, orderUrl } = props
  const isPayable = payment.pay_url !== null
  return (
    <Layout title={`Payment ${payment.number}`} {...(isPayable ? { refresh: LOOK_AGAIN } : {})}>
      <div class="card">
        <h1>Payment {payment.number}</h1>
        <p>
          <strong>{money(payment.amount)}</strong> for {payment.pays_for}
        </p>
        <p role="status">{WORDS[payment.state]}</p>
        {isPayable && (
          <p>
            <a href={base}>Pay {money(payment.amount)}</a> on the page of our payment provider. We never see
            the number of your card.
          </p>
        )}
        {orderUrl !== null && (
          <p>
            <a href={orderUrl}>See your order</a>
          </p>
        )}
      </div>
    </Layout>
  )
}
