import type { SearchAttributePair } from '@temporalio/common'
import * as workflow from '@temporalio/workflow'
import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  condition,
  proxyActivities,
  proxyLocalActivities,
} from '@temporalio/workflow'
import type { Activities } from '../activities/index.ts'
import type { Outcome } from '../domain/command.ts'
import { look, SEARCH_ATTRIBUTES } from './messages.ts'

/**
 * Transactions on the books, and telling people of them. They are short and safe to run twice, so they run in the worker
 * that has the workflow (local activities: one history event each, where others make three and a workflow task). After
 * ten seconds of trouble the retries move to the server's timers.
 */
export const books = oneAtATime(
  proxyLocalActivities<Activities>({
    startToCloseTimeout: '15s',
    localRetryThreshold: '10s',
    retry: { initialInterval: '100ms', backoffCoefficient: 2, maximumInterval: '10s' },
  }),
)

/** What is repeated by the server until it succeeds. */
export const outside = proxyActivities<Activities>({
  startToCloseTimeout: '1m',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' },
})

/** A partner is called a few times; then the process decides how long to wait, so that it can be stopped meanwhile. */
export const partner = proxyActivities<Activities>({
  startToCloseTimeout: '15s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumAttempts: 3 },
})

/** What a process sees of its row. Rows carry a version, so an older copy never replaces a newer one. */
export type Progress = { version: number; untold: boolean }

/** How a process shows itself in the Temporal UI. */
export type Shown = {
  stage: string
  /** Where it stands and what it waits for, in a sentence for operators. */
  details: string
  partner: string
  skus: string[]
  deadline_at: string | null
}

/**
 * What the processes have in common. The row in Postgres is the state and this is a cache of it: a story reads its row,
 * tells people what there is to tell, waits until the row changes or its deadline comes, and goes on from the row it
 * then has. Commands change the row in a transaction of their own and hand the changed row in.
 */
export class Story<Row extends Progress> {
  row: Row | null = null
  private readonly number: string
  private readonly read: () => Promise<Row | null>
  private readonly show: (row: Row) => Shown
  private mustRead = true
  private cancelAsked = false
  private stepCount: number
  private shown = ''
  private notice = ''

  constructor(story: {
    number: string
    read: () => Promise<Row | null>
    show: (row: Row) => Shown
    /** Steps counted by earlier runs of the same process. */
    stepsBefore: number
  }) {
    this.number = story.number
    this.read = story.read
    this.show = story.show
    this.stepCount = story.stepsBefore
    workflow.setHandler(look, () => {
      this.mustRead = true
    })
    // A cancellation in the Temporal UI is a wish, not an end: the story goes on in a scope that it does not reach.
    CancellationScope.current().cancelRequested.catch(() => {
      this.cancelAsked = true
    })
  }

  /** A key for a step that the process itself takes: the same on every replay, never used again. */
  nextStep(name: string): string {
    this.stepCount += 1
    return `${workflow.workflowInfo().firstExecutionRunId}/${name}/${this.stepCount}`
  }

  /** Takes over a changed row, unless what is known is newer. */
  adopt(row: Row | null): void {
    // A story that begins with a step of its own has its row from there.
    if (row && !this.row) this.mustRead = false
    if (row && (!this.row || row.version > this.row.version)) this.row = row
  }

  /** Runs a command's transaction; its refusal goes back to whoever asked, and the story is none the worse. */
  async command(transaction: () => Promise<Row | null>): Promise<Outcome> {
    return CancellationScope.nonCancellable(async () => {
      try {
        this.adopt(await transaction())
        return { version: this.row?.version ?? 0 }
      } catch (error) {
        throw refusalOf(error)
      }
    })
  }

  /**
   * The life of the process: `turn` is called with the row as often as it has something to do, until `isOver`. It
   * returns when the row is final and everybody who is to be told was told.
   */
  async live(plot: {
    isOver: (row: Row) => boolean
    /** The end of the running clock, and what to do when it has come. */
    deadline?: { at: (row: Row) => string | null; pass: (step: string) => Promise<Row | null> }
    /** Something that the process does by itself in this state; true when it did and the row is to be looked at anew. */
    act?: (row: Row) => Promise<boolean>
    /** The business cancellation that a cancel in the Temporal UI stands for. */
    cancel?: (command: string) => Promise<Row | null>
  }): Promise<void> {
    await CancellationScope.nonCancellable(async () => {
      for (;;) {
        if (this.mustRead) await this.reread()
        const row = this.row
        if (!row) return
        if (row.untold) {
          await books.tell(this.number)
          if (this.row === row) this.row = { ...row, untold: false }
        }
        if (this.isStale(row)) continue
        if (plot.isOver(row)) break
        if (this.cancelAsked) await this.cancelOnce(plot.cancel)
        else if (!plot.act || !(await plot.act(row))) await this.changeOrDeadline(row, plot.deadline)
        if (workflow.workflowInfo().continueAsNewSuggested) await this.continueAsNew()
      }
      this.display(this.row)
      await condition(workflow.allHandlersFinished)
    })
  }

