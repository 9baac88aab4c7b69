import { expectStatus } from '../support/shop.ts'
import { inSeconds, type Path } from './scene.ts'

export const delivered: Path = async (scene) => {
  const { number, delivery } = await scene.booked()
  await scene.reports(delivery, 'collected')
  await scene.until(delivery, 'dispatched')
  await scene.reports(delivery, 'delivered')
  await scene.keep('met-requested-confirmed-delivered', `back-order/${number}`)
  await scene.keep('delivered', `delivery/${delivery}`)
}

/** The cancellation asked for in Temporal is refused once the parcel is gone; both go on. */
export const refusedInTemporal: Path = async (scene) => {
  const { number, delivery } = await scene.booked()
  await scene.reports(delivery, 'collected')
  for (const workflow of [`back-order/${number}`, `delivery/${delivery}`]) {
    await scene.untilShown(workflow, 'dispatched')
    await scene.cancelInTemporal(workflow)
  }
  await scene.reports(delivery, 'delivered')
  await scene.keep('cancellation-in-temporal-refused-delivered', `back-order/${number}`)
  await scene.keep('cancellation-in-temporal-refused-delivered', `delivery/${delivery}`)
}

export const failedRetried: Path = async (scene) => {
  const { number, delivery } = await scene.booked()
  await scene.reports(delivery, 'failed')
  await decide(scene, delivery, 'retry')
  await scene.until(delivery, 'booked')
  await scene.reports(`${delivery}/2`, 'delivered')
  await scene.keep('failed-retried-delivered', `back-order/${number}`)
  await scene.keep('failed-retried-delivered', `delivery/${delivery}`)
}

export const failedReturned: Path = async (scene) => {
  const { number, delivery } = await scene.booked()
  await scene.reports(delivery, 'collected')
  await scene.until(delivery, 'dispatched')
  await scene.reports(delivery, 'failed')
  await decide(scene, delivery, 'return_to_stock')
  await scene.keep('failed-returned', `back-order/${number}`)
  await scene.keep('failed-returned', `delivery/${delivery}`)
}

/** Reports that cross: whichever comes first, the parcel failed. */
export const reportsAtOnce: Path = async (scene) => {
  const { delivery } = await scene.booked()
  await Promise.all(['collected', 'failed'].map((status) => scene.reports(delivery, status)))
  await decide(scene, delivery, 'return_to_stock')
  await scene.keep('reports-at-once-returned', `delivery/${delivery}`)
}

export const cancelledWhilePlanned: Path = async (scene) => {
  const { number, delivery } = await scene.confirmed({
    deliver_on: inSeconds(2 * 86_400)
      .toISOString()
      .slice(0, 10),
  })
  await scene.untilShown(`delivery/${delivery}`, 'planned')
  await scene.command(number, 'cancellation')
  await scene.keep('confirmed-cancelled-while-planned', `back-order/${number}`)
  await scene.keep('cancelled-while-planned', `delivery/${delivery}`)
}

export const cancelledWithTheCarrier: Path = async (scene) => {
  const { number, delivery } = await scene.booked()
  await scene.command(number, 'cancellation')
  await scene.keep('confirmed-cancelled-with-the-carrier', `back-order/${number}`)
  await scene.keep('cancelled-with-the-carrier', `delivery/${delivery}`)
}

export const cancelledInTemporal: Path = async (scene) => {
  const { delivery } = await scene.booked()
  await scene.untilShown(`delivery/${delivery}`, 'booked')
  await scene.cancelInTemporal(`delivery/${delivery}`)
  await scene.keep('cancelled-in-temporal', `delivery/${delivery}`)
}

/** Alone: the refusal would meet any other booking too. */
export const refusedByTheCarrier: Path = async (scene) => {
  const { number } = await scene.requested()
  await scene.carrierIs({ mode: 'refuse', times: 1 })
  const { delivery } = (await scene.command(number, 'confirmation')).body
  await scene.until(delivery, 'failed')
  await scene.carrierIs({ mode: 'hold' })
  await decide(scene, delivery, 'retry')
  await scene.until(delivery, 'booked')
  await scene.reports(`${delivery}/2`, 'collected')
  await scene.reports(`${delivery}/2`, 'delivered')
  await scene.keep('delivery-refused-retried-delivered', `back-order/${number}`)
  await scene.keep('refused-retried-delivered', `delivery/${delivery}`)
}

/** Alone, for the same reason: the booking fails with all its attempts, is put off, and works then. */
export const carrierUnreachable: Path = async (scene) => {
  const { number } = await scene.requested()
  await scene.carrierIs({ mode: 'unavailable', times: 3 })
  const { delivery } = (await scene.command(number, 'confirmation')).body
  await scene.keep('carrier-unreachable-delivered', `delivery/${delivery}`)
}

async function decide(scene: Parameters<Path>[0], delivery: string, decision: string): Promise<void> {
  await scene.until(delivery, 'failed')
  expectStatus(await scene.operator(`deliveries/${delivery}/decision`, { decision, reason: 'Decided' }), 200)
}
