import { refuse } from '../partner/app.ts'
import type { Outbox } from '../partner/outbox.ts'
import type { Manners } from './behaviour.ts'
import type { Desk } from './desk.ts'
import type { Order } from './order.ts'
import type { OrderBook } from './order-book.ts'
import type { Plant } from './plant.ts'
import type { Vehicle } from './vehicle.ts'

/** The parts of the order processor. */
export interface Processor {
  manners: Manners
  book: OrderBook
  desk: Desk
  plant: Plant
  outbox: Outbox
}

export function knownOrder({ book }: Processor, number: string): Order {
  return book.order(number) ?? refuse(404, 'There is no such order')
}

export function knownVehicle({ book }: Processor, number: string): Vehicle {
  return book.vehicle(number) ?? refuse(404, 'There is no such vehicle')
}
