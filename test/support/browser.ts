/** A browser as the poorest customer has it: it shows pages and sends their forms, and knows no JavaScript. */
export class Browser {
  /** Where it stands, and what it shows. */
  url = ''
  status = 0
  html = ''
  headers = new Headers()

  async open(url: string): Promise<this> {
    return this.take(await fetch(url, { redirect: 'manual' }), url)
  }

  /** The same page in another tab. */
  clone(): Browser {
    const { url, status, html, headers } = this
    return Object.assign(new Browser(), { url, status, html, headers })
  }

  /** What a reader reads. */
  get text(): string {
    return textOf(this.html)
  }

  /** The form whose address ends so, with what stands in its fields. */
  form(end: string): { action: string; fields: Record<string, string> } {
    for (const [, attributes = '', content = ''] of this.html.matchAll(/<form\b([^>]*)>(.*?)<\/form>/gs)) {
      const action = attribute(attributes, 'action') ?? ''
      if (action.endsWith(end)) return { action: new URL(action, this.url).href, fields: fieldsOf(content) }
    }
    throw new Error(`There is no form ${end} on the page: ${this.text}`)
  }

  get forms(): string[] {
    return [...this.html.matchAll(/<form\b([^>]*)>/g)].map(
      ([, attributes = '']) => attribute(attributes, 'action') ?? '',
    )
  }

  /** Fills in a form, sends it and follows where it leads. */
  async send(
    end: string,
    filled: Record<string, string> = {},
    headers: Record<string, string> = {},
  ): Promise<this> {
    const { action, fields } = this.form(end)
    return this.post(action, { ...fields, ...filled }, headers)
  }

  async post(
    action: string,
    fields: Record<string, string>,
    headers: Record<string, string> = {},
  ): Promise<this> {
    const response = await fetch(action, {
      method: 'POST',
      redirect: 'manual',
      // What browsers send from a page with `Referrer-Policy: no-referrer`.
      headers: { origin: 'null', 'sec-fetch-site': 'same-origin', ...headers },
      body: new URLSearchParams(fields),
    })
    return this.take(response, action)
  }

  private async take(response: Response, url: string): Promise<this> {
    const location = response.headers.get('location')
    if (response.status === 303 && location) return this.open(new URL(location, url).href)
    this.url = url
    this.status = response.status
    this.headers = response.headers
    this.html = await response.text()
    return this
  }
}

function fieldsOf(form: string): Record<string, string> {
  const fields: Record<string, string> = {}
  for (const [tag] of form.matchAll(/<input\b[^>]*>/g)) {
    const [name, type] = [attribute(tag, 'name'), attribute(tag, 'type')]
    const isChoice = type === 'radio' || type === 'checkbox'
    if (name && (!isChoice || / checked/.test(tag))) fields[name] = attribute(tag, 'value') ?? ''
  }
  for (const [, attributes = '', options = ''] of form.matchAll(/<select\b([^>]*)>(.*?)<\/select>/gs)) {
    const tags = [...options.matchAll(/<option\b[^>]*>/g)].map(([tag]) => tag)
    const chosen = tags.find((tag) => / selected/.test(tag)) ?? tags[0] ?? ''
    fields[attribute(attributes, 'name') ?? ''] = attribute(chosen, 'value') ?? ''
  }
  return fields
}

function attribute(tag: string, name: string): string | undefined {
  const value = new RegExp(` ${name}="([^"]*)"`).exec(tag)?.[1]
  return value === undefined ? undefined : unescaped(value)
}

/** What a reader reads of a part of a page: tags away, entities resolved, spaces as one. */
export function textOf(html: string): string {
  return unescaped(
    html
      .replace(/<(p|li|h\d|dt|dd|div|option|legend|label|summary|button|br)\b[^>]*>/g, ' ')
      .replace(/<[^>]+>/g, ''),
  )
    .replace(/\s+/g, ' ')
    .trim()
}

function unescaped(text: string): string {
  return text
    .replaceAll('&#39;', "'")
    .replaceAll('&quot;', '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
}
