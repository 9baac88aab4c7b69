import type { SearchAttributeUpdatePair } from '@temporalio/common'
import * as workflow from '@temporalio/workflow'
import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  condition,
  isCancellation,
  proxyActivities,
  proxyLocalActivities,
  sleep,
} from '@temporalio/workflow'
import type { Activities } from '../activities/index.ts'
import type { Outcome } from '../domain/command.ts'
import { look, SEARCH_ATTRIBUTES } from './messages.ts'
import { SUMMARIES } from './summaries.ts'

/**
 * Transactions on the books. They are short and safe to run twice, so they run in the worker that has the workflow (local
 * activities: one history event each, where others make three and a workflow task). An update is answered only when all
 * of them are done, so nothing slow may be among them. One that goes on failing makes room for the others and is tried
 * again later, for as long as it takes.
 */
export const books = summarised(
  proxyLocalActivities<Activities>({
    startToCloseTimeout: '15s',
    // About three seconds of trouble.
    retry: { initialInterval: '100ms', backoffCoefficient: 2, maximumAttempts: 6 },
  }),
  untilDone,
)

const UNTIL_IT_SUCCEEDS = {
  startToCloseTimeout: '1m',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' },
} as const

/** What is repeated by the server until it succeeds. */
export const outside = summarised(proxyActivities<Activities>(UNTIL_IT_SUCCEEDS))

/** The same, of what is heard of as it goes on: where its worker was killed it is begun anew after a few seconds. */
export const watched = summarised(
  proxyActivities<Activities>({ ...UNTIL_IT_SUCCEEDS, heartbeatTimeout: '15s' }),
)

/** A partner is called a few times; then the process decides how long to wait, so that it can be stopped meanwhile. */
export const partner = summarised(
  proxyActivities<Activities>({
    startToCloseTimeout: '15s',
    retry: { initialInterval: '1s', backoffCoefficient: 2, maximumAttempts: 3 },
  }),
)

let turn: Promise<unknown> = Promise.resolve()

/**
 * One local activity of a process at a time. Of two that run side by side the results come one after the other, but in a
 * replay together, and what the process then does next could come in another order than it did.
 */
function inTurn(call: () => Promise<unknown> | undefined): Promise<unknown> {
  const mine = turn.then(call, call)
  turn = mine
  return mine
}

/** The longest pause between two series of attempts (ms). Within `STILL_FAILING`, so that operators see it all the time. */
const LONGEST_PAUSE = 60_000

/** A step of the books until it is done or refused. While it waits for another try, other steps have their turn. */
async function untilDone(call: () => Promise<unknown> | undefined): Promise<unknown> {
  for (let pause = 2_000; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
    try {
      return await inTurn(call)
    } catch (error) {
      if (!hasGivenUp(error)) throw error
      await sleep(pause, { summary: 'a step went wrong: until it is tried again' })
    }
  }
}

/** All attempts of a series failed. A refusal, which is an outcome, is not retried, and a cancellation is a wish. */
function hasGivenUp(error: unknown): boolean {
  const cause = refusalOf(error)
  return !isCancellation(error) && !(cause instanceof ApplicationFailure && cause.nonRetryable)
}

type Call = ((...args: unknown[]) => Promise<unknown>) & {
  executeWithOptions: (options: { summary: string }, args: unknown[]) => Promise<unknown>
}

/** The same activities; each says in the history what it is there for. */
function summarised<Proxied extends object>(
  activities: Proxied,
  run = (call: () => Promise<unknown> | undefined) => call(),
): Proxied {
  return new Proxy(activities, {
    get(target, name: keyof Activities) {
      const call = (target as Record<string, Call>)[name]
      const summary = SUMMARIES[name]
      return (...args: unknown[]) => run(() => call?.executeWithOptions({ summary }, args))
    },
  })
}

/** What a process sees of its row. Rows carry a version, so an older copy never replaces a newer one. */
export type Progress = { version: number }

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
 * waits until the row changes or its deadline comes, and goes on from the row it
 * then has. Commands change the row in a transaction of their own and hand the changed row in.
 */
export class Story<Row extends Progress> {
  row: Row | null = null
  /** How often it was told to look at its row. */
  timesTold = 0
  private readonly number: string
  private readonly read: () => Promise<Row | null>
  private readonly show: (row: Row) => Shown
  private mustRead = true
  private cancelAsked = false
  private stepCount: number
  private shown = ''
  private isFound = false
  private shownDeadline: string | null = null
  private shownPartner = ''
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
      this.timesTold += 1
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

