import { expect, test } from 'vitest'
import { useHouse } from '../support/house.ts'
import { newLead, say } from '../support/lead.ts'
import { expectSoundHouse } from '../support/proof.ts'
import { BY_RECONCILE, expectStatus, Shop, waitFor } from '../support/shop.ts'

const house = useHouse({ partners: ['mail'] })

test('a lead is taken while Temporal is away, and goes on when it is back (A9, B9)', async () => {
  const shop = await Shop.open(house())
  const dealer = await shop.dealer({ acknowledgeSeconds: 1 })
  await house().killTemporal()
  const { number, email, lead } = await newLead(shop, dealer)
  expect(lead).toMatchObject({ state: 'sent', dealer: dealer.id })
  await house().startTemporal()
  await shop.until(number, (view) => view.deadline?.kind === 'remind', 90)
  await shop.mails(email, /we have it$/, BY_RECONCILE)
  expect(await house().db`SELECT 1 FROM leads WHERE dealer = ${dealer.id}`).toHaveLength(1)

  // The same for a worker that is killed in the middle of a dealer's word: it is done once.
  const word = say(shop, dealer, number, { status: 'sold' })
  await house().killWorker(0)
  await house().startWorker(0)
  expect(expectStatus(await word, 200).body).toMatchObject({ state: 'sold', statuses: [{ status: 'sold' }] })
  await waitFor(
    'its process to end',
    () => house().temporal.workflow.getHandle(`lead/${number}`).describe(),
    ({ status }) => status.name === 'COMPLETED',
  )
  await expectSoundHouse(house())
})
