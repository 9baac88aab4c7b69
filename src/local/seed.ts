import { randomBytes } from 'node:crypto'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { type DeadlineKind, HOUSE_PERIODS, type Period, type Periods } from '../domain/period.ts'
import { issueKey } from '../store/api-key.ts'
import { openStore, type Transaction } from '../store/database.ts'
import { type Dealer, insertDealers, readDealer } from '../store/dealer.ts'
import { insertItems } from '../store/item.ts'
import { readModelYear, saveModelYear } from '../store/model-year.ts'
import { saveCustomer } from '../store/order.ts'
import { writePeriods } from '../store/period.ts'
import { savePostcodes } from '../store/postcode.ts'
import { lockStock, move } from '../store/stock.ts'
import { insertStorefront } from '../store/storefront.ts'
import { insertSupplier, readSupplier } from '../store/supplier.ts'
import { saveSupplierItems } from '../store/supplier-item.ts'
import { newWebhookSecret } from '../store/webhook-endpoint.ts'
import { fillInBank } from './sample-bank.ts'
import { fillInLots } from './sample-lots.ts'
import { MODEL_YEARS } from './sample-vehicles.ts'

/**
 * What a first `npm start` fills in: a small shop for kitchen and outdoor things, with its items, customers and two
 * suppliers, a make of vehicles with its order bank, three car dealers, and the keys to all of it in `KEYS_FILE`. With `--empty` only an
 * operator's key, for bringing one's own data. It may be run again: what is there stays as it is, and new keys are made.
 */

const DAY = 86_400
const STOREFRONT = 'tamarisk'

type SampleItem = {
  sku: string
  name: string
  price: number
  onHand: number
  supplier: string
  pack: number
  cap?: number
}

/** Prices in cents of a euro. Some are there, some are scarce, some are gone. */
const ITEMS: SampleItem[] = [
  { sku: 'KETTLE-17', name: 'Stovetop kettle, 1.7 l', price: 4_900, onHand: 40, supplier: 'swift', pack: 1 },
  { sku: 'PAN-CI-28', name: 'Cast-iron pan, 28 cm', price: 6_500, onHand: 2, supplier: 'swift', pack: 4 },
  { sku: 'PAN-CI-20', name: 'Cast-iron pan, 20 cm', price: 4_200, onHand: 12, supplier: 'swift', pack: 4 },
  { sku: 'KNIFE-CHEF', name: "Chef's knife, 21 cm", price: 8_900, onHand: 0, supplier: 'swift', pack: 1 },
  { sku: 'BOARD-OAK', name: 'Oak chopping board', price: 3_400, onHand: 25, supplier: 'swift', pack: 1 },
  {
    sku: 'GRINDER-H',
    name: 'Hand coffee grinder',
    price: 7_900,
    onHand: 1,
    supplier: 'swift',
    pack: 6,
    cap: 500,
  },
  { sku: 'PRESS-1L', name: 'Coffee press, 1 l', price: 3_900, onHand: 18, supplier: 'swift', pack: 6 },
  { sku: 'TENT-2P', name: 'Two-person tent', price: 24_900, onHand: 0, supplier: 'patient', pack: 1 },
  { sku: 'TENT-4P', name: 'Four-person tent', price: 39_900, onHand: 3, supplier: 'patient', pack: 1 },
  { sku: 'LAMP-LED', name: 'Camping lantern', price: 2_900, onHand: 60, supplier: 'patient', pack: 12 },
  {
    sku: 'STOVE-GAS',
    name: 'Gas stove, two burners',
    price: 11_900,
    onHand: 1,
    supplier: 'patient',
    pack: 2,
  },
  { sku: 'BAG-DOWN', name: 'Down sleeping bag', price: 18_900, onHand: 5, supplier: 'patient', pack: 1 },
]

const SUPPLIERS = [
  { id: 'swift', name: 'Swift Housewares', mode: 'automatic' },
  { id: 'patient', name: 'Patient Outfitters', mode: 'manual' },
] as const

