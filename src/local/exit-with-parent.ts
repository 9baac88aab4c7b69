import { isMainThread } from 'node:worker_threads'

/**
 * Loaded by `--import` into every process that the local stack starts. Their standard input is a pipe to the
 * parent; it closes when the parent dies, whatever it died of, and then they shut down as at a SIGTERM.
 */
// Threads load it too, and have a standard input of their own that is closed from the beginning.
if (isMainThread) {
  process.stdin.on('close', () => {
    process.kill(process.pid, 'SIGTERM')
    setTimeout(() => process.exit(1), 10_000).unref()
  })
  process.stdin.on('error', () => undefined)
  process.stdin.resume()
  // The pipe must not keep a process alive that has nothing left to do.
  process.stdin.unref()
}
