/** The whole service on one machine, as `npm start` runs it: brings it up in order, keeps it up, takes it down in order. */
import { setTimeout as sleep } from 'node:timers/promises'
import { bringUp, type StopInOrder } from './bring-up.ts'
import { takeLock } from './file-lock.ts'
import { report } from './progress.ts'
import { forgetWelcome, runningStack } from './running.ts'
import { dataFile, prepareDataFolder, readSettings } from './settings.ts'

process.umask(0o077)
// Whoever read our output may be gone; that is no reason to leave everything else without a parent.
process.stdout.on('error', () => undefined)

prepareDataFolder()
const lock = takeLock(dataFile('lock'))
if (!lock) {
  console.log(runningStack() ?? 'Another `npm start` in this folder has just ended; try again.')
  process.exit(0)
}

const stops: StopInOrder[] = []
const stopping = new AbortController()
const starting = bringUp(readSettings(), process.argv.includes('--empty'), stops, stopping.signal)

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void end(0))
// The process that started us opened a channel to us: when it dies, so do we.
process.on('disconnect', () => void end(0))
process.on('uncaughtException', fail)
starting.catch(fail)

function fail(error: Error): void {
  if (stopping.signal.aborted) return
  report('failed', error.message)
  void end(1)
}

/** A second Ctrl-C changes nothing: every step has its own bound. */
async function end(code: number): Promise<void> {
  if (stopping.signal.aborted) return
  stopping.abort()
  forgetWelcome()
  // What is just being started should be known before it is stopped; but a build is not worth waiting for.
  await Promise.race([starting.catch(() => undefined), sleep(5000)])
  for (const { name, stop } of stops.toReversed()) {
    await stop().catch((error: Error) => report(name, error.message))
    report(name, 'stopped')
  }
  lock?.release()
  process.exit(code)
}
