import { html } from 'hono/html'
import type { Child, PropsWithChildren } from 'hono/jsx'
import { STYLE_PATH } from './style.ts'

/** What every page has around it. No script, no picture, nothing from elsewhere. */
export function Layout(
  props: PropsWithChildren<{
    title: string
    brand?: string
    footer?: Child
    /** After so many seconds the page is loaded anew; only where nothing can be entered. */
    refresh?: number
  }>,
) {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex, nofollow, noarchive" />
        <meta name="color-scheme" content="light dark" />
        {props.refresh !== undefined && <meta http-equiv="refresh" content={String(props.refresh)} />}
        <title>{props.title}</title>
        <link rel="stylesheet" href={STYLE_PATH} />
      </head>
      <body>
        <a class="skip" href="#main">
          Skip to the content
        </a>
        {props.brand && (
          <header>
            <p class="brand">{props.brand}</p>
          </header>
        )}
        <main id="main">{props.children}</main>
        {props.footer && <footer>{props.footer}</footer>}
      </body>
    </html>
  )
}

/** A page that says only why there is nothing to see. */
export function MessagePage({ title, paragraphs }: { title: string; paragraphs: string[] }) {
  return (
    <Layout title={title}>
      <div class="card">
        <h1>{title}</h1>
        {paragraphs.map((paragraph) => (
          <p>{paragraph}</p>
        ))}
      </div>
    </Layout>
  )
}

/** A whole document as it is sent. */
export function document(page: Child) {
  return html`<!doctype html>${page}`
}
