import { defineConfig } from 'vitest/config'
import { Interleaved } from './test/support/interleaved.ts'
import { SHORT_LIVED } from './test/support/short-lived.ts'

export default defineConfig({
  test: {
    sequence: { sequencer: Interleaved },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          // They take milliseconds; on a busy machine a generous bound ends only what hangs.
          testTimeout: 60_000,
          hookTimeout: 60_000,
          environment: 'node',
          isolate: false,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'replay',
          include: ['test/replay/**/*.test.ts'],
          environment: 'node',
          globalSetup: ['test/support/build.ts'],
          // The Temporal worker is native code.
          pool: 'forks',
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          environment: 'node',
          globalSetup: ['test/support/global-setup.ts'],
          // The Temporal client is native code. Not isolated, so that a house can be handed on (see `useHouse`).
          pool: 'forks',
          isolate: false,
          // Much of it is waiting: four at a time keep two cores busy.
          maxWorkers: 4,
          execArgv: SHORT_LIVED,
          sequence: { groupOrder: 2 },
          // Every wait in them has a bound and a name of its own; this one only ends what hangs.
          testTimeout: 300_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
})
