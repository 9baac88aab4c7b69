import { join } from 'node:path'
import { JsonFolder } from '../partner/json-folder.ts'
import type { Received } from '../partner/signed.ts'
import type { Order } from './order.ts'
import { malformed, newVin, type Vehicle, type WhichVin } from './vehicle.ts'

/** What the processor and its plant know: orders, the vehicles made of them, and every webhook that came. */
export class OrderBook {
  readonly #orders: JsonFolder<Order>
  readonly #vehicles: JsonFolder<Vehicle>
  readonly #webhooks: JsonFolder<Received>

  constructor(folder: string) {
    this.#orders = new JsonFolder(join(folder, 'orders'))
    this.#vehicles = new JsonFolder(join(folder, 'vehicles'))
    this.#webhooks = new JsonFolder(join(folder, 'webhooks'))
  }

  order(number: string): Order | undefined {
    return this.#orders.get(number)
  }

  newestFirst(): Order[] {
    return this.#orders.values().sort((one, other) => other.received_at.localeCompare(one.received_at))
  }

  keepOrder(order: Order): void {
    this.#orders.put(order.number, order)
  }

  vehicle(number: string): Vehicle | undefined {
    return this.#vehicles.get(number)
  }

  vehicles(): Vehicle[] {
    return this.#vehicles.values().sort((one, other) => other.confirmed_at.localeCompare(one.confirmed_at))
  }

  keepVehicle(vehicle: Vehicle): void {
    this.#vehicles.put(vehicle.number, vehicle)
  }

  /** The number to be told of a vehicle, which gets its own now if it has none; none where no other vehicle has one. */
  vinOf(vehicle: Vehicle, which: WhichVin): string | undefined {
    if (which === 'taken') return this.#others(vehicle).at(-1)
    const own = vehicle.vin ?? this.#unusedVin()
    if (vehicle.vin === null) this.keepVehicle({ ...vehicle, vin: own })
    return which === 'own' ? own : malformed(own)
  }

  #unusedVin(): string {
    const used = new Set(this.#vehicles.values().map(({ vin }) => vin))
    for (;;) {
      const vin = newVin()
      if (!used.has(vin)) return vin
    }
  }

  #others({ number }: Vehicle): string[] {
    return this.vehicles().flatMap((other) => (other.number !== number && other.vin ? [other.vin] : []))
  }

  webhook(id: string): Received | undefined {
    return this.#webhooks.get(id)
  }

  webhooks(): Received[] {
    return this.#webhooks.values()
  }

  keepWebhook(received: Received): void {
    this.#webhooks.put(received.webhook_id, received)
  }
}
