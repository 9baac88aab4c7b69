import { randomInt, randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { Behaviour } from '../partner/behaviour.ts'
import { type Errand, Errands } from '../partner/errands.ts'
import { JsonFolder } from '../partner/json-folder.ts'
import { Outbox, type Sent } from '../partner/outbox.ts'
import type { CarrierBehaviour } from './behaviour.ts'
import type { Booking, Report, Shipment } from './shipment.ts'

type Work = { tracking: string } & Report

interface Setup {
  folder: string
  webhookUrl: string
  secret: string
  behaviour: Behaviour<CarrierBehaviour>
}

/** The carrier's business: bookings, what becomes of them as time passes, and telling Holdfast so. */
export class Carrier {
  readonly #setup: Setup
  readonly #shipments: JsonFolder<Shipment>
  readonly #trackingOfKey = new Map<string, string>()
  readonly #errands: Errands<Work>
  readonly #outbox: Outbox

  constructor(setup: Setup) {
    this.#setup = setup
    this.#shipments = new JsonFolder(join(setup.folder, 'shipments'))
    for (const { key, tracking } of this.#shipments.values()) this.#trackingOfKey.set(key, tracking)
    this.#errands = new Errands(join(setup.folder, 'errands'), (errand) => this.#perform(errand))
    const { folder, webhookUrl: url, secret } = setup
    this.#outbox = new Outbox({ folder, url, secret })
  }

  start(): void {
    this.#errands.start()
    this.#outbox.start()
  }

  stop(): void {
    this.#errands.stop()
    this.#outbox.stop()
  }

  byKey(key: string): Shipment | undefined {
    return this.#shipments.get(this.#trackingOfKey.get(key) ?? '')
  }

  /** By tracking number, or by Holdfast's reference: the latest shipment that bears it. */
  find(name: string): Shipment | undefined {
    return this.#shipments.get(name) ?? this.newestFirst().find(({ reference }) => reference === name)
  }

  newestFirst(): Shipment[] {
    return this.#shipments.values().sort((one, other) => other.booked_at.localeCompare(one.booked_at))
  }

  /** The reports that were sent to Holdfast, and what it said. */
  webhooks({ tracking }: Shipment): Sent[] {
    return this.#outbox.sent(tracking)
  }

  book(key: string, booking: Booking, outcome: 'delivered' | 'failed' | 'on hold'): Shipment {
    const { collect_after_ms, deliver_after_ms } = this.#setup.behaviour.current
    const now = Date.now()
    const at = new Date(now).toISOString()
    const shipment: Shipment = {
      ...booking,
      tracking: `SC${randomInt(10 ** 11, 10 ** 12)}`,
      key,
      booked_at: at,
      status: 'booked',
      history: [{ status: 'booked', at }],
      ends: outcome === 'on hold' ? null : { status: outcome, after_ms: deliver_after_ms },
    }
    if (shipment.ends) {
      const earliest = booking.collect_on ? Date.parse(booking.collect_on) : now
      this.#plan(shipment, { status: 'collected' }, Math.max(now + collect_after_ms, earliest))
    }
    this.#keep(shipment)
    return shipment
  }

  /** False once it has left: then it can no longer be called back. */
  cancel(shipment: Shipment): boolean {
    if (shipment.status === 'cancelled') return true
    if (shipment.status !== 'booked') return false
    this.#unplan(shipment)
    const history = [...shipment.history, { status: 'cancelled' as const, at: new Date().toISOString() }]
    this.#keep({ ...shipment, status: 'cancelled', history })
    return true
  }

  /** Reports by hand, in any order and as often as wanted; nothing more then happens by itself. */
  report(shipment: Shipment, report: Report): Shipment {
    this.#unplan(shipment)
    return this.#report(shipment, report, randomUUID())
  }

  #report(shipment: Shipment, { status, reason }: Report, cause: string): Shipment {
    const at = new Date().toISOString()
    const { tracking, reference } = shipment
    this.#outbox.tell(
      tracking,
      {
        webhook_id: `msg_${cause}`,
        type: 'shipment.updated',
        timestamp: at,
        data: { tracking, reference, status, reason, at },
      },
      { repeat: this.#setup.behaviour.current.repeat },
    )
    const reported = { ...shipment, status, history: [...shipment.history, { status, at, reason }] }
    this.#keep(reported)
    return reported
  }

  #plan({ tracking }: Shipment, report: Report, due: number): void {
    this.#errands.add(`${tracking}-${report.status}`, due, { tracking, ...report })
  }

  #unplan({ tracking }: Shipment): void {
    this.#errands.cancel((work) => work.tracking === tracking)
  }

  async #perform({ id, work }: Errand<Work>): Promise<undefined> {
    const shipment = this.#shipments.get(work.tracking)
    if (!shipment) return // killed between planning and keeping: nobody was told of this shipment

    // The webhook's id comes from the errand's, so that an errand performed twice tells the same thing twice.
    this.#report(shipment, work, id)
    if (work.status === 'collected' && shipment.ends) {
      const { status, after_ms } = shipment.ends
      const reason = status === 'failed' ? 'Nobody was there to take the parcel' : undefined
      this.#plan(shipment, { status, reason }, Date.now() + after_ms)
    }
  }

  #keep(shipment: Shipment): void {
    this.#shipments.put(shipment.tracking, shipment)
    this.#trackingOfKey.set(shipment.key, shipment.tracking)
  }
}
