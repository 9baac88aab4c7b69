import type { Api, ApiKit } from '../../api/kit.ts'
import type { RateLimit } from '../../api/rate-limit.ts'
import { TagAnswer } from '../../api/routes/tags.ts'
import { Handover } from '../../api/routes/vehicles.ts'
import { send } from '../../api/send.ts'
import { answerTag, handOverTagged } from '../../clients/messages.ts'
import { readTagLink } from '../../store/link.ts'
import { type TagPage as Page, readTagPage } from '../../store/tag-page.ts'
import { type Form, registerDealerPage } from '../dealer-page/routes.ts'
import { TagPage } from './page.tsx'
import { isOver, wordsSince } from './words.ts'

/** A dealer's page of a tag (REQUIREMENTS B8): the vehicle, whether it is there, and the handover. */
export function registerTagPage(app: Api, kit: ApiKit, limit: RateLimit['byAddress']): void {
  registerDealerPage<Page>(app, kit, limit, {
    number: 'tag',
    path: 't',
    what: 'a tag',
    readLink: readTagLink,
    readPage: (db, { number }) => readTagPage(db, number),
    show: (view) => TagPage({ view }),
    standing: (page) => ({
      version: page.tag.version,
      is_over: isOver(page),
      since: (version) => wordsSince(page, version),
    }),
    forms: { answer: ANSWER, handover: HANDOVER },
    refusals: {
      'balance-due': 'not all of it is paid, or marked as settled with you',
      otherwise: 'this is not possible as the tag stands now',
    },
  })
}

const ANSWER: Form = {
  read: (fields, { number }) => {
    const entered = TagAnswer.safeParse({ answer: fields.answer, note: fields.note?.trim() || undefined })
    if (!entered.success) return { errors: faultsOf(entered.error.issues) }
    const { answer } = entered.data
    return {
      body: entered.data,
      send: (kit, asked) => send(kit, { kind: 'tag', number }, answerTag, { ...asked, answer }),
    }
  },
  done: 'Thank you, noted.',
}

const HANDOVER: Form = {
  read: (fields, { number }) => {
    const settled = fields.settled === 'yes'
    return {
      body: Handover.parse({ settled_at_dealer: settled }),
      send: (kit, asked) => send(kit, { kind: 'tag', number }, handOverTagged, { ...asked, settled }),
    }
  },
  done: 'Thank you. The tag is completed.',
}

function faultsOf(issues: { path: PropertyKey[] }[]): Record<string, string> {
  return issues.some(({ path }) => path[0] === 'answer')
    ? { answer: 'Please choose one.' }
    : { note: 'At most 1,000 characters, on one line.' }
}
