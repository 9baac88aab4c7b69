/** What one attempt to tell somebody came to; `gone` means that it will never succeed. The outcome is a code, never the receiver's words. */
export type Attempt = { result: 'sent' | 'failed' | 'gone'; outcome: string }

/** What the HTTP status means with which a webhook was answered. */
export function verdict(status: number): Attempt {
  const outcome = `http ${status}`
  if (status >= 200 && status < 300) return { result: 'sent', outcome }
  return { result: status === 410 ? 'gone' : 'failed', outcome }
}
