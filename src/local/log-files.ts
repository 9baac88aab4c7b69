import { existsSync, readFileSync, renameSync, statSync } from 'node:fs'

/** The end of what a log has from `offset` on, to be shown with an error. */
export function lastLines(file: string, count: number, offset = 0): string {
  if (!existsSync(file)) return '(no log)'
  const text = readFileSync(file).subarray(offset).toString()
  return text.trimEnd().split('\n').slice(-count).join('\n')
}

/** Puts a log aside that has become long; the one put aside before is dropped. */
export function rotateLog(file: string): void {
  if (existsSync(file) && statSync(file).size > 10_000_000) renameSync(file, `${file}.1`)
}
