import { defineConfig } from 'vitest/config'
import { ROOT } from '../../src/local/places.ts'

/** `npm run record-histories`: apart from the tests, so that no run of the tests ever records. */
export default defineConfig({
  root: ROOT,
  test: {
    name: 'record',
    include: ['test/record/record-histories.ts'],
    environment: 'node',
    globalSetup: ['test/support/global-setup.ts'],
    pool: 'forks',
    testTimeout: 600_000,
    hookTimeout: 60_000,
  },
})
