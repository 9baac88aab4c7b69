import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { openShop, type Shop } from './demo/shop.ts'
import { STORIES } from './demo/stories.ts'
import { dataFile, readSettings } from './settings.ts'

/**
 * `npm run demo`: plays each story through the API of the running stack, with periods of seconds, and says what
 * happened. Exits with 1 if a story did not end as it should.
 */
async function main(): Promise<void> {
  if (process.argv.includes('--help')) {
    return console.log(
      'npm run demo: plays the stories of back orders, payments, leads and vehicles against the service that `npm start` runs.\nOptions: --only NUMBER plays one of them.',
    )
  }
  const shop = await connect()
  const only = process.argv.includes('--only')
    ? Number(process.argv[process.argv.indexOf('--only') + 1])
    : undefined
  const results: { story: string; seconds: number; end: string; isRight: boolean }[] = []
  for (const [index, story] of STORIES.entries()) {
    if (only !== undefined && only !== index + 1) continue
    console.log(`\n${index + 1}. ${story.title}`)
    const start = performance.now()
    const end = await story.play(shop).then(
      (text) => ({ text, isRight: true }),
      (error: Error) => ({ text: error.message, isRight: false }),
    )
    const seconds = (performance.now() - start) / 1_000
    console.log(end.isRight ? `   ✓ ${end.text}` : `   ✗ ${end.text}`)
    results.push({ story: story.title, seconds, end: end.text, isRight: end.isRight })
  }
  console.log(`\n${'story'.padEnd(52)} ${'seconds'.padStart(7)}  ended`)
  for (const { story, seconds, isRight } of results) {
    console.log(
      `${story.padEnd(52)} ${seconds.toFixed(1).padStart(7)}  ${isRight ? 'as it should' : 'NOT as it should'}`,
    )
  }
  if (results.length === 0 || results.some(({ isRight }) => !isRight)) process.exitCode = 1
}

/** The running stack, by what its first start left in the data folder. */
async function connect(): Promise<Shop> {
  const file = dataFile('keys.json')
  const keys = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { operator?: string }) : {}
  const { ports } = readSettings()
  const apiUrl = `http://127.0.0.1:${ports.api}`
  const isUp = await fetch(`${apiUrl}/readyz`).then(
    (answer) => answer.ok,
    () => false,
  )
  if (!isUp || !keys.operator) {
    console.error('Nothing to play with: start the service first, with `npm start` in another terminal.')
    process.exit(1)
  }
  return openShop({
    apiUrl,
    mailUrl: `http://127.0.0.1:${ports.mail}`,
    supplierUrl: `http://127.0.0.1:${ports.supplier}`,
    dealerUrl: `http://127.0.0.1:${ports.dealer}`,
    processorUrl: `http://127.0.0.1:${ports.processor}`,
    paymentsUrl: `http://127.0.0.1:${ports.payments}`,
    operatorKey: keys.operator,
    tag: randomBytes(2).toString('hex').toUpperCase(),
  })
}

await main()
