import axe from 'axe-core'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, inject } from 'vitest'

/** The smallest telephone that is still in use, and a window on a desk. */
export const PHONE = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true }
export const DESK = { viewport: { width: 1_280, height: 900 } }

/** Nothing here takes long; this only ends what hangs. */
const PATIENCE_MS = 30_000

type Visit = (url: string, how?: BrowserContextOptions) => Promise<Visitor>

/** A real browser for a whole test file; each visit to a page is by somebody with a session of their own. */
export function useChromium(): Visit {
  let browser: Browser | undefined
  beforeAll(async () => {
    const found = inject('chromium')
    if ('missing' in found) throw new Error(found.missing)
    browser = await chromium.launch({
      executablePath: found.path,
      // Chromium refuses its sandbox to root.
      chromiumSandbox: process.getuid?.() !== 0,
      args: [
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        // It is to ask for our pages and for nothing else.
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    })
  })
  afterAll(async () => browser?.close())
  return async (url, how = DESK) => {
    if (!browser) throw new Error('The browser is there only while tests and hooks run')
    const context = await browser.newContext(how)
    context.setDefaultTimeout(PATIENCE_MS)
    return new Visitor(await context.newPage()).go(url)
  }
}

/** Somebody before a window: reads what is shown, clicks and types. */
export class Visitor {
  readonly page: Page
  /** What the browser complains of, but for pages that are an answer with an error's status. */
  readonly complaints: string[] = []
  readonly #documents = new Set<string>()
  status = 0

  constructor(page: Page) {
    this.page = page
    page.on('pageerror', (error) => this.complaints.push(error.message))
    page.on('requestfailed', (request) => this.complaints.push(`${request.url()} failed`))
    page.on('response', (response) => {
      if (!response.request().isNavigationRequest()) return
      this.#documents.add(response.url())
      this.status = response.status()
    })
    page.on('console', (message) => {
      const { url } = message.location()
      const isOfDocument = message.text().startsWith('Failed to load resource') && this.#documents.has(url)
      if (['error', 'warning'].includes(message.type()) && !isOfDocument)
        this.complaints.push(`${url}: ${message.text()}`)
    })
  }

  async go(url: string): Promise<this> {
    await this.page.goto(url)
    return this
  }

  /** Opens the same page in another tab. */
  async anotherTab(): Promise<Visitor> {
    return new Visitor(await this.page.context().newPage()).go(this.page.url())
  }

  /** What can be read now: nothing that is folded away. */
  async reads(): Promise<string> {
    return (await this.page.locator('body').innerText()).replace(/\s+/g, ' ')
  }

  /** Clicks the button with exactly these words, and waits for the page that it leads to. */
  async press(button: string): Promise<void> {
    await this.#leave(() => this.page.getByRole('button', { name: button, exact: true }).click())
  }

  /** The same with a link that leads to another page. */
  async follow(link: string): Promise<void> {
    await this.#leave(() => this.page.getByRole('link', { name: link, exact: true }).click())
  }

  async #leave(click: () => Promise<void>): Promise<void> {
    await Promise.all([this.page.waitForEvent('load'), click()])
  }

  /** Opens what is folded away under these words. */
  async unfold(summary: string): Promise<void> {
    await this.page.locator('summary', { hasText: summary }).click()
  }

  async type(label: string, words: string): Promise<void> {
    await this.page.getByLabel(label).fill(words)
  }

  async choose(label: string): Promise<void> {
    await this.page.getByLabel(label, { exact: true }).check()
  }

  /** Where the keyboard is. */
  focused(): Promise<string> {
    return this.page.locator(':focus').innerText()
  }
}

/**
 * The page as it is shown now can be used by everybody: no rule of WCAG 2.2 AA that a program can check is broken, in light
 * and in dark; it fits into a narrow window; and the browser has nothing to complain of.
 */
export async function expectUsable({ page, complaints }: Visitor): Promise<void> {
  // By the debugger, which the pages' content security policy does not concern.
  await page.evaluate(axe.source)
  const faults = async (rules: string) =>
    page.evaluate<string[]>(`axe.run(document, ${rules}).then(({ violations }) =>
      violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ target }) => target).join(' ')))`)
  expect(
    await faults(`{ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }`),
  ).toEqual([])
  await page.emulateMedia({ colorScheme: 'dark' })
  expect(await faults(`{ runOnly: ['color-contrast'] }`)).toEqual([])
  await page.emulateMedia({ colorScheme: null })
  const size = page.viewportSize()
  const isNarrow = size?.width === PHONE.viewport.width
  if (!isNarrow) await page.setViewportSize(PHONE.viewport)
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(PHONE.viewport.width)
  if (size && !isNarrow) await page.setViewportSize(size)
  expect(complaints).toEqual([])
}
