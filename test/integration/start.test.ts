import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { built, ROOT } from '../../src/local/places.ts'
import { reservePort } from '../support/run-folder.ts'
import { waitFor } from '../support/shop.ts'

/** A clone as it is after its packages were installed: without a build, and without data. */
const clone = join(inject('runFolder'), 'clone')
let running: Start | undefined

beforeAll(async () => {
  const left = ['.git', '.holdfast', 'node_modules', 'dist', 'dist-bench'].map((name) => join(ROOT, name))
  mkdirSync(clone)
  // Postgres may run under another account and has to get in.
  chmodSync(clone, 0o711)
  cpSync(ROOT, clone, { recursive: true, filter: (path) => !left.includes(path) })
  symlinkSync(join(ROOT, 'node_modules'), join(clone, 'node_modules'))
  // Other ports than the usual ones, which somebody may be using or about to use.
  const names = [
    'api',
    'temporal',
    'temporalUi',
    'postgres',
    'mail',
    'smtp',
    'carrier',
    'supplier',
    'processor',
    'dealer',
    'payments',
  ]
  const ports: Record<string, number> = {}
  for (const name of names) ports[name] = await reservePort(inject('runFolder'))
  mkdirSync(join(clone, '.holdfast'))
  writeFileSync(join(clone, '.holdfast', 'settings.json'), JSON.stringify({ ports }))
  // Older than what is installed: nothing is to be installed into the packages that other tests use just now.
  utimesSync(join(clone, 'package-lock.json'), 0, 0)
})
afterAll(async () => {
  await running?.stop()
})

/** One `npm start` in the clone. */
class Start {
  said = ''
  readonly ended: Promise<number | null>
  private readonly child: ChildProcess

  constructor() {
    // As a terminal would, without what this test itself was started with.
    const { PATH, HOME } = process.env
    // Should this test be killed, everything that it started ends.
    const guard = pathToFileURL(built('local/exit-with-parent.js')).href
    this.child = spawn(process.execPath, ['--import', guard, 'scripts/start.mjs'], {
      cwd: clone,
      env: { PATH, HOME },
    })
    const hear = (data: Buffer) => void (this.said += data.toString())
    this.child.stdout?.on('data', hear)
    this.child.stderr?.on('data', hear)
    this.ended = new Promise((resolve) => this.child.on('exit', resolve))
  }

  async says(words: string, seconds: number): Promise<string> {
    return waitFor(
      `npm start to say "${words}"`,
      async () => this.said,
      (said) => said.includes(words),
      seconds,
    )
  }

  address(name: string): string {
    return new RegExp(`^ +${name} +(http\\S+)`, 'm').exec(this.said)?.[1] ?? `no address of ${name}`
  }

  stop(): Promise<number | null> {
    this.child.kill('SIGINT')
    return this.ended
  }
}

test('npm start: a back order by pasting its lines; it stops, keeps its data, and starts again (P1)', {
  timeout: 240_000,
}, async () => {
  const first = (running = new Start())
  await first.says('Ctrl-C stops it', 120)
  const api = first.address('API')

  const pasted = first.said.split('\n').filter((line) => /^ {2}(export|post|ORDER)/.test(line))
  expect(pasted).toHaveLength(5)
  const { stdout } = await promisify(execFile)('bash', [
    '-c',
    `${pasted.join('\necho\n')}\necho; echo "$KEY"`,
  ])
  const [answer = '', sent = '', key] = stdout.split('\n').filter((line) => line !== '')
  const order = JSON.parse(answer)
  expect(order).toMatchObject({ state: 'decided', lines: [{ sku: 'PAN-CI-28', ordered: 5, shortfall: 3 }] })
  const [{ back_order: number }] = order.lines
  const get = async (path: string) =>
    (await fetch(`${api}${path}`, { headers: { authorization: `Bearer ${key}` } })).json() as Promise<{
      state: string
    }>
  const look = () => get(`/v1/back-orders/${number}`)
  await waitFor('the sample supplier to bring the goods', look, ({ state }) => state === 'met', 60)
  const lead = JSON.parse(sent)
  expect(lead).toMatchObject({ state: 'sent', dealer: 'harbour' })
  const sold = () => get(`/v1/leads/${lead.number}`)
  await waitFor('the sample dealer to sell', sold, ({ state }) => state === 'sold', 60)
  const mails = await (await fetch(first.address('Mails that were sent'))).text()
  expect(mails).toContain('ada@example.test')

  const second = new Start()
  expect(await second.ended).toBe(0)
  expect(second.said).toContain(`API                      ${api}`)

  expect(await first.stop()).toBe(0)
  for (const name of [
    'API',
    'Mails that were sent',
    'Temporal',
    "Waiting supplier's page",
    'Order processor, plant',
    "Waiting dealer's page",
  ])
    await expect(fetch(first.address(name))).rejects.toThrow('fetch failed')

  const third = (running = new Start())
  await third.says('Ctrl-C stops it', 60)
  expect(await look()).toMatchObject({ number, state: 'met' })
  expect(await third.stop()).toBe(0)
})
