/** What Holdfast said. Status 0: it said nothing (refused connection, timeout). */
export interface Answer {
  status: number
  body: unknown
  at: string
  retry_after_ms?: number
}

const PATIENCE_MS = 20_000

/** One attempt to POST JSON to Holdfast. Never throws: that nobody answered is an answer too. */
export async function post(
  url: string,
  headers: Record<string, string>,
  body: string,
  stopping?: AbortSignal,
): Promise<Answer> {
  const timeout = AbortSignal.timeout(PATIENCE_MS)
  const signal = stopping ? AbortSignal.any([timeout, stopping]) : timeout
  const at = new Date().toISOString()
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
      signal,
      redirect: 'manual',
    })
    const wait = Number(response.headers.get('retry-after') ?? Number.NaN) * 1000
    return {
      status: response.status,
      body: readJson(await response.text()),
      at,
      ...(wait >= 0 && { retry_after_ms: wait }),
    }
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
    return { status: 0, body: { title: 'No answer', detail: String(cause) }, at }
  }
}

export function succeeded(answer: Answer | undefined): boolean {
  return answer !== undefined && answer.status >= 200 && answer.status < 300
}

/** A 4xx is final, save the ones that ask to come back: 408, 429 and any with `Retry-After`. */
export function isFinal(answer: Answer): boolean {
  if (succeeded(answer)) return true
  if (answer.status < 400 || answer.status >= 500) return false
  return answer.status !== 408 && answer.status !== 429 && answer.retry_after_ms === undefined
}

/** Milliseconds until the next attempt, after `attempts` earlier ones. */
export function backoff(attempts: number, answer?: Answer): number {
  return Math.max(Math.min(100 * 2 ** Math.min(attempts, 10), 10_000), answer?.retry_after_ms ?? 0)
}

function readJson(text: string): unknown {
  try {
    return text === '' ? null : JSON.parse(text)
  } catch {
    return text.slice(0, 500)
  }
}
