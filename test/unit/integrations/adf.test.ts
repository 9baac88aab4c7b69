import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { LeadDocument } from '../../../src/domain/lead.ts'
import { Refusal } from '../../../src/domain/refusal.ts'
import { MAX_ADF, readAdf, writeAdf } from '../../../src/integrations/adf.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const read = (text: string) => readAdf(bytes(text))

/** What reading a document is refused with; undefined when it is read. */
function refusal(document: string | Uint8Array): string | undefined {
  try {
    readAdf(typeof document === 'string' ? bytes(document) : document)
    return undefined
  } catch (error) {
    if (error instanceof Refusal) return error.type
    throw error
  }
}

const LEAD: LeadDocument = {
  number: 'LE-7K3M-9QXT-4HC',
  created_at: '2026-01-01T08:00:00.000Z',
  prospect: { name: 'Ada Marsh', email: 'ada@example.test', phone: '+49 421 123' },
  vehicle: {
    year: 2026,
    make: 'Astra',
    model: 'Corda',
    trim: 'LX',
    stock: 'S-7',
    options: ['Tow bar', 'Red'],
  },
  price: { max: 2_500_000, currency: 'EUR' },
  trade_in: { year: 2011, make: 'Brio', model: 'Uno' },
  comments: 'After six, please',
  dealer: { id: 'harbour', name: 'Harbour Motors' },
  storefront: { id: 'shop', name: 'Shop', email: 'shop@example.test' },
}

describe('ADF as it is written (B9)', () => {
  test('has what the format asks for, in its order', async () => {
    const text = await writeAdf(LEAD)
    expect(text).toMatch(/^<\?xml version="1\.0" encoding="UTF-8"\?>\n<\?adf version="1\.0"\?>\n<adf>/)
    const elements = [...text.matchAll(/<([a-z]+)[ >]/g)].map(([, name]) => name)
    expect(
      elements.filter((name) =>
        ['requestdate', 'vehicle', 'customer', 'vendor', 'provider'].includes(name ?? ''),
      ),
    ).toEqual(['requestdate', 'vehicle', 'vehicle', 'customer', 'vendor', 'provider'])
    expect(text).toContain('<pricecomments>up to EUR\u00a025,000.00</pricecomments>')
  })

  test('reads back as the same lead', async () => {
    expect(read(await writeAdf(LEAD))).toEqual({
      reference: LEAD.number,
      dealer: 'harbour',
      prospect: LEAD.prospect,
      vehicle: LEAD.vehicle,
      trade_in: LEAD.trade_in,
      comments: 'After six, please up to EUR 25,000.00',
    })
  })

  test('whatever people write stays text', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ minLength: 1, unit: 'grapheme' }), async (name) => {
        const written = await writeAdf({ ...LEAD, prospect: { ...LEAD.prospect, name: `x${name}` } })
        const back = read(written)
        expect(back.prospect.name).toBe(
          `x${name}`
            .replace(/[\uFFFE\uFFFF]/g, '')
            .replace(/\s+/g, ' ')
            .trim(),
        )
        expect(back.prospect.email).toBe(LEAD.prospect.email)
      }),
    )
    const nasty = `</name><email>other@example.test</email><name>&lt;"'`
    const back = read(await writeAdf({ ...LEAD, prospect: { ...LEAD.prospect, name: nasty } }))
    expect(back.prospect).toEqual({ ...LEAD.prospect, name: nasty })
  })
})

