import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Running } from '../../../src/local/partner/run.ts'

/** A folder for one test's partner; gone afterwards. */
export function dataFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-partner-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Stops it after the test, and speaks HTTP to it; gives up an unanswered request after `patienceMs`. */
export function client(running: Running, patienceMs = 5_000) {
  onTestFinished(running.stop)
  const request = async (
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ) => {
    const isForm = body instanceof URLSearchParams
    const response = await fetch(`http://127.0.0.1:${running.ports.port}${path}`, {
      method,
      redirect: 'manual',
      headers: { ...(!isForm && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: isForm || typeof body === 'string' ? body : JSON.stringify(body) }),
      signal: AbortSignal.timeout(patienceMs),
    })
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.startsWith('application/json')
    return { status: response.status, text, json: isJson ? JSON.parse(text) : undefined }
  }
  return {
    get: (path: string) => request('GET', path),
    put: (path: string, body: unknown) => request('PUT', path, body),
    remove: (path: string) => request('DELETE', path),
    post: (path: string, body: unknown, headers?: Record<string, string>) =>
      request('POST', path, body, headers),
    /** As a browser does that shows the partner's own page. */
    press: (path: string, fields: Record<string, string>) =>
      request('POST', path, new URLSearchParams(fields), { 'sec-fetch-site': 'same-origin' }),
  }
}
