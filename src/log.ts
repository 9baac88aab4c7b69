import { type Logger, pino } from 'pino'

/**
 * Structured logs, one JSON object a line. What is logged is chosen at each call: ids, item codes, quantities and codes,
 * never a body, an address or an error's own message (REQUIREMENTS P6); the redaction is the second net.
 */
export function createLog(name: string, level: string): Logger {
  return pino({
    level,
    base: { name },
    redact: {
      paths: [
        'email',
        'authorization',
        'body',
        'ship_to',
        'customer',
        '*.email',
        '*.authorization',
        '*.body',
        '*.ship_to',
      ],
      censor: '(hidden)',
    },
  })
}