describe('ADF as it is read (B9)', () => {
  const minimal = (inside: string) =>
    `<?xml version="1.0"?><?ADF VERSION="1.0"?><adf><prospect>${inside}</prospect></adf>`

  test('a document as other systems write it: names in parts, unknown elements, CDATA', () => {
    const text = minimal(`
      <requestdate>2008-06-25T08:47:50</requestdate>
      <vehicle interest="buy" status="used"><vin>1</vin><year> 1995 </year><make>Brio</make><model><![CDATA[R & S]]></model></vehicle>
      <customer><contact>
        <name part="last">Marsh</name><name part="first">Ada</name>
        <email>ada@example.test</email><phone type="home">1</phone><phone type="work">2</phone>
      </contact><comments>Two
      lines &amp; more</comments></customer>
      <vendor><id source="x">harbour</id><vendorname>H</vendorname></vendor><novelty deep="yes"><a/></novelty>`)
    expect(read(text)).toEqual({
      dealer: 'harbour',
      prospect: { name: 'Ada Marsh', email: 'ada@example.test', phone: '1' },
      vehicle: { year: 1995, make: 'Brio', model: 'R & S' },
      comments: 'Two lines & more',
    })
  })

  test.each<[string, string | Uint8Array, string]>([
    ['nothing', '', 'malformed-request'],
    ['no XML', '{"adf": 1}', 'malformed-request'],
    ['an element that does not end', '<adf><prospect>', 'malformed-request'],
    ['elements that cross', '<adf><prospect><a><b></a></b></prospect></adf>', 'malformed-request'],
    ['two roots', '<adf></adf><adf></adf>', 'malformed-request'],
    [
      'an external entity',
      '<!DOCTYPE adf [<!ENTITY x SYSTEM "file:///etc/passwd">]><adf><prospect>&x;</prospect></adf>',
      'malformed-request',
    ],
    [
      'an external document type',
      '<!DOCTYPE adf SYSTEM "http://127.0.0.1/adf.dtd"><adf/>',
      'malformed-request',
    ],
    [
      'entities that grow',
      '<!DOCTYPE adf [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><adf>&b;</adf>',
      'malformed-request',
    ],
    ['an entity that is not of XML', '<adf><prospect>&nbsp;</prospect></adf>', 'malformed-request'],
    ['elements within elements', '<a>'.repeat(10_000) + '</a>'.repeat(10_000), 'malformed-request'],
    ['more elements than a lead has', `<adf>${'<a/>'.repeat(10_000)}</adf>`, 'malformed-request'],
    ['a million nested elements', '<a>'.repeat(1_000_000), 'too-large'],
    ['too many bytes', `<adf>${' '.repeat(MAX_ADF)}</adf>`, 'too-large'],
    [
      'another encoding, as it says',
      '<?xml version="1.0" encoding="ISO-8859-1"?><adf/>',
      'malformed-request',
    ],
    [
      'another encoding, without a word',
      // A prospect whose name is one byte of ISO 8859-1; all else is as it should be.
      Buffer.from('<adf><prospect><id>\u00e9</id></prospect></adf>', 'latin1'),
      'malformed-request',
    ],
    ['UTF-16', new Uint8Array([0xff, 0xfe, 0x3c, 0, 0x61, 0, 0x2f, 0, 0x3e, 0]), 'malformed-request'],
    ['another kind of document', '<html><body/></html>', 'invalid-request'],
    ['no prospect', '<adf></adf>', 'invalid-request'],
    ['two prospects', '<adf><prospect/><prospect/></adf>', 'invalid-request'],
    ['two vehicles wanted', minimal('<vehicle/><vehicle/>'), 'invalid-request'],
  ])('%s is refused', (_, document, type) => {
    expect(refusal(document)).toBe(type)
  })

  test('whatever comes, it is read or refused', () => {
    const parts = [
      '<',
      '>',
      '/',
      'adf',
      'prospect',
      '"',
      "'",
      '=',
      '&',
      ';',
      '!',
      '[',
      ']',
      '?',
      ' ',
      'é',
      '\0',
    ]
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...parts), { maxLength: 60 }), (pieces) => {
        refusal(pieces.join(''))
        refusal(`<adf><prospect>${pieces.join('')}</prospect></adf>`)
      }),
      { numRuns: 500 },
    )
  })
})
