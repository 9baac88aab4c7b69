import { type Command, refuseStale } from '../domain/command.ts'
import { type CarrierReport, type DeliveryProgress, shipmentReference } from '../domain/delivery.ts'
import { Refusal } from '../domain/refusal.ts'
import type { Carrier } from '../integrations/carrier.ts'
import type { Database } from '../store/database.ts'
import { deliveryProgress, shipmentOf } from '../store/delivery.ts'
import { deliveryView } from '../store/delivery-view.ts'
import { readCommandBody, storeAnswer } from '../store/idempotency-key.ts'
import { changeDelivery, openDelivery } from './delivery-changes.ts'
import type { Steps } from './steps.ts'

/** The delivery's transactions and its calls to the carrier (REQUIREMENTS A8). */
export function createDeliveryActivities({
  db,
  steps,
  carrier,
}: {
  db: Database
  steps: Steps
  carrier: Carrier
}) {
  return {
    /** The delivery's row as its workflow sees it; null when there is no such delivery. */
    async readDelivery(number: string): Promise<DeliveryProgress | null> {
      return steps.seen(await deliveryProgress(db, number))
    },

    /** From here on the carrier may know of it: cancelling needs the carrier's word, and every repeat says the same. */
    async beginBooking({ number, step }: { number: string; step: string }): Promise<DeliveryProgress | null> {
      return steps.run(step, async (tx) => {
        const delivery = await openDelivery(tx, number)
        if (delivery.state === 'planned')
          await changeDelivery(tx, delivery, 'begin_booking', { actor: 'house', step })
        return deliveryProgress(tx, number)
      })
    },

    /** Asks the carrier to fetch the parcel. The same try asked for twice is one shipment with the carrier. */
    async bookCarrier(number: string): Promise<{ tracking: string } | { refused: true }> {
      const shipment = await shipmentOf(db, number)
      if (!shipment) throw new Refusal('not-found', `There is no delivery ${number}.`)
      const answer = await carrier.book({
        reference: shipmentReference(number, shipment.delivery.attempt),
        ship_to: shipment.ship_to,
        parcels: shipment.lines,
        collect_on: shipment.delivery.collect_on,
      })
      return 'tracking' in answer ? answer : { refused: true }
    },

    /** Stores what the carrier answered. A report of the carrier may have been quicker; then there is nothing to do. */
    async recordBooking({
      number,
      step,
      tracking,
    }: {
      number: string
      step: string
      tracking: string | null
    }): Promise<DeliveryProgress | null> {
      return steps.run(step, async (tx) => {
        const delivery = await openDelivery(tx, number)
        if ((delivery.state === 'booking' || delivery.state === 'cancelling') && tracking) {
          await changeDelivery(tx, delivery, 'book', { actor: 'carrier', step, tracking })
        } else if (delivery.state === 'booking') {
          await changeDelivery(tx, delivery, 'fail', {
            actor: 'carrier',
            step,
            failure: 'The carrier refused the shipment.',
          })
        } else if (delivery.state === 'cancelling') {
          await changeDelivery(tx, delivery, 'finish_cancel', { actor: 'carrier', step })
        }
        return deliveryProgress(tx, number)
      })
    },

    /**
     * The carrier reports a parcel collected, delivered or failed. Stages it skipped are made up for; one that was
     * reported before, or for an earlier try, changes nothing.
     */
    async recordCarrierReport(
      asked: Command & { number: string; attempt: number; report: CarrierReport; tracking: string },
    ): Promise<DeliveryProgress | null> {
      const { number, command: step, report, tracking } = asked
      return steps.run(step, async (tx) => {
        let delivery = await openDelivery(tx, number)
        const change = { actor: 'carrier', step, tracking }
        if (delivery.attempt === asked.attempt) {
          if (delivery.state === 'booking') delivery = await changeDelivery(tx, delivery, 'book', change)
          if (report !== 'failed' && (delivery.state === 'booked' || delivery.state === 'cancelling')) {
            delivery = await changeDelivery(tx, delivery, 'dispatch', change)
          }
          if (report === 'delivered' && delivery.state === 'dispatched')
            await changeDelivery(tx, delivery, 'deliver', change)
          if (report === 'failed' && (delivery.state === 'booked' || delivery.state === 'dispatched')) {
            const { data } = (await readCommandBody(tx, step)) as { data: { reason?: string } }
            await changeDelivery(tx, delivery, 'fail', {
              ...change,
              failure: data.reason ?? 'The carrier gave no reason.',
            })
          }
          if (report === 'failed' && delivery.state === 'cancelling')
            await changeDelivery(tx, delivery, 'finish_cancel', change)
        }
        await storeAnswer(tx, step, 200, { received: true })
        return deliveryProgress(tx, number)
      })
    },

    /** Asks the carrier to give a booked parcel back. */
    async recallFromCarrier(number: string): Promise<'returned' | 'collected' | 'unknown'> {
      const shipment = await shipmentOf(db, number)
      if (!shipment?.delivery.tracking) return 'returned'
      return carrier.cancel(shipment.delivery.tracking)
    },

    /** Carries out what the carrier said to the cancellation: the units are here, or they are already on their way. */
    async finishCancelling({
      number,
      step,
      outcome,
    }: {
      number: string
      step: string
      outcome: 'returned' | 'collected'
    }): Promise<DeliveryProgress | null> {
      return steps.run(step, async (tx) => {
        const delivery = await openDelivery(tx, number)
        if (delivery.state === 'cancelling') {
          await changeDelivery(tx, delivery, outcome === 'returned' ? 'finish_cancel' : 'dispatch', {
            actor: 'carrier',
            step,
          })
        }
        return deliveryProgress(tx, number)
      })
    },

    /** What the carrier says now of a parcel that it has been silent about; null when it knows nothing new. */
    async askCarrier(number: string): Promise<CarrierReport | null> {
      const shipment = await shipmentOf(db, number)
      return shipment?.delivery.tracking ? carrier.status(shipment.delivery.tracking) : null
    },

    /** The answer to `askCarrier`, recorded as if the carrier had sent it. */
    async recordCarrierStatus({
      number,
      step,
      report,
    }: {
      number: string
      step: string
      report: CarrierReport
    }): Promise<DeliveryProgress | null> {
      return steps.run(step, async (tx) => {
        let delivery = await openDelivery(tx, number)
        const change = { actor: 'carrier', step }
        if (report !== 'failed' && delivery.state === 'booked')
          delivery = await changeDelivery(tx, delivery, 'dispatch', change)
        if (report === 'delivered' && delivery.state === 'dispatched')
          await changeDelivery(tx, delivery, 'deliver', change)
        if (report === 'failed' && (delivery.state === 'booked' || delivery.state === 'dispatched')) {
          await changeDelivery(tx, delivery, 'fail', {
            ...change,
            failure: 'Asked, the carrier said that it failed.',
          })
        }
        return deliveryProgress(tx, number)
      })
    },

    /**
     * Cancels it (by the customer's side or an operator), or an operator decides about a failed one: try it again, or
     * take the goods back into stock. Cancelling answers 202 while the carrier has to be asked.
     */
    async decideDelivery(
      asked: Command & { number: string; decision: 'cancel' | 'retry' | 'return_to_stock' },
    ): Promise<DeliveryProgress | null> {
      const { number, command: step, actor, decision } = asked
      return steps.run(step, async (tx) => {
        const delivery = await openDelivery(tx, number)
        refuseStale(asked, delivery)
        // A cancellation in the Temporal UI comes without a request.
        const body = (await readCommandBody(tx, step)) as { reason?: string } | undefined
        const changed = await changeDelivery(tx, delivery, decision, { actor, step, reason: body?.reason })
        await storeAnswer(
          tx,
          step,
          changed.state === 'cancelling' ? 202 : 200,
          await deliveryView(tx, number),
        )
        return deliveryProgress(tx, number)
      })
    },
  }
}
