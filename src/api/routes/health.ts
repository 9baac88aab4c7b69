import { sql } from 'drizzle-orm'
import { hasWorker, whyNot } from '../../clients/health.ts'
import type { Api, ApiKit } from '../kit.ts'

/** For supervisors: `/healthz` says that the process lives, `/readyz` whether it can do its work (P7). */
export function registerHealth(app: Api, kit: ApiKit): void {
  app.get('/healthz', (c) => c.json({ status: 'ok' }))

  app.get('/readyz', async (c) => {
    const [database, worker] = await Promise.allSettled([
      kit.db.execute(sql`SELECT 1 FROM orders LIMIT 1`),
      hasWorker(kit.temporal),
    ])
    const away = worker.status === 'rejected' ? whyNot(worker.reason) : undefined
    // Said nowhere else: a certificate that is not trusted, say. The question was about no order.
    if (away) kit.log.warn(away, 'Temporal does not serve us')
    const checks = {
      database: database.status === 'fulfilled' ? 'ok' : 'cannot be reached, or is not migrated',
      temporal: away?.fault ?? 'ok',
      worker: worker.status === 'fulfilled' && worker.value ? 'ok' : 'none is polling',
    }
    const isReady = Object.values(checks).every((check) => check === 'ok')
    return c.json({ status: isReady ? 'ready' : 'not ready', checks }, isReady ? 200 : 503)
  })
}
