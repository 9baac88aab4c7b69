import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, test } from 'vitest'
import { ROOT } from '../../src/local/places.ts'
import { useHouse } from '../support/house.ts'
import { expectStatus, Shop } from '../support/shop.ts'
import * as backOrders from './back-order-paths.ts'
import * as customOrders from './custom-order-paths.ts'
import * as deliveries from './delivery-paths.ts'
import * as erasures from './erasure-paths.ts'
import * as leads from './lead-paths.ts'
import * as orders from './order-paths.ts'
import * as payments from './payment-paths.ts'
import { Recording } from './recording.ts'
import { type Path, Scene } from './scene.ts'
import * as schedule from './schedule-paths.ts'
import * as supply from './supply-paths.ts'
import * as tags from './tag-paths.ts'

/** How many paths are played side by side. */
const AT_ONCE = 8

const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }

// So few events that a path of some length continues as new.
const house = useHouse({
  partners: ['mail', 'carrier', 'payments'],
  temporalDynamicConfig: { 'limit.historyCount.suggestContinueAsNew': '250' },
})
let shop: Shop
/** Whose payments the house takes. */
let paying: Shop
beforeAll(async () => {
  refuseIfReleased()
  shop = await Shop.open(house())
  paying = await Shop.open(house())
  await house().db`UPDATE storefronts SET takes_payment = true WHERE id = ${paying.storefront}`
  const terms = { deposit: 50_000, fee: 0, refund_banked: 'full', refund_scheduled: 'full' }
  const path = '/v1/operator/order-terms/tag/EUR'
  expectStatus(await shop.call('PUT', path, { key: shop.operatorKey, body: terms }), 200)
  // Nothing ends by itself but where a path says so.
  await house().db`UPDATE periods SET default_seconds = 1800, max_seconds = 864000`
})

test('every path, into test/histories', async () => {
  const recording = new Recording(house().temporal)
  const scene = new Scene(house(), shop, (...what) => recording.keep(...what))
  const payingScene = new Scene(house(), paying, (...what) => recording.keep(...what))
  const { toldLater, manyWaiters, ...quick } = supply
  const { refusedByTheProvider, ...paid } = payments
  const { paying: payingTags, ...quickTags } = tags
  const { refusedByTheCarrier, carrierUnreachable, ...byHand } = deliveries

  const slow = toldLater(scene)
  slow.catch(() => {})
  for (const path of [refusedByTheCarrier, carrierUnreachable]) await path(scene)
  await scene.carrierIs({ mode: 'hold' })
  await refusedByTheProvider(payingScene)
  const paths = [
    orders,
    backOrders,
    byHand,
    quick,
    leads,
    quickTags,
    customOrders,
    erasures,
    schedule,
  ].flatMap((group): Path[] => Object.values(group))
  await playAll(paths, scene)
  await playAll([...Object.values(paid), ...Object.values(payingTags)], payingScene)
  await Promise.all([slow, manyWaiters(scene)])

  const folder = join('test', 'histories', version)
  console.log(`${recording.write(join(ROOT, folder))} histories in ${folder}`)
})

async function playAll(paths: Path[], scene: Scene): Promise<void> {
  const queue = [...paths]
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let path = queue.shift(); path; path = queue.shift()) await path(scene)
    }),
  )
}

/** What a release recorded stands for processes that run somewhere. */
function refuseIfReleased(): void {
  const tags = spawnSync('git', ['tag', '--list', `v${version}`], { cwd: ROOT, encoding: 'utf8' }).stdout
  if (tags?.trim()) throw new Error(`${version} is released: raise the version, see test/histories/README.md`)
}
