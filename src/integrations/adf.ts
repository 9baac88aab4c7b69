import { html } from 'hono/html'
import sax from 'sax'
import { type LeadDocument, priceWords, type Vehicle } from '../domain/lead.ts'
import { Refusal } from '../domain/refusal.ts'

/**
 * ADF 1.0 (Auto-lead Data Format), the XML in which dealers' systems take leads: written for dealers, read from
 * storefronts. What comes in may come from anybody, so nothing that refers to something else is read at all.
 */

/** Characters that XML 1.0 cannot hold in any way, beside those that no text of ours has. */
const NO_CHARACTERS = /[\uFFFE\uFFFF]/g
const clean = (value: string | number | null | undefined) =>
  value === null || value === undefined ? '' : String(value).replace(NO_CHARACTERS, '')

/** A lead as an ADF document in UTF-8. */
export async function writeAdf(lead: LeadDocument): Promise<string> {
  const { prospect, dealer, storefront } = lead
  const markup = await html`<?xml version="1.0" encoding="UTF-8"?>
<?adf version="1.0"?>
<adf>
  <prospect status="new">
    <id sequence="1" source="Holdfast">${lead.number}</id>
    <requestdate>${lead.created_at}</requestdate>
    ${vehicleElement('buy', lead.vehicle, lead.price ? priceWords(lead.price) : null)}
    ${lead.trade_in ? vehicleElement('trade-in', lead.trade_in, null) : ''}
    <customer>
      <contact>
        <name part="full">${clean(prospect.name)}</name>
        <email>${clean(prospect.email)}</email>
        ${prospect.phone ? html`<phone type="voice">${clean(prospect.phone)}</phone>` : ''}
      </contact>
      ${lead.comments ? html`<comments>${clean(lead.comments)}</comments>` : ''}
    </customer>
    <vendor>
      <id sequence="1" source="Holdfast">${dealer.id}</id>
      <vendorname>${clean(dealer.name)}</vendorname>
      <contact>
        <name part="full">${clean(dealer.name)}</name>
      </contact>
    </vendor>
    <provider>
      <id sequence="1" source="Holdfast">${storefront.id}</id>
      <name part="full">${clean(storefront.name)}</name>
      <email>${clean(storefront.email)}</email>
    </provider>
  </prospect>
</adf>
`
  return markup.toString()
}

function vehicleElement(interest: 'buy' | 'trade-in', vehicle: Vehicle, price: string | null) {
  const { year, make, model, stock, trim, options = [] } = vehicle
  return html`<vehicle interest="${interest}">
      <year>${clean(year)}</year>
      <make>${clean(make)}</make>
      <model>${clean(model)}</model>
      ${stock ? html`<stock>${clean(stock)}</stock>` : ''}
      ${trim ? html`<trim>${clean(trim)}</trim>` : ''}
      ${price ? html`<pricecomments>${price}</pricecomments>` : ''}
      ${options.map((option) => html`<option><optionname>${clean(option)}</optionname></option>`)}
    </vehicle>`
}

/** What an ADF document says of a lead: the members of a new lead as JSON has them, as far as they are there. */
export type AdfLead = {
  reference?: string
  dealer?: string
  /** Where the prospect lives; only of a lead that names no dealer. */
  near?: { country?: string; postcode?: string }
  prospect: { name?: string; email?: string; phone?: string }
  vehicle: Vehicle
  trade_in?: Vehicle
  comments?: string
}

/** Where in an ADF document each member of a new lead stands, for what is wrong with it. */
export const ADF_PLACES: Record<string, string> = {
  '/reference': '/adf/prospect/id',
  '/dealer': '/adf/prospect/vendor/id',
  '/near/country': '/adf/prospect/customer/contact/address/country',
  '/near/postcode': '/adf/prospect/customer/contact/address/postalcode',
  '/prospect/name': '/adf/prospect/customer/contact/name',
  '/prospect/email': '/adf/prospect/customer/contact/email',
  '/prospect/phone': '/adf/prospect/customer/contact/phone',
  '/vehicle': '/adf/prospect/vehicle',
  '/trade_in': '/adf/prospect/vehicle',
  '/comments': '/adf/prospect/customer/comments',
}

/** Largest document in bytes, deepest nesting, most elements: a lead is a screen or two of text. */
export const MAX_ADF = 100_000
const MAX_DEPTH = 16
const MAX_ELEMENTS = 2_000

/**
 * Reads an ADF document. Elements that are not known are passed over, so that what other systems add does no harm.
 *
 * @throws Refusal `too-large`; `malformed-request` for what is not well-formed XML in UTF-8, has a document type (and so
 *   could refer to something else), or is nested like no lead is; `invalid-request` for another kind of document, or more
 *   than one prospect or vehicle of interest.
 */
export function readAdf(bytes: Uint8Array): AdfLead {
  if (bytes.length > MAX_ADF)
    throw new Refusal('too-large', `An ADF document may have at most ${MAX_ADF} bytes.`)
  const root = parse(decode(bytes))
  if (root.name !== 'adf') throw fault('/', 'the document is no <adf>')
  const [prospect, ...others] = children(root, 'prospect')
  if (!prospect) throw fault('/adf/prospect', 'there is none')
  if (others.length > 0) throw fault('/adf/prospect', 'there are several; send one document each')
  return leadOf(prospect)
}

