import { createHash } from 'node:crypto'
import { createRoute, z } from '@hono/zod-openapi'
import { isoDuration } from '../../domain/duration.ts'
import { DEADLINE_KINDS, type Period, type Periods } from '../../domain/period.ts'
import { Refusal } from '../../domain/refusal.ts'
import { transact } from '../../store/database.ts'
import { lockPeriods, readPeriods, writePeriods } from '../../store/period.ts'
import { requireRole } from '../auth.ts'
import type { Api, ApiKit } from '../kit.ts'
import { Length } from '../master-data.ts'
import { answers, jsonBody } from '../request.ts'
import { IfMatchHeader } from '../version.ts'

const tags = ['Operator: periods']
const path = '/v1/operator/periods'

const OnePeriod = z
  .strictObject({
    default: Length(1).meta({ description: 'What applies when the customer sets none' }),
    min: Length(1),
    max: Length(1),
  })
  .superRefine((period, check) => {
    if (period.min > period.default)
      check.addIssue({ code: 'custom', path: ['default'], message: 'is below the minimum' })
    if (period.default > period.max)
      check.addIssue({ code: 'custom', path: ['default'], message: 'is above the maximum' })
  })

/** The house's four periods, each with the limits of what may be set. */
export const PeriodsBody = z
  .strictObject({ offer: OnePeriod, wait: OnePeriod, hold: OnePeriod, confirm: OnePeriod })
  .meta({ id: 'PeriodsToSave' })

const PeriodView = z.object({ default: z.string(), min: z.string(), max: z.string() })
const PeriodsView = z
  .object({ offer: PeriodView, wait: PeriodView, hold: PeriodView, confirm: PeriodView })
  .meta({ id: 'Periods' })

/** The house's predetermined periods (REQUIREMENTS A7, P8). */
export function registerPeriods(app: Api, kit: ApiKit): void {
  app.openapi(
    createRoute({
      method: 'get',
      path,
      tags,
      summary: "Look at the house's periods",
      middleware: [requireRole(kit, 'operator')] as const,
      responses: answers(200, 'The four periods', PeriodsView),
    }),
    async (c) => {
      const periods = await readPeriods(kit.db)
      c.header('etag', etagOf(periods))
      return c.json(viewOf(periods), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'put',
      path,
      tags,
      summary: "Change the house's periods",
      description:
        'All four at once, with the ETag of what they replace as If-Match. What already runs keeps its deadline.',
      middleware: [requireRole(kit, 'operator')] as const,
      request: { headers: IfMatchHeader, body: jsonBody(PeriodsBody) },
      responses: answers(200, 'The four periods', PeriodsView),
    }),
    async (c) => {
      const body = c.req.valid('json')
      const basis = c.req.header('if-match')
      if (basis === undefined)
        throw new Refusal('version-missing', 'Read them first and send their ETag as If-Match.')
      const periods = Object.fromEntries(
        DEADLINE_KINDS.map((kind) => [kind, periodOf(body[kind])]),
      ) as Periods
      await transact(kit.db, async (tx) => {
        await lockPeriods(tx)
        if (etagOf(await readPeriods(tx)) !== basis)
          throw new Refusal('version-stale', 'They have changed since. Read them again.')
        await writePeriods(tx, periods)
      })
      c.header('etag', etagOf(periods))
      return c.json(viewOf(periods), 200)
    },
  )
}

function periodOf({ default: usual, min, max }: z.output<typeof OnePeriod>): Period {
  return { default_seconds: usual, min_seconds: min, max_seconds: max }
}

function viewOf(periods: Periods): z.output<typeof PeriodsView> {
  const one = ({ default_seconds, min_seconds, max_seconds }: Period) => ({
    default: isoDuration(default_seconds),
    min: isoDuration(min_seconds),
    max: isoDuration(max_seconds),
  })
  return {
    offer: one(periods.offer),
    wait: one(periods.wait),
    hold: one(periods.hold),
    confirm: one(periods.confirm),
  }
}

/** There is one set of periods and no row to count its versions: its content stands for the version. */
function etagOf(periods: Periods): string {
  return `"${createHash('sha256')
    .update(JSON.stringify(viewOf(periods)))
    .digest('base64url')
    .slice(0, 16)}"`
}
