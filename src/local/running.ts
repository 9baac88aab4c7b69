import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { lockHolder } from './file-lock.ts'
import { dataFile } from './settings.ts'
import { type Addresses, type SampleKeys, tryThis } from './try-this.ts'

const WELCOME = dataFile('welcome.txt')

/** What `npm start` says in the end, kept so that a second one in the same clone can say it again. */
export function welcome(addresses: Addresses, keys: SampleKeys): string {
  const rows = [
    ['API', addresses.apiUrl],
    ['API documentation', addresses.docsUrl],
    ['Mails that were sent', addresses.mailUrl],
    ['Temporal', addresses.temporalUiUrl],
    ["Waiting supplier's page", addresses.supplierUrl],
    ["Waiting dealer's page", addresses.dealerUrl],
    ['Order processor, plant', addresses.processorUrl],
    ["Payment provider's page", addresses.paymentsUrl],
    ['Keys', dataFile('keys.json')],
    ['Logs', dataFile('logs')],
  ]
  const lines = rows.flatMap(([name, value]) => (value ? [`  ${name?.padEnd(24)} ${value}`] : []))
  const text = `\nHoldfast runs:\n${lines.join('\n')}\n\n${tryThis({ ...addresses, ...keys })}\nCtrl-C stops it; the data stays.`
  writeFileSync(WELCOME, text, { mode: 0o600 })
  return text
}

export function forgetWelcome(): void {
  rmSync(WELCOME, { force: true })
}

/** What a second start says; undefined when none runs. */
export function runningStack(): string | undefined {
  const holder = lockHolder(dataFile('lock'))
  if (!holder) return undefined
  const state = existsSync(WELCOME)
    ? readFileSync(WELCOME, 'utf8')
    : 'It is still starting, or just stopping.'
  return `This folder's Holdfast has process ${holder.pid}. ${state}`
}
