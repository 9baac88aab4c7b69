import { orderOften } from '../support/life.ts'
import { expectStatus } from '../support/shop.ts'
import type { Path, Scene } from './scene.ts'

/** Somebody with one order, which is over; gives the order and the member. */
async function somebody({ shop }: Scene): Promise<{ order: string; member: string }> {
  const sku = await shop.item()
  const { number } = expectStatus(await shop.order([{ sku, quantity: 1 }]), 201).body
  expectStatus(await shop.call('POST', `/v1/orders/${number}/cancellation`, { body: {} }), 200)
  const key = shop.operatorKey
  const found = await shop.call('GET', `/v1/operator/members?number=${number}`, { key })
  return { order: number, member: expectStatus(found, 200).body.data[0].id }
}

async function erase({ shop, keep }: Scene, member: string, path: string): Promise<void> {
  const asked = { key: shop.operatorKey, body: { reason: 'person_asked' } }
  expectStatus(await shop.call('POST', `/v1/operator/members/${member}/erasure`, asked), 202)
  await keep(path, `erasure/${member}`)
}

export const erased: Path = async (scene) => {
  const { member } = await somebody(scene)
  await erase(scene, member, 'erased')
}

/** More orders than one call erases. */
export const erasedInParts: Path = async (scene) => {
  const { order, member } = await somebody(scene)
  await orderOften(scene.house, order, 2_500, 'some word')
  await erase(scene, member, 'erased-in-parts')
}