const CUSTOMERS = [
  { name: 'Ada Marsh', email: 'ada@example.test', time_zone: 'Europe/Berlin' },
  { name: 'Bo Lindqvist', email: 'bo@example.test', time_zone: 'Europe/Stockholm' },
  { name: 'Chiara Neri', email: 'chiara@example.test', time_zone: 'Europe/Rome' },
]

type SampleDealer = Pick<Dealer, 'id' | 'name' | 'latitude' | 'longitude' | 'makes' | 'lead_format'> & {
  /** How the sample dealers play it; null where they do not. */
  mode: 'automatic' | 'manual' | null
}

/** Two are played by the sample dealers: one answers by itself, one waits. The third reads mail, and its links are its own. */
const DEALERS: SampleDealer[] = [
  {
    id: 'harbour',
    name: 'Harbour Motors',
    latitude: 53.112,
    longitude: 8.752,
    makes: ['astra', 'brio', 'tarn'],
    mode: 'automatic',
    lead_format: 'adf',
  },
  {
    id: 'riverside',
    name: 'Riverside Cars',
    latitude: 53.036,
    longitude: 8.833,
    makes: ['astra', 'tarn'],
    mode: 'manual',
    lead_format: 'json',
  },
  {
    id: 'heath',
    name: 'Heath Garage',
    latitude: 53.551,
    longitude: 9.994,
    makes: ['astra', 'brio', 'corda', 'tarn'],
    mode: null,
    lead_format: 'adf',
  },
]

/** Some of Germany's, roughly. */
const POSTCODES = [
  { postcode: '10115', latitude: 52.532, longitude: 13.385 },
  { postcode: '20095', latitude: 53.551, longitude: 10.001 },
  { postcode: '28195', latitude: 53.079, longitude: 8.807 },
  { postcode: '28757', latitude: 53.17, longitude: 8.62 },
  { postcode: '50667', latitude: 50.938, longitude: 6.957 },
  { postcode: '80331', latitude: 48.137, longitude: 11.571 },
]

async function main(): Promise<void> {
  const {
    DATABASE_URL: url,
    KEYS_FILE: keysFile,
    SUPPLIER_URL: supplierUrl,
    DEALER_URL: dealerUrl,
  } = process.env
  if (!url || !keysFile || !supplierUrl || !dealerUrl)
    throw new Error('The seed needs DATABASE_URL, KEYS_FILE, SUPPLIER_URL and DEALER_URL.')
  const isEmpty = process.argv.includes('--empty')
  const store = openStore({ url, poolSize: 1, name: 'holdfast seed' })
  try {
    const keys = await store.db.transaction(async (tx) => {
      const operator = (await issueKey(tx, { role: 'operator', partner: null, name: 'first operator' }))
        .secret
      if (isEmpty) return { operator }
      return { operator, ...(await fillIn(tx, { supplierUrl, dealerUrl })) }
    })
    writeKeys(keysFile, keys)
  } finally {
    await store.close()
  }
}

async function fillIn(
  tx: Transaction,
  { supplierUrl, dealerUrl }: { supplierUrl: string; dealerUrl: string },
) {
  // As a new house has them, but for the shortest: seconds, so that one can watch a deadline pass.
  const kinds = Object.entries(HOUSE_PERIODS) as [DeadlineKind, Period][]
  await writePeriods(
    tx,
    Object.fromEntries(kinds.map(([kind, period]) => [kind, { ...period, min_seconds: 1 }])) as Periods,
  )
  await insertStorefront(tx, {
    id: STOREFRONT,
    name: 'Tamarisk',
    mail_name: 'Tamarisk',
    reply_to: 'help@tamarisk.example',
    takes_payment: false,
  })
  for (const customer of CUSTOMERS) await saveCustomer(tx, STOREFRONT, customer)
  await stock(tx)
  for (const given of MODEL_YEARS)
    if (!(await readModelYear(tx, given.id))) await saveModelYear(tx, given, undefined, 'house')
  const suppliers = []
  for (const { id, name, mode } of SUPPLIERS) {
    const webhook_secret = await supplierSecret(tx, id, name, supplierUrl)
    const { secret } = await issueKey(tx, { role: 'supplier', partner: id, name })
    suppliers.push({ id, name, api_key: secret, webhook_secret, mode })
  }
  const dealers = await fillInDealers(tx, dealerUrl)
  await savePostcodes(tx, 'DE', POSTCODES)
  await fillInBank(tx)
  await fillInLots(tx)
  const storefront = (await issueKey(tx, { role: 'storefront', partner: STOREFRONT, name: 'Tamarisk shop' }))
    .secret
  return { storefront, suppliers, dealers }
}

