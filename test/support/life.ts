import { randomBytes } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import { writeAdf } from '../../src/integrations/adf.ts'
import { Browser } from './browser.ts'
import { accept, configure, dealerSays, newRange, newVin, plantSays } from './custom-order.ts'
import type { House } from './house.ts'
import { say } from './lead.ts'
import { expectStatus, type Shop, waitFor } from './shop.ts'
import { answerTag, judgeTag, lotVehicle, newModel } from './vehicle.ts'

/** The page behind the link in the first mail about an order. */
export async function pageBehindMail(shop: Shop, email: string, number: string): Promise<Browser> {
  const [mail] = await waitFor(
    `a mail to ${email} about ${number}`,
    async () => (await shop.mails(email, /./)).filter(({ text }) => text.includes(number)),
    (mails) => mails.length > 0,
  )
  return new Browser().open(/http\S+\/o\/\S+/.exec(mail?.text ?? '')?.[0] ?? '')
}

/** So many further orders of the customer of this one, all over and full of this word: more than anybody could place. */
export async function orderOften(house: House, like: string, count: number, word: string): Promise<void> {
  await house.db`
    WITH made AS (
      INSERT INTO addresses (name, lines, city, postcode, country)
      SELECT ${word}, ARRAY[${word}], ${word}, ${word}, 'DE' FROM generate_series(1, ${count}) RETURNING id
    ),
    numbered AS (SELECT id, 'OR-M' || lpad((row_number() OVER ())::text, 6, '0') AS number FROM made),
    told AS (
      INSERT INTO events (number, sequence, type, actor, to_state, details, note)
      SELECT number, 1, 'order.cancelled', 'house', 'cancelled', '{}', ${word} FROM numbered
    )
    INSERT INTO orders (number, storefront, customer, ship_to, reference, state, command, ended_at)
    SELECT n.number, o.storefront, o.customer, n.id, ${word}, 'cancelled', gen_random_uuid(), now()
      FROM numbered n, orders o WHERE o.number = ${like}`
}

/**
 * A person who comes into the books by every way there is. Whatever a person can write, or is written about them, has a
 * word in it that occurs once in the world.
 */
export class Life {
  /** The words by where they were planted. */
  readonly planted: Record<string, string> = {}
  /** Those that the books never held: what was refused. */
  readonly neverStored = new Set<string>()
  /** The numbers of what they ordered. */
  readonly numbers: string[] = []
  /** The links in the mails about it. */
  readonly links: string[] = []
  readonly email = `${this.word('e-mail')}@example.test`
  readonly otherEmail = `${this.word('other e-mail')}@example.test`
  private readonly here: Shop
  private readonly there: Shop
  /** What has ended, with the dealer who had it. */
  private endedLead?: { number: string; dealer: { key: string } }
  private endedTag?: { number: string; dealer: { key: string } }

  constructor(here: Shop, there: Shop) {
    this.here = here
    this.there = there
  }

  word(where: string): string {
    return (this.planted[where] ??= `canary${randomBytes(6).toString('hex')}`)
  }

  get words(): string[] {
    return Object.values(this.planted)
  }

  private never(where: string): string {
    this.neverStored.add(where)
    return this.word(where)
  }

  private address(where: string) {
    return {
      name: this.word(`${where}: name`),
      lines: [this.word(`${where}: street`), this.word(`${where}: second line`)],
      city: this.word(`${where}: city`),
      // The longest that a postcode may be.
      postcode: this.word(`${where}: postcode`),
      region: this.word(`${where}: region`),
      country: 'DE',
    }
  }

  /** Orders, at the first shop unless told otherwise. */
  async order(sku: string, quantity: number, where: string, shop = this.here, email = this.email) {
    const body = {
      reference: this.word(`${where}: reference`),
      customer: { name: this.word(`${where}: customer`), email, time_zone: 'Europe/Berlin' },
      ship_to: this.address(where),
      lines: [{ sku, quantity }],
    }
    const { number } = expectStatus(await shop.call('POST', '/v1/orders', { body }), 201).body
    this.numbers.push(number)
    return { number: number as string, body }
  }

  /** The page behind the link in the mail about an order. */
  async page(number: string, shop = this.here, email = this.email): Promise<Browser> {
    const page = await pageBehindMail(shop, email, number)
    this.links.push(page.url)
    return page
  }

  /** A back order that is accepted on the page. */
  async backOrder(sku: string, where: string): Promise<string> {
    const { number } = await this.order(sku, 3, where)
    const page = await this.page(number)
    await page.send('/answers', { 'choice-1': 'wait_for_all' })
    const backOrder = (await this.here.look(number)).lines[0].back_order
    this.numbers.push(backOrder)
    return backOrder
  }

