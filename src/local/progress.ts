const started = performance.now()
const terminal = process.stdout.isTTY

/** Prints a line that stays, with the seconds since the start. */
export function report(name: string, text: string): void {
  process.stdout.write(`${terminal ? '\r\u001B[K' : ''}${format(name, text)}\n`)
}

/** Prints how far something is: on a terminal in place of the last such line. */
export function reportPassing(name: string, text: string): void {
  const line = format(name, text)
  process.stdout.write(terminal ? `\r\u001B[K${line.slice(0, process.stdout.columns - 1)}` : `${line}\n`)
}

/** Does one step, says every two seconds that it still goes on, and prints what it gives. */
export async function step(name: string, doing: string, action: () => Promise<string>): Promise<void> {
  const since = performance.now()
  reportPassing(name, `${doing} …`)
  const timer = setInterval(
    () => reportPassing(name, `${doing} … ${Math.round((performance.now() - since) / 1000)} s`),
    2000,
  )
  try {
    report(name, await action())
  } finally {
    clearInterval(timer)
  }
}

function format(name: string, text: string): string {
  const seconds = ((performance.now() - started) / 1000).toFixed(1).padStart(6)
  return `${seconds} s  ${name.padEnd(10)} ${text}`
}