  /** True when it was told to look at its row and did not yet. */
  get isToldToLook(): boolean {
    return this.mustRead
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
   * The life of the process: `act` is called with the row as often as it has something to do, until `isOver`. It
   * returns when the row is final.
   */
  async live(plot: {
    isOver: (row: Row) => boolean
    /** The end of the running clock, and what to do when it has come. */
    deadline?: { at: (row: Row) => string | null; pass: (step: string) => Promise<Row | null> }
    /**
     * Something that the process does by itself in this state. True when it did and the row is to be looked at anew, at
     * once: so never where neither the row changed nor time passed, or it would go on without end.
     */
    act?: (row: Row) => Promise<boolean>
    /** The business cancellation that a cancel in the Temporal UI stands for. */
    cancel?: (command: string) => Promise<Row | null>
  }): Promise<void> {
    await CancellationScope.nonCancellable(async () => {
      for (;;) {
        while (this.mustRead) await this.reread()
        const row = this.row
        if (!row) return
        if (plot.isOver(row)) break
        if (this.cancelAsked) await this.cancelOnce(plot.cancel)
        else if (!plot.act || !(await plot.act(row))) await this.changeOrDeadline(row, plot.deadline)
        if (workflow.workflowInfo().continueAsNewSuggested) await this.continueAsNew()
      }
      this.display(this.row)
      await condition(workflow.allHandlersFinished)
    })
  }

  /**
   * An `act` that takes one step wherever something is due by the row. Where that changed only something else, such as a
   * payment, there is nothing more to do until that has more to tell.
   */
  does(
    name: string,
    { isDue, take }: { isDue: (row: Row) => boolean; take: (step: string) => Promise<Row | null> },
  ): (row: Row) => Promise<boolean> {
    return async (row) => {
      if (!isDue(row)) return false
      const left = await take(this.nextStep(name))
      this.adopt(left)
      if (this.row !== row) return true
      if (!left || (left.version === row.version && isDue(left))) return false
      // The key may have been used up by a workflow task that was lost with its worker: then this is what that step left, not
      // what is due now. Histories from before know no such look.
      if (!workflow.patched('look-after-spent-step')) return false
      this.mustRead = true
      return true
    }
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
    const now = JSON.stringify([stage, details, deadline_at, partner])
    if (now === this.shown) return
    this.shown = now
    workflow.setCurrentDetails(this.notice ? `${details}\n\n${this.notice}` : details)
    const attributes: SearchAttributeUpdatePair[] = [{ key: SEARCH_ATTRIBUTES.stage, value: stage }]
    if (deadline_at !== this.shownDeadline) {
      this.shownDeadline = deadline_at
      attributes.push({ key: SEARCH_ATTRIBUTES.deadline, value: deadline_at ? new Date(deadline_at) : null })
    }
    if (!this.isFound) {
      this.isFound = true
      attributes.push(
        { key: SEARCH_ATTRIBUTES.orderNumber, value: this.number },
        { key: SEARCH_ATTRIBUTES.sku, value: fitting(skus) },
      )
    }
    if (partner !== this.shownPartner) {
      this.shownPartner = partner
      attributes.push({ key: SEARCH_ATTRIBUTES.partnerId, value: partner })
    }
    workflow.upsertSearchAttributes(attributes)
  }

  private async continueAsNew(): Promise<void> {
    // A command whose step keeps failing must not stop everything else; and a cancellation reaches one run only, so the
    // next one would not know of it. The next turn asks again.
    if (!workflow.allHandlersFinished() || this.cancelAsked) return
    await workflow.continueAsNew(this.number, this.stepCount)
  }
}

/** Largest value of a search attribute, in bytes; Temporal ends a process that exceeds it (2,048). */
const ATTRIBUTE_BYTES = 2_000

/** As many of the item codes as fit into a search attribute: by the others a large order is not found. */
function fitting(skus: string[]): string[] {
  const shown = [...skus]
  while (JSON.stringify(shown).length > ATTRIBUTE_BYTES) shown.pop()
  return shown
}

/**
 * The refusal inside an activity's failure, as the failure of an update; anything else is passed on as it is. A local
 * activity's failure comes without a wrapping of its own.
 */
export function refusalOf(error: unknown): unknown {
  if (error instanceof ActivityFailure && error.cause instanceof ApplicationFailure) return error.cause
  return error
}
