import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { HistoryAndWorkflowId } from '@temporalio/client'
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js'
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker'
import { DeterminismViolationError } from '@temporalio/workflow'
import { describe, expect, test } from 'vitest'
import { ROOT } from '../../src/local/places.ts'
import * as workflows from '../../src/workflows/index.ts'
import { failedReplays } from '../support/replay.ts'

const HISTORIES = join(ROOT, 'test', 'histories')

/** A history under its file's name, which stands for the workflow's id. */
type Recorded = HistoryAndWorkflowId & { type: string; payloads: string }

const recorded: Recorded[] = readdirSync(HISTORIES, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.json'))
  .sort()
  .map(read)

describe('processes of earlier releases go on with this one (DESIGN §8)', () => {
  test('every recorded history replays', async () => {
    expect(recorded.length).toBeGreaterThan(0)
    expect(await failedReplays(recorded)).toEqual(new Map())
  }, 60_000)

  test('a wrong change to a process is found, in its histories and in no other', async () => {
    const workflowBundle = await bundleWorkflowCode({
      workflowsPath: join(ROOT, 'test', 'fixtures', 'workflows-with-a-wrong-change.ts'),
      logger: new DefaultLogger('ERROR'),
    })
    const failed = await failedReplays(recorded, workflowBundle)
    const backOrders = recorded.filter(({ type }) => type === 'backOrder')
    expect([...failed.keys()].sort()).toEqual(backOrders.map(({ workflowId }) => workflowId))
    for (const error of failed.values()) expect(error).toBeInstanceOf(DeterminismViolationError)
  }, 120_000)
})

describe('the recorded histories', () => {
  test('there are some of every process', () => {
    expect([...new Set(recorded.map(({ type }) => type))].sort()).toEqual(Object.keys(workflows).sort())
  })

  test('each file says which process it is of', () => {
    expect(recorded.filter(({ workflowId, type }) => !basename(workflowId).startsWith(`${type}-`))).toEqual(
      [],
    )
  })

  test('nothing in them names a person or tells where they live (P6)', () => {
    // The customer of every path: see test/support/shop.ts.
    const personal = /@example\.test|Ada Example|Example Street|Exampleton/
    const found = recorded.filter(({ payloads }) => personal.test(payloads))
    expect(found.map(({ workflowId }) => workflowId)).toEqual([])
  })
})

function read(file: string): Recorded {
  const json = readFileSync(join(HISTORIES, file), 'utf8')
  const history = historyFromJSON(JSON.parse(json))
  const type = history.events?.[0]?.workflowExecutionStartedEventAttributes?.workflowType?.name ?? ''
  return { workflowId: file, history, type, payloads: decoded(json) }
}

function decoded(json: string): string {
  return [...json.matchAll(/"data": "([A-Za-z0-9+/=]+)"/g)]
    .map(([, data]) => Buffer.from(data ?? '', 'base64').toString())
    .join('\n')
}
