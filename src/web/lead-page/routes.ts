import type { Api, ApiKit } from '../../api/kit.ts'
import type { RateLimit } from '../../api/rate-limit.ts'
import { Status } from '../../api/routes/lead-statuses.ts'
import { send } from '../../clients/command.ts'
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
  read: ({ status, reason, note }, { number, dealer }) => {
    const entered = Status.safeParse({ status, reason: reason || undefined, note: note?.trim() || undefined })
    if (!entered.success) {
      const faults = entered.error.issues.map(({ path: [name] }) => [name, FAULTS[String(name)] ?? ''])
      return { errors: Object.fromEntries(faults) }
    }
    return {
      body: entered.data,
      send: (kit, asked) => send(kit.temporal, { kind: 'lead', number }, giveStatus, { ...asked, dealer }),
    }
  },
  done: 'Thank you, noted.',
}

const FAULTS: Record<string, string> = {
  status: 'Please choose one.',
  reason: 'Please say why it was lost, and only then.',
  note: 'At most 1,000 characters, on one line.',
}
