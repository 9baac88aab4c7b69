import { lives } from './life.ts'
import { temporalOnPostgres } from './support/temporal-on-postgres.ts'

/** The same on the Temporal server proper with a Postgres of its own, in place of the development server. */
export const run = () => lives('life-on-postgres', temporalOnPostgres)
