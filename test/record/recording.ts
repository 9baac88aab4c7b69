import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Client } from '@temporalio/client'
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js'
import { waitFor } from '../support/shop.ts'

/**
 * Histories of one release, kept in memory until all are there: a recording that fails half-way changes no file.
 * What tells of the machine that recorded (names of workers, stack traces) is left out; replaying does not look at it.
 */
export class Recording {
  private readonly temporal: Client
  private readonly files = new Map<string, string>()

  constructor(temporal: Client) {
    this.temporal = temporal
  }

  /**
   * Keeps the history of a workflow once it has ended, as `<workflow type>-<path>`. A workflow that is woken after its
   * end runs again, briefly; the first run is the one meant, unless another is asked for.
   */
  async keep(path: string, workflowId: string, run: 'first' | 'last' = 'first'): Promise<void> {
    const runs = await waitFor(
      `${workflowId} to end`,
      () => this.runsOf(workflowId),
      (runs) => runs.length > 0 && runs.every(({ status }) => status !== 'RUNNING'),
      120,
    )
    const { type, runId } = runs.at(run === 'first' ? 0 : -1) ?? { type: '', runId: '' }
    const name = `${type}-${path}`
    if (this.files.has(name)) throw new Error(`${name} was recorded already`)
    const history = await this.temporal.workflow.getHandle(workflowId, runId).fetchHistory()
    this.files.set(name, JSON.stringify(withoutTheMachine(JSON.parse(historyToJSON(history))), null, 1))
  }

  /** Replaces what the folder held. */
  write(folder: string): number {
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    for (const [name, history] of this.files) writeFileSync(join(folder, `${name}.json`), `${history}\n`)
    return this.files.size
  }

  /** Oldest first. */
  private async runsOf(workflowId: string): Promise<{ type: string; runId: string; status: string }[]> {
    const runs = []
    for await (const { type, runId, status, startTime } of this.temporal.workflow.list({
      query: `WorkflowId = '${workflowId}'`,
    })) {
      runs.push({ type, runId, status: status.name, startTime })
    }
    return runs.sort((a, b) => a.startTime.getTime() - b.startTime.getTime())
  }
}

function withoutTheMachine(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutTheMachine)
  if (value === null || typeof value !== 'object') return value
  const members = value as Record<string, unknown>
  const isSticky = members.kind === 'TASK_QUEUE_KIND_STICKY'
  return Object.fromEntries(
    Object.entries(members)
      .filter(([name]) => name !== 'identity' && name !== 'stackTrace')
      .map(([name, member]) => [name, isSticky && name === 'name' ? 'sticky' : withoutTheMachine(member)]),
  )
}
