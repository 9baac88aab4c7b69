import { setTimeout as sleep } from 'node:timers/promises'
import { recordProcess } from './leftovers.ts'
import { type NodeProcess, type NodeProcessOptions, startNodeProcess } from './node-process.ts'
import { type Identity, isRunning } from './process-identity.ts'
import { report } from './progress.ts'

export type Supervised = {
  /** Once it is up; an error when it ends before that. */
  ready: Promise<unknown>
  stop: () => Promise<void>
}

/**
 * Starts one of our processes. Once its log says that it is ready, it is started again whenever it ends by
 * itself: at once, then ever later up to ten seconds, until it has run for half a minute.
 */
export function supervise(options: NodeProcessOptions, readyMessage: string): Supervised {
  let stopping = false
  let current: NodeProcess = launch(options)
  const watch = async () => {
    let delay = 500
    for (;;) {
      const since = performance.now()
      const outcome = await current.ended
      if (stopping) return
      if (performance.now() - since > 30_000) delay = 500
      report(options.name, `${outcome}; starting it again in ${delay / 1000} s (log: ${options.logFile})`)
      await sleep(delay)
      if (stopping) return
      delay = Math.min(delay * 2, 10_000)
      current = launch(options)
    }
  }
  const ready = current.logged(readyMessage)
  // A failed start is told to whoever waits for `ready`, and nothing is watched.
  ready.then(watch, () => undefined)
  return {
    ready,
    stop: async () => {
      stopping = true
      await current.stop()
    },
  }
}

function launch(options: NodeProcessOptions): NodeProcess {
  const started = startNodeProcess(options)
  recordProcess(options.name, started.identity)
  return started
}

type Server = { readonly identity: Identity; start: () => Promise<void>; stop: () => Promise<void> }

/** The same for a server that is not ours and may be the child of a process that is gone: by looking every second. */
export function keepUp(name: string, server: Server): Supervised {
  const stopping = new AbortController()
  const watch = async () => {
    while (!stopping.signal.aborted) {
      if (!isRunning(server.identity)) {
        report(name, 'has ended by itself; starting it again')
        await server.start().catch((error: Error) => report(name, error.message))
      }
      await sleep(1000, undefined, { signal: stopping.signal }).catch(() => undefined)
    }
  }
  const watching = watch()
  return {
    ready: Promise.resolve(),
    stop: async () => {
      stopping.abort()
      // It may just be starting the server again.
      await watching
      await server.stop()
    },
  }
}
