import { createReadStream } from 'node:fs'
import { createRequire } from 'node:module'
import { Readable } from 'node:stream'
import type { Context } from 'hono'
import { isRefusalType, Refusal } from '../../domain/refusal.ts'
import type { Api } from '../kit.ts'
import { ProblemPage, ProblemsPage } from '../problem-pages.tsx'

const { resolve } = createRequire(import.meta.url)

/** What the docs page needs from disk; nothing comes from elsewhere. */
const ASSETS = new Map([
  ['swagger-ui.css', 'text/css; charset=utf-8'],
  ['swagger-ui-bundle.js', 'text/javascript; charset=utf-8'],
])

const START = `window.addEventListener('load', () => {
  SwaggerUIBundle({ url: '/openapi.json', dom_id: '#docs', deepLinking: true, validatorUrl: null })
})
`

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Holdfast API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="docs"></div>
<noscript><p>This page needs JavaScript. The same is in <a href="/openapi.json">openapi.json</a>.</p></noscript>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`

/** Only our own files, and no script in the page itself. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** The readable side of the API (REQUIREMENTS P5): its docs, and a page for every type of problem. */
export function registerDocs(app: Api): void {
  app.get('/docs', (c) => {
    guard(c)
    return c.html(PAGE)
  })

  app.get('/docs/start.js', (c) => {
    guard(c)
    return c.body(START, 200, { 'content-type': 'text/javascript; charset=utf-8' })
  })

  app.get('/docs/:asset', (c) => {
    const asset = c.req.param('asset')
    const type = ASSETS.get(asset)
    if (type === undefined) throw new Refusal('not-found', 'There is no such file.')
    guard(c)
    c.header('cache-control', 'public, max-age=86400')
    const file = Readable.toWeb(createReadStream(resolve(`swagger-ui-dist/${asset}`))) as ReadableStream
    return c.body(file, 200, { 'content-type': type })
  })

  app.get('/problems', (c) => {
    guard(c)
    return c.html(ProblemsPage())
  })

  app.get('/problems/:type', (c) => {
    const type = c.req.param('type')
    if (!isRefusalType(type)) throw new Refusal('not-found', `There is no problem of the type ${type}.`)
    guard(c)
    return c.html(ProblemPage({ type }))
  })
}

function guard(c: Context): void {
  c.header('content-security-policy', POLICY)
  c.header('x-content-type-options', 'nosniff')
  c.header('referrer-policy', 'no-referrer')
}
