import { expect, test } from 'vitest'
import { together } from '../../../src/store/together.ts'

const after = async <T>(turns: number, outcome: () => T): Promise<T> => {
  for (let turn = 0; turn < turns; turn++) await Promise.resolve()
  return outcome()
}
const failWith = (code: string) => () => {
  throw Object.assign(new Error(code), { code })
}

test('of statements sent together the first that failed is what is thrown, whichever is heard first', async () => {
  // A lock that was not had in time, and what the transaction says to everything after it.
  const lock = after(5, failWith('55P03'))
  const aborted = after(1, failWith('25P02'))
  await expect(together([lock, aborted, after(0, () => 1)])).rejects.toMatchObject({ code: '55P03' })
})

test('otherwise their results, in their order', async () => {
  const [one, other] = await together([after(3, () => 'one'), after(1, () => 2)])
  expect([one, other]).toEqual(['one', 2])
})
