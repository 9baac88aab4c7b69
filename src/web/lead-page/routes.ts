import { DateTime } from 'luxon'
import type { Api, ApiKit } from '../../api/kit.ts'
import type { RateLimit } from '../../api/rate-limit.ts'
import { Status } from '../../api/routes/lead-statuses.ts'
import { send } from '../../api/send.ts'
import { giveStatus } from '../../clients/messages.ts'
import { asDealerSees, type LeadView, leadView } from '../../store/lead-view.ts'
import { readLeadLink } from '../../store/link.ts'
import { type Form, registerDealerPage } from '../dealer-page/routes.ts'
import { LeadPage } from './page.tsx'

/** A dealer's page of a lead (REQUIREMENTS B9). Every status is taken, also one that comes late. */
export function registerLeadPage(app: Api, kit: ApiKit, limit: RateLimit['byAddress']): void {
  registerDealerPage<LeadView>(app, kit, limit, {
    number: 'lead',
    path: 'l',
    what: 'a lead',
    readLink: readLeadLink,
    readPage: async (db, { number, dealer }) => {
      const lead = await leadView(db, number)
      return lead && asDealerSees(lead, dealer)
    },
    show: (view) => LeadPage({ view }),
    forms: { status: STATUS },
    refusals: { otherwise: 'this lead has ended' },
  })
}

const STATUS: Form = {
  read: ({ status, reason, takes_place_at, time_zone, note }, { number, dealer }) => {
    const entered = Status.safeParse({
      status,
      reason: reason || undefined,
      takes_place_at: takes_place_at ? instantOf(takes_place_at, time_zone) : undefined,
      note: note?.trim() || undefined,
    })
    if (!entered.success) {
      const faults = entered.error.issues.map(({ path: [name] }) => [name, faultWords(String(name), status)])
      return { errors: Object.fromEntries(faults) }
    }
    return {
      body: entered.data,
      send: (kit, asked) => send(kit, { kind: 'lead', number }, giveStatus, { ...asked, dealer }),
    }
  },
  done: 'Thank you, noted.',
}

/** A time of day somewhere, as a browser sends it, as the API has it; as it came if it is none. */
function instantOf(local: string, zone: string | undefined): string {
  return (
    DateTime.fromISO(local, { zone: zone ?? 'UTC' })
      .toUTC()
      .toISO() ?? local
  )
}

function faultWords(field: string, status: string | undefined): string {
  switch (field) {
    case 'status':
      return 'Please choose one.'
    case 'reason':
      return status === 'lost' ? 'Please say why it was lost.' : 'Only if it was lost.'
    case 'takes_place_at':
      return status === 'appointment' || status === 'test_drive'
        ? 'Please enter a day and a time.'
        : 'Only for an appointment or a test drive.'
    default:
      return 'At most 1,000 characters, on one line.'
  }
}
