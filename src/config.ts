import { z } from 'zod'
import { PASS_LIMIT } from './store/stock.ts'

/**
 * Everything that can be set from outside, in one place (REQUIREMENTS P3). The README's table is made from it.
 * Temporal's own settings (`TEMPORAL_ADDRESS`, `TEMPORAL_NAMESPACE`, TLS, API key …) are read by
 * `@temporalio/envconfig` under their standard names and are not repeated here.
 */
const Environment = z.object({
  DATABASE_URL: z
    .url({ protocol: /^postgres(ql)?$/ })
    .describe('Postgres, as `postgres://user:password@host:port/database`'),
  DATABASE_POOL_SIZE: z.coerce
    .number()
    .int()
    .min(2)
    .max(200)
    .default(20)
    .describe('Connections per process; a worker runs at most this many activities at once'),
  MAX_CACHED_WORKFLOWS: z.coerce
    .number()
    .int()
    .min(10)
    .max(100_000)
    .default(1_000)
    .describe('Workflows that a worker keeps in memory; others are worked out anew when they are woken'),
  PASS_LIMIT: z.coerce
    .number()
    .int()
    .min(1)
    .max(100_000)
    .default(PASS_LIMIT)
    .describe(
      'Back orders that one transaction serves when many units come in at once; fewer keep an item locked for less time, and take more transactions',
    ),
  TASK_QUEUE: z.string().min(1).default('holdfast').describe('Temporal task queue that workers poll'),
  HOST: z.string().min(1).default('127.0.0.1').describe('Address that the API listens on'),
  PORT: z.coerce
    .number()
    .int()
    .min(0)
    .max(65_535)
    .default(8080)
    .describe('Port that the API listens on; 0 picks a free one'),
  HEALTH_PORT: z.coerce
    .number()
    .int()
    .min(0)
    .max(65_535)
    .default(0)
    .describe("Port of the worker's health endpoint; 0 picks a free one"),
  PUBLIC_URL: z
    .url()
    .default('http://127.0.0.1:8080')
    .describe('Where customers reach the API: the base of every link in a mail'),
  LINK_SECRET: z.string().min(32).describe('Key that signs the links in mails; at least 32 characters'),
  SMTP_URL: z.url({ protocol: /^smtps?$/ }).describe('Mail server, as `smtp://user:password@host:port`'),
  MAIL_FROM: z.email().default('orders@holdfast.example').describe('Sender address of every mail'),
  OPERATORS_EMAIL: z
    .email()
    .optional()
    .describe(
      'Where operators are mailed when a dealer or the order processor stays silent, or a balance is not paid in time; it is under attention either way',
    ),
  CARRIER_URL: z.url().describe('Base URL of the carrier that fetches and delivers parcels'),
  CARRIER_API_KEY: z
    .string()
    .regex(/^[\x21-\x7e]*$/)
    .optional()
    .describe('Key that we show to the carrier, as `Authorization: Bearer …`; without it calls carry none'),
  CARRIER_SECRET: z
    .string()
    .regex(/^whsec_[A-Za-z0-9+/=]+$/)
    .describe('Secret of the webhooks that the carrier sends us (`whsec_…`)'),
  PROCESSOR_URL: z
    .url()
    .describe('Where the order processor takes our messages about custom orders and tags'),
  PROCESSOR_SECRET: z
    .string()
    .regex(/^whsec_[A-Za-z0-9+/=]+$/)
    .describe('Secret of the webhooks between us and the order processor, both ways (`whsec_…`)'),
  STRIPE_URL: z
    .url({ protocol: /^https?$/ })
    .default('https://api.stripe.com')
    .describe("Stripe's API, through which payments are taken, or a stand-in that speaks its protocol"),
  STRIPE_API_KEY: z
    .string()
    .regex(/^[\x21-\x7e]*$/)
    .optional()
    .describe('Our key at Stripe; without it no storefront can have the house take its payments'),
  STRIPE_WEBHOOK_SECRET: z
    .string()
    .regex(/^(whsec_[\x21-\x7e]+)?$/)
    .optional()
    .describe(
      'Secret of the webhooks that Stripe sends to `/v1/payment-webhooks/stripe` (`whsec_…`); without it Stripe is only asked, which is slower',
    ),
  ALLOW_PRIVATE_ADDRESSES: z
    .enum(['true', 'false'])
    .default('false')
    .transform((value) => value === 'true')
    .describe(
      '`true` lets webhooks go to private and loopback addresses; for one-machine use only. The same for APIs and workers',
    ),
  RATE_LIMIT_PER_SECOND: z.coerce
    .number()
    .int()
    .min(1)
    .default(1_000)
    .describe('Requests a second that each API process answers per caller: an API key, or an address'),
  WORKFLOW_BUNDLE: z
    .string()
    .optional()
    .describe('Workflow code bundled beforehand; without it the worker bundles at start'),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('Least level that is logged'),
})

export type Config = z.infer<typeof Environment>

const SECRETS: ReadonlySet<string> = new Set([
  'LINK_SECRET',
  'CARRIER_SECRET',
  'CARRIER_API_KEY',
  'PROCESSOR_SECRET',
  'STRIPE_API_KEY',
  'STRIPE_WEBHOOK_SECRET',
])
const URLS_WITH_PASSWORDS: ReadonlySet<string> = new Set(['DATABASE_URL', 'SMTP_URL'])

/** Reads the configuration, or throws one error that names every setting that is missing or wrong. */
export function readConfig(environment: NodeJS.ProcessEnv = process.env): Config {
  const parsed = Environment.safeParse(environment)
  if (parsed.success) return parsed.data
  const faults = parsed.error.issues.map((issue) => {
    const name = issue.path.join('.')
    return `  ${name} ${environment[name] === undefined ? 'is missing' : `is wrong: ${issue.message}`}`
  })
  throw new Error(`The configuration has ${faults.length} fault(s):\n${faults.join('\n')}`)
}

/** The configuration as lines of `NAME=value`, with secrets and passwords hidden; for `--print-config`. */
export function printConfig(config: Config): string {
  return Object.entries(config)
    .map(([name, value]) => `${name}=${hide(name, String(value))}`)
    .join('\n')
}

function hide(name: string, value: string): string {
  if (SECRETS.has(name)) return '(hidden)'
  if (!URLS_WITH_PASSWORDS.has(name)) return value
  const url = new URL(value)
  if (url.password) url.password = 'hidden'
  return url.href
}

/** What `--help` says: each setting with its meaning and what applies without it. */
export function helpOnConfig(what: string): string {
  const settings = Object.entries(Environment.shape).map(([name, schema]) => {
    const absent = schema.safeParse(undefined)
    const fallback = absent.success ? `default: ${absent.data ?? 'none'}` : 'required'
    return `  ${name}\n      ${schema.description ?? ''} (${fallback})`
  })
  return [
    what,
    'Settings, as environment variables:',
    ...settings,
    '  TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_API_KEY, TEMPORAL_TLS …',
    "      Temporal's standard settings, which may also come from its configuration file",
    'Options: --print-config shows what is set, --help shows this.',
  ].join('\n')
}