  /** Waits until the row may have changed, at most so long. True when something changed. */
  async changeWithin(row: Row, milliseconds: number, summary: string): Promise<boolean> {
    this.display(row)
    return condition(() => this.isStale(row) || this.cancelAsked, Math.max(milliseconds, 1), { summary })
  }

  private isStale(row: Row): boolean {
    return this.mustRead || this.row !== row
  }

  private async reread(): Promise<void> {
    this.mustRead = false
    const row = await this.read()
    if (row && (!this.row || row.version >= this.row.version)) this.row = row
  }

  private async changeOrDeadline(
    row: Row,
    deadline: { at: (row: Row) => string | null; pass: (step: string) => Promise<Row | null> } | undefined,
  ): Promise<void> {
    const at = deadline?.at(row)
    if (!deadline || !at) {
      this.display(row)
      await condition(() => this.isStale(row) || this.cancelAsked)
      return
    }
    const { stage } = this.show(row)
    if (await this.changeWithin(row, Date.parse(at) - Date.now(), `${stage}: until ${at}`)) return
    this.adopt(await deadline.pass(this.nextStep('deadline')))
    // The database's clock decides. Where it says "not yet", its time is waited for.
    if (this.row === row) await this.changeWithin(row, 250, `${stage}: a moment more`)
  }

  private async cancelOnce(cancel: ((command: string) => Promise<Row | null>) | undefined): Promise<void> {
    this.cancelAsked = false
    if (!cancel) {
      this.notice = 'A cancellation was asked for here; this process cannot be cancelled and went on.'
      this.shown = ''
      return
    }
    try {
      this.adopt(await cancel(workflow.uuid4()))
    } catch (error) {
      const refusal = refusalOf(error)
      if (!(refusal instanceof ApplicationFailure)) throw refusal
      this.notice = `A cancellation was asked for here and refused: ${refusal.message}`
      this.shown = ''
    }
  }

  /** Shows operators where it stands: just before it waits for something, so that what passes by is not shown. */
  display(row: Row | null): void {
    if (!row) return
    const { stage, details, partner, skus, deadline_at } = this.show(row)
    const now = JSON.stringify([stage, details, deadline_at])
    if (now === this.shown) return
    const isFirst = this.shown === '' && this.notice === ''
    this.shown = now
    workflow.setCurrentDetails(this.notice ? `${details}\n\n${this.notice}` : details)
    const attributes: SearchAttributePair[] = [
      { key: SEARCH_ATTRIBUTES.stage, value: stage },
      ...(deadline_at ? [{ key: SEARCH_ATTRIBUTES.deadline, value: new Date(deadline_at) }] : []),
    ]
    if (isFirst) {
      attributes.push(
        { key: SEARCH_ATTRIBUTES.orderNumber, value: this.number },
        { key: SEARCH_ATTRIBUTES.partnerId, value: partner },
        { key: SEARCH_ATTRIBUTES.sku, value: skus },
      )
    }
    workflow.upsertSearchAttributes(attributes)
  }

  private async continueAsNew(): Promise<void> {
    await condition(workflow.allHandlersFinished)
    // A cancellation reaches one run only: the next one would not know of it.
    if (this.cancelAsked) return
    await workflow.continueAsNew(this.number, this.stepCount)
  }
}

/** The refusal inside an activity's failure, as the failure of an update; anything else is passed on as it is. */
export function refusalOf(error: unknown): unknown {
  if (error instanceof ActivityFailure && error.cause instanceof ApplicationFailure) return error.cause
  return error
}

/**
 * Has a process's transactions follow one another. Local activities that run side by side end one by one the first time,
 * but on replay all their results come at once; what follows from them then happens in another order, and the process
 * could not go on.
 */
function oneAtATime(activities: Activities): Activities {
  let before: Promise<unknown> = Promise.resolve()
  return new Proxy(activities, {
    get: (target, name: keyof Activities) => {
      const activity = target[name] as (...args: unknown[]) => Promise<unknown>
      return (...args: unknown[]) => {
        const result = before.then(() => activity(...args))
        before = result.catch(() => {})
        return result
      }
    },
  })
}
