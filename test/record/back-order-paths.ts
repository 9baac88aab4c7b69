import { randomUUID } from 'node:crypto'
import { ADDRESS, expectStatus } from '../support/shop.ts'
import { inSeconds, type Path } from './scene.ts'

export const lowered: Path = async (scene) => {
  const sku = await scene.shop.item({ onHand: 1 })
  const { number } = await scene.shop.backOrder(sku, 3, { wait_period: 'PT30M' })
  expectStatus(await scene.shop.command(number, 'quantity', { quantity: 3 }), 422)
  await scene.command(number, 'quantity', { quantity: 2 })
  await scene.command(number, 'quantity', { quantity: 1 })
  await scene.command(number, 'cancellation')
  await scene.keep('refused-lowered-met-cancelled', `back-order/${number}`)
}

export const metInParts: Path = async (scene) => {
  const sku = await scene.shop.item()
  const supplier = await scene.shop.supplier({ skus: [sku], gatherSeconds: 3_600 })
  const { number } = await scene.shop.backOrder(sku, 2, { hold_period: 'PT3S' })
  for (const times of [1, 2]) {
    expectStatus(await scene.shop.bring(supplier, sku, 1), 201)
    await scene.shop.until(number, (view) => view.allocated === times)
    await scene.untilShown(`back-order/${number}`, times === 1 ? 'waiting' : 'met')
  }
  await scene.keep('met-in-parts-expired', `back-order/${number}`)
}

export const deadlineChanged: Path = async (scene) => {
  const { number } = await scene.waiting()
  await scene.command(number, 'deadline', { deadline_at: inSeconds(900).toISOString() })
  await scene.command(number, 'deadline', { deadline_at: inSeconds(3).toISOString() })
  await scene.keep('deadline-changed-expired', `back-order/${number}`)
}

export const expiredWhileWaiting: Path = async (scene) => {
  const { number } = await scene.waiting({ wait_period: 'PT2S' })
  await scene.keep('expired-while-waiting', `back-order/${number}`)
}

export const expiredWhileMet: Path = async (scene) => {
  const { number } = await scene.met({ hold_period: 'PT2S' })
  await scene.keep('expired-while-met', `back-order/${number}`)
}

export const expiredWhileRequested: Path = async (scene) => {
  const { number } = await scene.requested()
  await scene.command(number, 'deadline', { deadline_at: inSeconds(3).toISOString() })
  await scene.keep('expired-while-delivery-requested', `back-order/${number}`)
}

export const declined: Path = async (scene) => {
  const { number } = await scene.requested()
  await scene.command(number, 'refusal')
  await scene.keep('declined', `back-order/${number}`)
}

export const cancelledWhileWaiting: Path = async (scene) => {
  const { number } = await scene.waiting()
  await scene.command(number, 'cancellation')
  await scene.keep('cancelled-while-waiting', `back-order/${number}`)
}

export const cancelledWhileRequested: Path = async (scene) => {
  const { number } = await scene.requested()
  await scene.command(number, 'cancellation')
  await scene.keep('cancelled-while-delivery-requested', `back-order/${number}`)
}

export const cancelledInTemporal: Path = async (scene) => {
  const { number } = await scene.waiting()
  await scene.untilShown(`back-order/${number}`, 'waiting')
  await scene.cancelInTemporal(`back-order/${number}`)
  await scene.keep('cancelled-in-temporal', `back-order/${number}`)
}

export const takenBack: Path = async (scene) => {
  const { sku, number } = await scene.met()
  const down = await scene.count(sku, 1)
  await scene.until(number, 'waiting')
  await scene.untilShown(`back-order/${number}`, 'waiting')
  const up = await scene.count(sku, 2)
  await scene.until(number, 'met')
  await scene.command(number, 'cancellation')
  await scene.keep('taken-back-met-again-cancelled', `back-order/${number}`)
  await scene.keep('down', down)
  await scene.keep('up', up)
  await scene.keep('refused', await scene.count(`UNKNOWN-${randomUUID()}`.slice(0, 20), 1, 422))
}

/** Whoever comes first wins, and the history holds commands that were carried out in one go. */
export const manyAtOnce: Path = async (scene) => {
  const { number, sku, supplier } = await scene.waiting()
  const answers = await Promise.all([
    scene.shop.command(number, 'deadline', { deadline_at: inSeconds(900).toISOString() }),
    scene.shop.bring(supplier, sku, 1),
    scene.shop.command(number, 'quantity', { quantity: 1 }),
    scene.shop.command(number, 'delivery-request', { ship_to: ADDRESS }),
    scene.shop.command(number, 'confirmation'),
    scene.shop.command(number, 'cancellation'),
  ])
  for (const { status } of answers) if (status >= 500) throw new Error(`a command came to ${status}`)
  await scene.keep('many-commands-at-once', `back-order/${number}`)
}

/** Every run of a process that took so many commands that it continued as new. */
export const continuedAsNew: Path = async (scene) => {
  const { number } = await scene.waiting()
  const { temporal } = scene.house
  const workflow = temporal.workflow.getHandle(`back-order/${number}`)
  await scene.untilShown(`back-order/${number}`, 'waiting')
  const { runId } = await workflow.describe()
  for (let seconds = 600; (await workflow.describe()).runId === runId; seconds += 1)
    await scene.command(number, 'deadline', { deadline_at: inSeconds(seconds).toISOString() })
  await scene.command(number, 'deadline', { deadline_at: inSeconds(3).toISOString() })
  await scene.keep('continued-as-new', `back-order/${number}`)
  await scene.keep('carried-on-expired', `back-order/${number}`, 'last')
}
