import { drizzle } from 'drizzle-orm/postgres-js'
import postgres from 'postgres'
import { inject, test } from 'vitest'
import { listBackOrders } from '../../src/store/back-order-list.ts'
import { listDeliveries } from '../../src/store/delivery-list.ts'
import { checkInvariants } from '../../src/store/invariants.ts'
import { listOrders } from '../../src/store/order-list.ts'
import * as schema from '../../src/store/schema.ts'

test('explain', { timeout: 300_000 }, async () => {
  const admin = postgres(inject('postgresUrl'), { max: 1 })
  await admin`drop database if exists zz`
  await admin`create database zz template ${admin(inject('templateDatabase'))}`
  const url = new URL(inject('postgresUrl'))
  url.pathname = '/zz'
  const c = postgres(url.href, { max: 1, onnotice: () => {} })
  await c.unsafe(`
   insert into storefronts(id,name,mail_name,reply_to) select 'shop-'||n,'x','x','x@x' from generate_series(1,20) n;
   insert into customers(id,storefront,name,email,time_zone) select ('00000000-0000-0000-0000-'||lpad(n::text,12,'0'))::uuid, 'shop-'||(n%20+1), 'x', 'c'||n||'@x', 'UTC' from generate_series(1,2000) n;
   insert into addresses(id,name,lines,city,postcode,country) values ('00000000-0000-0000-0000-000000000001','x','{a}','x','1','DE');
   insert into items(sku,name,price_minor,currency,back_orderable) select 'S'||n,'x',1,'EUR',true from generate_series(1,100) n;
   insert into stock_levels(sku) select sku from items;
   insert into orders(number,storefront,customer,ship_to,state,command,created_at,ended_at) select 'OR-'||md5(n::text), 'shop-'||((n%2000+1)%20+1), ('00000000-0000-0000-0000-'||lpad((n%2000+1)::text,12,'0'))::uuid, '00000000-0000-0000-0000-000000000001', 'decided', gen_random_uuid(), now()-make_interval(secs=>n), now() from generate_series(1,300000) n;
   insert into order_lines(order_number,line,sku,ordered,state,price_minor,currency) select 'OR-'||md5(n::text),1,'S'||(n%100+1),1,'met',1,'EUR' from generate_series(1,300000) n;
   insert into deliveries(number,order_number,storefront,ship_to,state,created_at,ended_at) select 'DL-'||md5(n::text),'OR-'||md5(n::text), 'shop-'||((n%2000+1)%20+1),'00000000-0000-0000-0000-000000000001','delivered', now()-make_interval(secs=>n), now() from generate_series(1,300000) n;
   insert into delivery_lines(delivery,sku,quantity) select 'DL-'||md5(n::text),'S'||(n%100+1),1 from generate_series(1,300000) n;
   insert into back_orders(number,order_number,line,sku,storefront,customer,ordered,shortfall,state,place,hold_seconds,price_minor,currency,created_at) select 'BO-'||md5(n::text),'OR-'||md5(n::text),1,'S'||(n%100+1),'shop-'||((n%2000+1)%20+1),('00000000-0000-0000-0000-'||lpad((n%2000+1)::text,12,'0'))::uuid,1,1,'waiting',n,60,1,'EUR', now()-make_interval(secs=>n) from generate_series(1,300000) n;
   insert into events(number,sequence,type,actor,details) select number,1,'back_order.accepted','x','{}' from back_orders;
   insert into stock_movements(sku,kind,quantity,cause,step) select sku,'allocate',1,number,'s'||(place/100) from back_orders where place<100000 order by place;
   analyze;`)
  const db = drizzle(c, { schema })
  const time = async (name: string, work: () => Promise<unknown[]>) => {
    await work()
    const start = performance.now()
    const rows = await work()
    console.log(name, rows.length, Math.round((performance.now() - start) * 10) / 10, 'ms')
    return rows as { sort_at: string; number: string }[]
  }
  for (const [name, list] of [
    ['orders', listOrders],
    ['back orders', listBackOrders],
    ['deliveries', listDeliveries],
  ] as const) {
    const all = await time(`${name} all`, () => list(db, { partners: [] }, null, 51))
    const last = all.at(-1) as { sort_at: string; number: string }
    await time(`${name} next`, () => list(db, { partners: [] }, [last.sort_at, last.number], 51))
    await time(`${name} deep`, () =>
      list(db, { partners: ['shop-3'] }, [new Date(Date.now() - 250_000_000).toISOString(), 'Z'], 51),
    )
    await time(`${name} one`, () => list(db, { partners: ['shop-3'] }, null, 51))
    await time(`${name} email`, () => list(db, { partners: [], email: 'c7@x' }, null, 51))
    await time(`${name} sku`, () => list(db, { partners: ['shop-3'], sku: 'S3' }, null, 51))
    await time(`${name} state none`, () =>
      list(db, { partners: [], state: name === 'orders' ? 'offered' : 'cancelled' }, null, 51),
    )
  }
  const start = performance.now()
  const found = await checkInvariants(db, { graceSeconds: 5 })
  console.log('check', Math.round(performance.now() - start), 'ms', found.length)
  await c.end()
  await admin.end()
})