async function fillInDealers(tx: Transaction, dealerUrl: string) {
  await insertDealers(
    tx,
    DEALERS.map(({ mode, ...dealer }) => ({
      ...dealer,
      time_zone: 'Europe/Berlin',
      channel: mode ? ('webhook' as const) : ('mail' as const),
      webhook_url: mode ? `${dealerUrl}/dealers/${dealer.id}/webhooks` : null,
      email: `leads@${dealer.id}.example`,
      webhook_secret: newWebhookSecret(),
      // Short enough to watch; a real house gives them days.
      acknowledge_seconds: 600,
      remind_seconds: 600,
      escalate_seconds: 600,
      status_seconds: DAY,
      close_seconds: 30 * DAY,
      match_seconds: 600,
    })),
  )
  const keys = []
  for (const { id, name, mode } of DEALERS) {
    const { secret } = await issueKey(tx, { role: 'dealer', partner: id, name })
    // One that was there keeps its own secret.
    const { webhook_secret } = (await readDealer(tx, id)) ?? {}
    keys.push({ id, name, api_key: secret, ...(mode ? { webhook_secret, mode } : {}) })
  }
  return keys
}

/** The items, and an opening count as the movement that brings what is on the shelf. */
async function stock(tx: Transaction): Promise<void> {
  const fresh = await insertItems(
    tx,
    ITEMS.map(({ sku, name, price, cap }) => ({
      sku,
      name,
      price_minor: price,
      currency: 'EUR',
      back_orderable: true,
      back_order_cap: cap ?? null,
      wait_seconds: null,
      hold_seconds: null,
    })),
  )
  await lockStock(tx, [...fresh])
  for (const { sku, onHand } of ITEMS) {
    if (fresh.has(sku))
      await move(tx, {
        sku,
        kind: 'count_up',
        quantity: onHand,
        cause: 'count/opening',
        step: `opening/${sku}`,
      })
  }
}

async function supplierSecret(
  tx: Transaction,
  id: string,
  name: string,
  supplierUrl: string,
): Promise<string> {
  const secret = `whsec_${randomBytes(24).toString('base64')}`
  const inserted = await insertSupplier(
    tx,
    {
      id,
      name,
      channel: 'webhook',
      webhook_url: `${supplierUrl}/suppliers/${id}/webhooks`,
      email: `orders@${id}.example`,
      // Short enough to watch; a real house gathers for hours.
      gather_seconds: 5,
      acknowledge_seconds: DAY,
      remind_seconds: DAY,
      overdue_seconds: 2 * DAY,
      pass_over_seconds: 7 * DAY,
    },
    secret,
  )
  await saveSupplierItems(
    tx,
    ITEMS.filter((item) => item.supplier === id).map((item) => ({
      supplier: id,
      sku: item.sku,
      rank: 1,
      lead_seconds: 3 * DAY,
      pack_size: item.pack,
      price_minor: Math.round(item.price * 0.6),
      currency: 'EUR',
    })),
  )
  return inserted ? secret : ((await readSupplier(tx, id))?.webhook_secret ?? secret)
}

/** Readable for the owner only, and never half written. */
function writeKeys(file: string, keys: object): void {
  const before = readOld(file)
  writeFileSync(`${file}.new`, `${JSON.stringify({ ...before, ...keys }, null, 2)}\n`, { mode: 0o600 })
  renameSync(`${file}.new`, file)
}

function readOld(file: string): object {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as object
  } catch {
    return {}
  }
}

await main()