function leadOf(prospect: Element): AdfLead {
  const customer = child(prospect, 'customer')
  const contact = child(customer, 'contact')
  const vehicles = children(prospect, 'vehicle')
  const tradeIns = vehicles.filter(({ attributes }) => attributes.interest === 'trade-in')
  const wanted = vehicles.filter((vehicle) => !tradeIns.includes(vehicle))
  if (wanted.length > 1 || tradeIns.length > 1)
    throw fault(
      '/adf/prospect/vehicle',
      'one wanted and one given in payment at most; send one document each',
    )
  const [tradeIn] = tradeIns
  const comments = [
    textOf(customer, 'comments'),
    ...vehicles.flatMap((vehicle) => [textOf(vehicle, 'pricecomments'), textOf(vehicle, 'comments')]),
  ].filter((text) => text !== undefined)
  const dealer = textOf(child(prospect, 'vendor'), 'id')
  const address = child(contact, 'address')
  const postcode = textOf(address, 'postalcode')
  return {
    ...member('reference', textOf(prospect, 'id')),
    ...member('dealer', dealer),
    // A chosen dealer counts, also where the prospect's postcode is not known to anybody.
    ...(dealer === undefined && postcode !== undefined
      ? { near: { ...member('country', textOf(address, 'country')), postcode } }
      : {}),
    prospect: {
      ...member('name', nameOf(contact)),
      ...member('email', textOf(contact, 'email')),
      ...member('phone', textOf(contact, 'phone')),
    },
    vehicle: vehicleOf(wanted[0]),
    ...(tradeIn ? { trade_in: vehicleOf(tradeIn) } : {}),
    ...member('comments', comments.length > 0 ? comments.join(' ') : undefined),
  }
}

/** The whole name, or its parts in the order in which they are spoken. */
function nameOf(contact: Element | undefined): string | undefined {
  const names = children(contact, 'name')
  const whole = names.find(({ attributes }) => (attributes.part ?? 'full') === 'full')
  if (whole) return words(whole)
  const parts = ['first', 'middle', 'last', 'suffix'].flatMap((part) =>
    names.filter(({ attributes }) => attributes.part === part).flatMap((name) => words(name) ?? []),
  )
  return parts.length > 0 ? parts.join(' ') : undefined
}

function vehicleOf(vehicle: Element | undefined): Vehicle {
  const year = textOf(vehicle, 'year')
  const options = children(vehicle, 'option').flatMap((option) => textOf(option, 'optionname') ?? [])
  return {
    ...member('make', textOf(vehicle, 'make')),
    ...member('model', textOf(vehicle, 'model')),
    ...(year === undefined ? {} : { year: Number(year) }),
    ...member('trim', textOf(vehicle, 'trim')),
    ...member('stock', textOf(vehicle, 'stock')),
    ...(options.length > 0 ? { options } : {}),
  }
}

type Element = { name: string; attributes: Record<string, string>; children: Element[]; text: string }

const children = (element: Element | undefined, name: string) =>
  (element?.children ?? []).filter((child) => child.name === name)
const child = (element: Element | undefined, name: string) => children(element, name)[0]
const textOf = (element: Element | undefined, name: string) => words(child(element, name))

/** The text of an element on one line; undefined when there is none. */
function words(element: Element | undefined): string | undefined {
  const text = element?.text.replace(/\s+/g, ' ').trim()
  return text ? text : undefined
}

function member<Name extends string>(name: Name, value: string | undefined): { [N in Name]?: string } {
  return (value === undefined ? {} : { [name]: value }) as { [N in Name]?: string }
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new Refusal('malformed-request', 'The document is not in UTF-8.')
  }
}

/** Whatever is not well-formed, and any document type, is refused; no entity is known but the five of XML itself. */
function parse(text: string): Element {
  const top: Element = { name: '', attributes: {}, children: [], text: '' }
  const open = [top]
  let count = 0
  const addText = (text: string) => {
    const element = open.at(-1)
    if (element) element.text += text
  }
  const parser = Object.assign(sax.parser(true, ENTITIES_OF_XML), {
    onerror() {
      // The parser's own message quotes the document.
      throw new Refusal('malformed-request', 'The document is not well-formed XML.')
    },
    ondoctype() {
      throw new Refusal('malformed-request', 'The document has a document type; send it without one.')
    },
    onprocessinginstruction({ name, body }: { name: string; body: string }) {
      const encoding = name === 'xml' ? /encoding\s*=\s*["']([^"']*)/.exec(body)?.[1] : undefined
      if (encoding !== undefined && !/^(utf-8|us-ascii)$/i.test(encoding))
        throw new Refusal('malformed-request', 'The document says that it is not in UTF-8.')
    },
    onopentag({ name, attributes }: { name: string; attributes: object }) {
      count += 1
      if (open.length > MAX_DEPTH || count > MAX_ELEMENTS)
        throw new Refusal('malformed-request', 'The document has more or deeper elements than a lead has.')
      const element = { name, attributes: attributes as Record<string, string>, children: [], text: '' }
      open.at(-1)?.children.push(element)
      open.push(element)
    },
    onclosetag: () => void open.pop(),
    ontext: addText,
    oncdata: addText,
  })
  parser.write(text).close()
  const [root, ...others] = top.children
  if (!root || others.length > 0)
    throw new Refusal('malformed-request', 'The document has no one root element.')
  return root
}

// An option that its types do not know.
const ENTITIES_OF_XML: object = { strictEntities: true }

function fault(pointer: string, detail: string): Refusal {
  return new Refusal('invalid-request', `There is a fault in the document: ${detail}.`, {
    errors: [{ pointer, detail }],
  })
}
