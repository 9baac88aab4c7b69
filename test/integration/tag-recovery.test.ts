import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { useHouse } from '../support/house.ts'
import { expectSoundHouse } from '../support/proof.ts'
import { BY_RECONCILE, expectStatus, Shop, waitFor } from '../support/shop.ts'
import {
  answerTag,
  bookedAs,
  judgeTag,
  lotVehicle,
  newBuyer,
  newModel,
  onLot,
  story,
  waitForMatch,
} from '../support/vehicle.ts'

const house = useHouse({ partners: ['mail'] })

test('a tag outlives whatever is killed: Temporal, the worker after its transaction, the worker in a word (A9, B8, B11)', async () => {
  const shop = await Shop.open(house())
  const dealer = await shop.dealer({ acknowledgeSeconds: 1 })
  const model = await newModel(shop)
  const [car] = await onLot(shop, dealer, [lotVehicle(model)])
  const customer = newBuyer()

  // With no worker and no Temporal the tag is taken all the same: its one transaction is the answer.
  await house().killWorker(0)
  await house().killTemporal()
  const idempotencyKey = randomUUID()
  const send = () => shop.call('POST', '/v1/tags', { body: { vehicle: car, customer }, idempotencyKey })
  const { number } = expectStatus(await send(), 201).body
  expect(expectStatus(await send(), 201).body.number).toBe(number)
  expect(await bookedAs(shop, car)).toMatchObject({ buyer: number, availability: 'tagged' })
  await house().startTemporal()
  await house().startWorker(0)
  await shop.until(number, (view) => view.deadline?.kind === 'remind', 90)
  await shop.mails(customer.email, /is yours if it is there$/, BY_RECONCILE)
  await shop.mails(dealer.email, /^Tag TG-/, BY_RECONCILE)

  // Killed right after the transaction that gives it up and keeps the vehicle for the next: that one is told, once.
  const waiter = await waitForMatch(shop, model)
  const cancellation = shop.call('POST', `/v1/tags/${number}/cancellation`, { body: {} })
  await waitFor(
    'the vehicle to be kept',
    () => bookedAs(shop, car),
    (row) => row.availability === 'offered',
  )
  await house().killWorker(0)
  await house().startWorker(0)
  expect(expectStatus(await cancellation, 200).body).toMatchObject({ state: 'cancelled' })
  await shop.mails(waiter.email, /: a Tarn Heron 2027 for you$/, BY_RECONCILE)
  expect(await story(shop, car)).toEqual(['listed', 'tagged', 'untagged', 'offered'])

  // Killed in the middle of an acceptance and of the dealer's word: each is done once.
  const acceptance = shop.call('POST', `/v1/match-requests/${waiter.number}/acceptance`, { body: {} })
  await house().killWorker(0)
  await house().startWorker(0)
  const { tag } = expectStatus(await acceptance, 200).body
  const word = answerTag(shop, dealer, tag, 'there')
  await house().killWorker(0)
  await house().startWorker(0)
  expect(expectStatus(await word, 200).body).toMatchObject({ state: 'pending', dealer_accepted: true })
  const accepted = await judgeTag(shop, tag, 'accepted', { reference: 'P-1' })
  expect(expectStatus(accepted, 200).body).toMatchObject({ state: 'confirmed' })
  const types = await story(shop, tag)
  expect(types.filter((type) => type === 'dealer_accepted')).toHaveLength(1)
  expect(await house().db`SELECT 1 FROM tags WHERE vehicle = ${car}`).toHaveLength(2)
  await expectSoundHouse(house())
})
