/** Every process, by the name under which it is started. */
export { backOrder } from './back-order.ts'
export { delivery } from './delivery.ts'
export { notification } from './notification.ts'
export { order } from './order.ts'
export { purchaseOrder } from './purchase-order.ts'
export { purchasing } from './purchasing.ts'
export { reconcile } from './reconcile.ts'
export { restock, stockCount } from './restock.ts'