  /** From the met back order to the parcel at the door, with a failure and an operator's decision between. */
  async haveDelivered(backOrder: string): Promise<void> {
    const { here } = this
    const report = async (shipment: string, body: object) => {
      const path = `/api/shipments/${encodeURIComponent(shipment)}/report`
      const response = await fetch(new URL(path, here.house.carrierUrl), {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
      if (!response.ok) throw new Error(`the carrier says ${response.status}`)
    }
    expectStatus(
      await here.command(backOrder, 'delivery-request', { ship_to: this.address('delivery request') }),
      200,
    )
    const { delivery } = expectStatus(await here.command(backOrder, 'confirmation'), 200).body
    this.numbers.push(delivery)
    await here.until(delivery, (view) => view.state === 'booked')
    await report(delivery, { status: 'failed', reason: this.word("carrier's reason") })
    await here.until(delivery, (view) => view.state === 'failed')
    const reason = this.word('reason for deciding')
    expectStatus(
      await this.operator('POST', `/deliveries/${delivery}/decision`, { decision: 'retry', reason }),
      200,
    )
    await here.until(delivery, (view) => view.state === 'booked' && view.attempt === 2)
    await report(`${delivery}/2`, { status: 'collected' })
    await report(`${delivery}/2`, { status: 'delivered' })
    await here.until(backOrder, (view) => view.state === 'delivered')
    await here.until(delivery, (view) => view.state === 'delivered')
  }

  /** What ends with somebody's reason, and what is refused with one. */
  async cancel(delivered: string): Promise<void> {
    const { here } = this
    const sku = await here.item()
    const first = await this.order(sku, 1, 'cancelled order')
    const reason = this.word('reason for cancelling')
    expectStatus(
      await here.call('POST', `/v1/orders/${first.number}/cancellation`, { body: { reason } }),
      200,
    )
    const second = await this.backOrder(sku, 'cancelled back order')
    expectStatus(
      await here.command(second, 'cancellation', { reason: this.word('reason for stepping back') }),
      200,
    )
    expectStatus(
      await here.command(delivered, 'cancellation', { reason: this.never('reason that came too late') }),
      409,
    )
    const { body } = await this.order(sku, 1, 'revoked order')
    const [revoked = ''] = this.numbers.slice(-1)
    expectStatus(
      await this.operator('POST', `/orders/${revoked}/link-revocation`, {
        reason: this.word('reason for revoking'),
      }),
      200,
    )
    expectStatus(await here.call('POST', `/v1/orders/${revoked}/cancellation`, { body: {} }), 200)
    const nothing = {
      ...body,
      reference: this.never('refused reference'),
      lines: [{ sku: 'NONE', quantity: 1 }],
    }
    expectStatus(await here.call('POST', '/v1/orders', { body: nothing }), 422)
  }

  /** Leads as JSON and as ADF, with the words of their dealers by key, by page, by signed webhook, and one that is late. */
  async askDealers(): Promise<void> {
    const { here } = this
    const make = `make-${randomBytes(4).toString('hex')}`
    const impatient = { makes: [make], acknowledgeSeconds: 1, remindSeconds: 1, escalateSeconds: 1 }
    const [first, second] = [
      await here.dealer(impatient),
      await here.dealer({ makes: [make], longitude: 8.9 }),
    ]
    const body = {
      reference: this.word('lead: reference'),
      dealer: first.id,
      near: { latitude: 53.123456, longitude: 8.654321 },
      prospect: {
        name: this.word('lead: name'),
        email: this.email,
        phone: `${this.word('lead: telephone')} 1`,
      },
      vehicle: {
        make,
        model: this.word('lead: model'),
        trim: this.word('lead: trim'),
        stock: this.word('lead: stock'),
        options: [this.word('lead: option')],
      },
      price: { max: 1_234_567, currency: 'EUR' },
      trade_in: { model: this.word('lead: vehicle in payment') },
      comments: this.word('lead: comments'),
      another_dealer: true,
    }
    const { number } = expectStatus(await here.call('POST', '/v1/leads', { body }), 201).body
    this.numbers.push(number)
    await here.until(number, (view) => view.dealer === second.id)
    const late = { status: 'contacted', note: this.word("late dealer's note") }
    expectStatus(await say(here, first, number, late), 200)
    const [mail] = await here.mails(second.email, new RegExp(number))
    const page = await new Browser().open(/http\S+\/l\/\S+/.exec(mail?.text ?? '')?.[0] ?? '')
    this.links.push(page.url)
    await page.send('/status', { status: 'contacted', note: this.word("note on the dealer's page") })
    expectStatus(await say(here, second, number, { status: 'sold', note: this.word("dealer's note") }), 200)
    this.endedLead = { number, dealer: second }
    const after = { status: 'contacted', note: this.word('note after the end') }
    expectStatus(await say(here, second, number, after), 409)
    await this.askByAdf(second)
  }

  private async askByAdf(dealer: { id: string; name: string; secret: string }): Promise<void> {
    const { here } = this
    const adf = await writeAdf({
      number: this.word('adf: reference'),
      created_at: new Date().toISOString(),
      prospect: {
        name: this.word('adf: name'),
        email: this.email,
        phone: `${this.word('adf: telephone')} 1`,
      },
      vehicle: { model: this.word('adf: model') },
      price: null,
      trade_in: { model: this.word('adf: vehicle in payment') },
      comments: this.word('adf: comments'),
      dealer,
      storefront: { id: here.storefront, name: 'Shop', email: 'shop@example.test' },
    })
    const headers = { 'content-type': 'application/xml' }
    const { number } = expectStatus(
      await here.call('POST', '/v1/leads/adf', { body: adf, headers }),
      201,
    ).body
    this.numbers.push(number)
    const at = new Date()
    const data = { number, status: 'lost', reason: 'other', note: this.word("signed dealer's note") }
    const body = JSON.stringify({ type: 'lead.status_given', timestamp: at.toISOString(), data })
    const id = `msg-${randomBytes(6).toString('hex')}`
    const signed = {
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
      'webhook-signature': new Webhook(dealer.secret).sign(id, at, body),
    }
    const options = { key: null, idempotencyKey: null, body, headers: signed }
    expectStatus(await here.call('POST', `/v1/dealer-webhooks/${dealer.id}`, options), 200)
  }

  /** A custom order that goes from dealer to dealer until it is handed over, and one that is cancelled. */
  async orderVehicles(): Promise<void> {
    const { here } = this
    const range = await newRange(here)
    const [first, second] = [
      await here.dealer({ makes: [range.make] }),
      await here.dealer({ makes: [range.make] }),
    ]
    const order = async (where: string) => {
      const body = {
        configuration: await configure(here, range),
        dealer: first.id,
        reference: this.word(`${where}: reference`),
        buyer: {
          name: this.word(`${where}: buyer`),
          email: this.email,
          phone: `${this.word(`${where}: telephone`)} 1`,
        },
      }
      const { number } = expectStatus(await here.call('POST', '/v1/custom-orders', { body }), 201).body
      this.numbers.push(number)
      return number as string
    }
    const number = await order('custom order')
    const refused = { verdict: 'refused', reasons: [this.word("dealer's reasons")] }
    expectStatus(await dealerSays(here, first, number, refused), 200)
    const choice = { body: { dealer: second.id } }
    expectStatus(await here.call('POST', `/v1/custom-orders/${number}/dealer`, choice), 200)
    const { vehicle } = await accept(here, second, number)
    this.numbers.push(vehicle.number)
    const bond = async (vin: string) =>
      expectStatus(await plantSays(here, 'vin_assigned', vehicle.number, { vin }), 200)
    this.planted['first VIN'] = newVin()
    await bond(this.word('first VIN'))
    const reason = this.word('reason for releasing')
    expectStatus(await this.operator('POST', `/vehicles/${vehicle.number}/vin-release`, { reason }), 200)
    this.planted['second VIN'] = newVin()
    await bond(this.word('second VIN'))
    for (const stage of ['in_production', 'built', 'shipped', 'at_dealer'])
      expectStatus(await plantSays(here, stage, vehicle.number), 200)
    const handover = { key: second.key, body: {} }
    expectStatus(await here.call('POST', `/v1/custom-orders/${number}/handover`, handover), 200)

    const cancelled = await order('cancelled custom order')
    const body = { reason: this.word('reason for cancelling a custom order') }
    expectStatus(await here.call('POST', `/v1/custom-orders/${cancelled}/cancellation`, { body }), 200)
  }

  /** What dealers and the order processor say of a lead and a tag that ended long ago; gives how each is answered. */
  async hearLateWords(): Promise<number[]> {
    const { here, endedLead, endedTag } = this
    if (!endedLead || !endedTag) throw new Error('nothing has ended')
    const of = (where: string) => this.word(`${where}, after the erasure`)
    const answers = [
      await say(here, endedLead.dealer, endedLead.number, {
        status: 'contacted',
        note: of('note on a lead'),
      }),
      await answerTag(here, endedTag.dealer, endedTag.number, 'sold', { note: of('note on a tag') }),
      await judgeTag(here, endedTag.number, 'refused', { reasons: [of('reasons')] }),
    ]
    return answers.map(({ status }) => status)
  }

  /** A tag that is given up with a reason, and one that is handed over; a match request that is cancelled. */
  async tagVehicles(): Promise<void> {
    const { here } = this
    const dealer = await here.dealer()
    const model = await newModel(here)
    const search = {
      make: model.make,
      model: model.model,
      near: { latitude: 53.123456, longitude: 8.654321 },
    }
    const customer = (where: string) => ({ name: this.word(`${where}: buyer`), email: this.email })
    const listed = async (vin: string) => {
      const key = dealer.key
      const body = { ...lotVehicle(model), vin }
      const { number } = expectStatus(await here.call('POST', '/v1/stock-vehicles', { key, body }), 201).body
      const price = { price: { amount: 3_100_000, currency: 'EUR' } }
      expectStatus(await here.call('POST', `/v1/stock-vehicles/${number}/price`, { key, body: price }), 200)
      return number as string
    }
    const tagOne = async (where: string) => {
      // Of those that are not theirs in the end the VIN says nothing about them.
      const vin = newVin()
      if (where === 'tag') this.planted['VIN on the lot'] = vin
      const car = await listed(vin)
      const given = {
        vehicle: car,
        customer: customer(where),
        reference: this.word(`${where}: reference`),
        search,
      }
      const { number } = expectStatus(await here.call('POST', '/v1/tags', { body: given }), 201).body
      this.numbers.push(number)
      return { number: number as string, car }
    }
    const kept = await tagOne('tag')
    const note = { note: this.word("dealer's note on a tag") }
    expectStatus(await answerTag(here, dealer, kept.number, 'there', note), 200)
    expectStatus(await judgeTag(here, kept.number, 'accepted', { reference: 'P-1' }), 200)
    const handover = { key: dealer.key, body: {} }
    expectStatus(await here.call('POST', `/v1/tags/${kept.number}/handover`, handover), 200)
    this.numbers.push(kept.car)
    const late = { reasons: [this.word('reasons that came too late')] }
    expectStatus(await judgeTag(here, kept.number, 'refused', late), 409)
    this.endedTag = { number: kept.number, dealer }

    const refused = await tagOne('refused tag')
    const reasons = [this.word("processor's reasons")]
    expectStatus(await judgeTag(here, refused.number, 'refused', { reasons }), 200)
    const cancelled = await tagOne('cancelled tag')
    const body = { reason: this.word('reason for giving a tag up') }
    expectStatus(await here.call('POST', `/v1/tags/${cancelled.number}/cancellation`, { body }), 200)

    const waiting = {
      customer: customer('match request'),
      reference: this.word('match request: reference'),
      search: { ...search, must_have: ['TOW'] },
    }
    const { number } = expectStatus(
      await here.call('POST', '/v1/match-requests', { body: waiting }),
      201,
    ).body
    this.numbers.push(number)
    const reason = { reason: this.word('reason for waiting no longer') }
    expectStatus(await here.call('POST', `/v1/match-requests/${number}/cancellation`, { body: reason }), 200)
  }

  /** The same address elsewhere, proved, and another one that an operator knows to be the same person's; gives the member. */
  async beKnownElsewhere(): Promise<string> {
    const { here, there } = this
    const sku = await there.item()
    const { number } = await this.order(sku, 1, 'order elsewhere', there)
    const page = await this.page(number, there)
    await page.send('/answers', { 'choice-1': 'decline' })
    const other = await this.order(sku, 1, 'order by another address', there, this.otherEmail)
    expectStatus(await there.call('POST', `/v1/orders/${other.number}/cancellation`, { body: {} }), 200)
    const memberOf = async (of: string) =>
      expectStatus(await this.operator('GET', `/members?number=${of}`), 200).body.data[0].id
    const [into, member] = [await memberOf(this.numbers[0] ?? ''), await memberOf(other.number)]
    const merge = (reason: string) => this.operator('POST', `/members/${member}/merger`, { into, reason })
    expectStatus(await merge(this.word('reason for merging')), 200)
    expectStatus(
      await this.operator('POST', `/members/${member}/separation`, {
        reason: this.word('reason for separating'),
      }),
      200,
    )
    expectStatus(await merge(this.word('reason for merging again')), 200)
    expectStatus(await here.call('GET', `/v1/customers?email=${this.email}`), 200)
    return into
  }

  operator(method: string, path: string, body?: object, more: object = {}) {
    const { here } = this
    return here.call(method, `/v1/operator${path}`, {
      key: here.operatorKey,
      ...(body ? { body } : {}),
      ...more,
    })
  }
}
