import type { Api, ApiKit } from '../../api/kit.ts'
import type { RateLimit } from '../../api/rate-limit.ts'
import { DealersWord } from '../../api/routes/custom-orders.ts'
import { Handover } from '../../api/routes/vehicles.ts'
import { send } from '../../api/send.ts'
import { handOverVehicle, judge } from '../../clients/messages.ts'
import { type CustomOrderPage as Page, readCustomOrderPage } from '../../store/custom-order-page.ts'
import { readCustomOrderLink } from '../../store/link.ts'
import { type Form, registerDealerPage } from '../dealer-page/routes.ts'
import { CustomOrderPage } from './page.tsx'
import { wordsSince } from './words.ts'

/** A dealer's page of a custom order (REQUIREMENTS B4): what is to be built for whom, the answer, and the handover. */
export function registerCustomOrderPage(app: Api, kit: ApiKit, limit: RateLimit['byAddress']): void {
  registerDealerPage<Page>(app, kit, limit, {
    number: 'customOrder',
    path: 'c',
    what: 'an order',
    readLink: readCustomOrderLink,
    readPage: readCustomOrderPage,
    show: (view) => CustomOrderPage({ view }),
    standing: (page) => ({
      version: page.order.version,
      is_over: page.over !== null,
      since: (version) => wordsSince(page, version),
    }),
    forms: { answer: ANSWER, handover: HANDOVER },
    refusals: {
      'balance-due': 'not all of it is paid, or marked as settled with you',
      otherwise: 'this is not possible as the order stands now',
    },
  })
}

/** The turn is the link's: the word is never taken for one about another. */
const ANSWER: Form = {
  read: ({ verdict, reason }, { number, turn, dealer }) => {
    const reasons = reason?.trim() ? [reason.trim()] : undefined
    const entered = DealersWord.safeParse({ verdict, turn, reasons })
    if (!entered.success) return { errors: faultsOf(entered.error.issues, verdict) }
    return {
      body: entered.data,
      send: (kit, asked) =>
        send(kit, { kind: 'custom-order', number }, judge, { ...asked, judge: 'dealer', dealer }),
    }
  },
  done: 'Thank you, noted.',
}

const HANDOVER: Form = {
  read: (fields, { number, dealer }) => {
    const settled = fields.settled === 'yes'
    return {
      body: Handover.parse({ settled_at_dealer: settled }),
      send: (kit, asked) =>
        send(kit, { kind: 'custom-order', number }, handOverVehicle, { ...asked, settled, dealer }),
    }
  },
  done: 'Thank you. The order is completed.',
}

function faultsOf(issues: { path: PropertyKey[] }[], verdict: string | undefined): Record<string, string> {
  if (issues.some(({ path }) => path[0] === 'verdict')) return { verdict: 'Please choose one.' }
  if (issues.some(({ path }) => path.length > 1)) return { reason: 'At most 1,000 characters, on one line.' }
  return { reason: verdict === 'refused' ? 'Please say why you refuse it.' : 'Only if you refuse it.' }
}
