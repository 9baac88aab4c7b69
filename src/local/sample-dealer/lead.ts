import { z } from 'zod'
import { parse } from '../partner/app.ts'
import type { Kind, Read, Word } from './kind.ts'
import { textsOf } from './xml.ts'

const Vehicle = z.object({
  make: z.string().optional(),
  model: z.string().optional(),
  year: z.int().optional(),
  stock: z.string().optional(),
})
const Lead = z.object({
  number: z.string().min(1).max(40),
  vehicle: Vehicle,
  prospect: z.object({ name: z.string(), email: z.string(), phone: z.string().nullish() }).nullish(),
  comments: z.string().nullish(),
})

/** How a sale goes, for a dealer that plays it by itself. */
const STEPS = ['received', 'contacted', 'quoted', 'sold']

/** Leads: sent as JSON or ADF, answered with a status now and then. */
export const LEAD: Kind = {
  name: 'lead',
  asks: ['sent', 'status_requested', 'reminded'],
  tells: [],
  takesAway: ['withdrawn'],
  read: (data) => {
    const { number, vehicle, prospect, comments } = parse(Lead, JSON.stringify(data ?? null))
    return read(number, Object.values(vehicle).join(' '), [
      ['Name', prospect?.name],
      ['E-mail', prospect?.email],
      ['Telephone', prospect?.phone],
      ['Comments', comments],
    ])
  },
  readXml: (text) => {
    const said = textsOf(text)
    const in_ = (path: string) => said.get(`/adf/prospect/${path}`)
    const number = parse(Lead.shape.number, JSON.stringify(in_('id') ?? null))
    const vehicle = ['year', 'make', 'model'].map((part) => in_(`vehicle/${part}`))
    return read(number, vehicle.filter(Boolean).join(' '), [
      ['Name', in_('customer/contact/name')],
      ['E-mail', in_('customer/contact/email')],
      ['Telephone', in_('customer/contact/phone')],
      ['Comments', in_('customer/comments')],
    ])
  },
  accept: (said) => {
    const next = STEPS.find((_, index) => STEPS.slice(index).every((step) => !hasSaid(said, step)))
    return next === undefined || hasSaid(said, 'lost') ? undefined : { status: next }
  },
  refuse: () => ({ status: 'lost', reason: 'not_available', note: 'We do not have it' }),
  byKey: (number) => `/v1/leads/${number}/statuses`,
  asMessage: (word) => ({ type: 'lead.status_given', data: word }),
  buttons: [
    { label: 'Received', word: { status: 'received' } },
    { label: 'In contact', word: { status: 'contacted' } },
    { label: 'Quoted', word: { status: 'quoted' } },
    { label: 'Sold', word: { status: 'sold' } },
    { label: 'Lost: bought elsewhere', word: { status: 'lost', reason: 'bought_elsewhere' } },
    { label: 'Lost: not available', word: { status: 'lost', reason: 'not_available' } },
  ],
}

function hasSaid(said: Word[], status: string): boolean {
  return said.some((word) => word.status === status)
}

function read(number: string, about: string, facts: [string, string | null | undefined][]): Read {
  const known = facts.filter((fact): fact is [string, string] => Boolean(fact[1]))
  return { number, about, ...(known.length > 0 ? { facts: known } : {}) }
}
