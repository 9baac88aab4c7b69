import sax from 'sax'
import { refuse } from '../partner/app.ts'

/** The texts of an XML document by the path of their element, as `/adf/prospect/id`; of several alike the first. */
export function textsOf(xml: string): Map<string, string> {
  const texts = new Map<string, string>()
  const path: string[] = []
  const parser = Object.assign(sax.parser(true, { trim: true }), {
    onopentag: ({ name }: { name: string }) => path.push(name),
    onclosetag: () => path.pop(),
    ontext(text: string) {
      const place = `/${path.join('/')}`
      if (!texts.has(place)) texts.set(place, text)
    },
    onerror: (error: Error) => refuse(400, `The body is not XML: ${error.message}`),
  })
  parser.write(xml).close()
  return texts
}
