import { beforeAll, expect, test } from 'vitest'
import { Bank } from '../support/bank.ts'
import { useHouse } from '../support/house.ts'
import { expectProblem } from '../support/proof.ts'
import { type Answer, expectStatus, Shop } from '../support/shop.ts'

// Without a worker nothing is scheduled: the queue stays as the tests make it.
const house = useHouse({ partners: [], workers: 0 })
let shop: Shop
let bank: Bank
beforeAll(async () => {
  shop = await Shop.open(house())
  bank = new Bank(shop)
})

test('the queue, page by page, each once, in the order of service whatever the line (B6)', async () => {
  const dealer = await shop.dealer()
  const lines = [await bank.line(), await bank.line()]
  const turns: { number: string; type: string }[] = []
  for (const [index, type] of ['stock', 'fleet', 'stock', 'retail', 'fleet', 'stock', 'retail'].entries()) {
    const { modelYear = '' } = lines[index % 2] ?? {}
    const number = await bank.ordered(dealer, modelYear, [], type === 'fleet' ? 'fleet' : 'stock')
    if (type === 'retail') await house().db`UPDATE vehicles SET type = 'retail' WHERE number = ${number}`
    turns.push({ number, type })
  }
  const expected = ['retail', 'fleet', 'stock'].flatMap((type) =>
    turns.filter((turn) => turn.type === type).map(({ number }) => number),
  )
  const seen: string[] = []
  for (let cursor = ''; ; ) {
    const page: Answer['body'] = expectStatus(
      await bank.operate('GET', `order-bank?dealer=${dealer.id}&limit=2${cursor}`),
      200,
    ).body
    seen.push(...page.data.map(({ number }: { number: string }) => number))
    if (page.next_cursor === null) break
    cursor = `&cursor=${page.next_cursor}`
  }
  expect(seen).toEqual(expected)
  const fleet = await bank.operate('GET', `order-bank?dealer=${dealer.id}&type=fleet`)
  expect(fleet.body.data).toMatchObject([
    { type: 'fleet', priority: 20, state: 'banked', slot: null, frozen: false, held_by: null },
    { type: 'fleet' },
  ])
  for (const query of ['state=scheduled', 'plant=north', 'period=3', 'model_line=nothing'])
    expect((await bank.operate('GET', `order-bank?dealer=${dealer.id}&${query}`)).body.data).toEqual([])
  for (const query of ['state=delivered', 'period=x', 'limit=0', 'cursor=x', 'colour=red'])
    await expectProblem(house(), await bank.operate('GET', `order-bank?${query}`), 422, 'invalid-request')
})

test('a position is exact to 1,000, then over 1,000 (B6)', async () => {
  const dealer = await shop.dealer()
  const { modelYear } = await bank.line()
  const first = await bank.ordered(dealer, modelYear)
  // So many more of the same, as if each had been ordered.
  const more = (count: number) =>
    house().db`
      INSERT INTO vehicles (number, type, dealer, specification, model_line, price_minor, currency, state)
      SELECT 'VH-' || gen_random_uuid(), type, dealer, specification, model_line, price_minor, currency, state
        FROM vehicles, generate_series(1, ${count}) WHERE number = ${first}`
  const standing = async () => {
    const number = await bank.ordered(dealer, modelYear)
    const path = `/v1/stock-orders/${number}`
    return expectStatus(await shop.call('GET', path, { key: dealer.key }), 200).body.order_bank
  }
  await more(999)
  expect(await standing()).toMatchObject({ ahead: 1_000, ahead_is_exact: true })
  expect(await standing()).toMatchObject({
    ahead: 1_000,
    ahead_is_exact: false,
    explanation: 'Waits for a slot in production; over 1,000 ahead of you',
  })
})

test('whose vehicle it is, is found by an index: that is looked for at every telling', async () => {
  const plan = await house().db.begin(async (tx) => {
    await tx`SET LOCAL enable_seqscan = off`
    return tx.unsafe(`EXPLAIN SELECT number FROM vehicles WHERE buyer = 'TG-1'`)
  })
  expect(JSON.stringify(plan)).toContain('vehicles_buyer')
})
