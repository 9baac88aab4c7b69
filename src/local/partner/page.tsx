import { html, raw } from 'hono/html'
import type { Child } from 'hono/jsx'

const CSS = `
  :root { color-scheme: light dark; --line: light-dark(#d8dce2, #3a4048); --soft: light-dark(#f4f6f8, #1e2227); --dim: light-dark(#5b6570, #9aa4af); }
  * { box-sizing: border-box }
  body { font: 15px/1.5 system-ui, sans-serif; max-width: 68rem; margin: 0 auto; padding: 1.5rem 1rem 4rem }
  h1 { font-size: 1.4rem; margin: 0 0 .25rem } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem } h3 { font-size: 1rem; margin: 1.5rem 0 .5rem }
  p { margin: .4rem 0 } .dim, .lead { color: var(--dim) } .lead { margin-bottom: 1rem }
  table { border-collapse: collapse; width: 100% } th, td { text-align: left; vertical-align: top; padding: .4rem .6rem; border-bottom: 1px solid var(--line) }
  th { font-weight: 600; color: var(--dim); font-size: .85rem } .number { text-align: right; font-variant-numeric: tabular-nums }
  form { display: inline } fieldset { border: 1px solid var(--line); border-radius: 6px; padding: .75rem 1rem; margin: 1rem 0 } legend { font-weight: 600; padding: 0 .4rem }
  input, select, button { font: inherit; padding: .2rem .45rem } input[type=number] { width: 5.5rem } label { margin-right: .9rem; white-space: nowrap }
  .badge { display: inline-block; border: 1px solid var(--line); border-radius: 1rem; padding: 0 .6rem; font-size: .85rem; background: var(--soft) }
  .good { color: light-dark(#17683a, #6fcf97) } .bad { color: light-dark(#a3261c, #ff8a80) }
  pre { background: var(--soft); border: 1px solid var(--line); border-radius: 6px; padding: .75rem; overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere }
  iframe { width: 100%; height: 30rem; border: 1px solid var(--line); border-radius: 6px; background: white; resize: vertical }
`

/** A whole page of a stand-in; `refresh` (seconds) only where nobody is filling in a form. */
export function page(title: string, refresh: number | undefined, body: Child) {
  const document = (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        {refresh !== undefined && <meta http-equiv="refresh" content={String(refresh)} />}
        <title>{title}</title>
        {/* None: or else browsers ask for one that is not there. */}
        <link rel="icon" href="data:," />
        <style>{raw(CSS)}</style>
      </head>
      <body>{body}</body>
    </html>
  )
  return html`<!doctype html>${document}`
}

/** A time as people read it, to the second, UTC. */
export function when(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`
}
