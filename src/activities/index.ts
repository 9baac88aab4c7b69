import type { Temporal } from '../clients/temporal.ts'
import type { Carrier } from '../integrations/carrier.ts'
import type { Links } from '../integrations/link.ts'
import type { Mailer } from '../integrations/mail.ts'
import type { PaymentProvider } from '../integrations/payment-provider.ts'
import type { WebhookSender } from '../integrations/webhook.ts'
import type { Database } from '../store/database.ts'
import { createBackOrderActivities } from './back-order.ts'
import { createCustomOrderActivities } from './custom-order.ts'
import type { Processor } from './custom-order-telling.ts'
import { createDeliveryActivities } from './delivery.ts'
import { createErasureActivities } from './erasure.ts'
import { createForfeitureActivities } from './forfeiture.ts'
import { createLeadActivities } from './lead.ts'
import { createMatchRequestActivities } from './match-request.ts'
import { createNotificationActivities, createTelling, type Telling } from './notification.ts'
import { createOrderActivities } from './order.ts'
import { createPaymentActivities } from './payment.ts'
import { createPromiseActivities } from './promises.ts'
import { createPruneActivities } from './prune.ts'
import { createPurchaseOrderActivities } from './purchase-order.ts'
import { createPurchasingActivities } from './purchasing.ts'
import { createReconcileActivities } from './reconcile.ts'
import { createRestockActivities } from './restock.ts'
import { createScheduleActivities } from './schedule.ts'
import { createSteps, type Steps } from './steps.ts'
import { createStockCountActivities } from './stock-count.ts'
import { createTagActivities } from './tag.ts'
import { createWakeActivities } from './wakes.ts'

/** What the activities work with: the books, the other processes, and the outside. */
export type Kit = {
  db: Database
  temporal: Temporal
  mailer: Mailer
  webhooks: WebhookSender
  links: Links
  carrier: Carrier
  processor: Processor
  /** Undefined where the house takes no payments. */
  paymentProvider: PaymentProvider | undefined
  /** Most back orders that one transaction serves where many units come in at once. */
  passLimit: number
  /** Where operators are mailed; undefined for nowhere. */
  operatorsEmail: string | undefined
}

/** Every activity, by the name under which workflows call it, and the steps that they take. */
export function createActivities(outside: Kit) {
  const telling = createTelling(outside)
  const steps = createSteps({ ...outside, tell: (number) => telling.tell(number) })
  return { activities: createAll({ ...outside, steps, telling }), steps }
}

function createAll(kit: Kit & { steps: Steps; telling: Telling }) {
  return {
    ...createOrderActivities(kit),
    ...createBackOrderActivities(kit),
    ...createDeliveryActivities(kit),
    ...createPurchasingActivities(kit),
    ...createPurchaseOrderActivities(kit),
    ...createLeadActivities(kit),
    ...createCustomOrderActivities(kit),
    ...createForfeitureActivities(kit),
    ...createPaymentActivities(kit),
    ...createScheduleActivities(kit),
    ...createTagActivities(kit),
    ...createMatchRequestActivities(kit),
    ...createPromiseActivities(kit),
    ...createRestockActivities(kit),
    ...createStockCountActivities(kit),
    ...createNotificationActivities(kit),
    ...createWakeActivities(kit),
    ...createReconcileActivities(kit),
    ...createPruneActivities(kit),
    ...createErasureActivities(kit),
  }
}

export type Activities = ReturnType<typeof createAll>
