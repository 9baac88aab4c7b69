import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { helpOnConfig } from '../../src/config.ts'

test('the README has every setting as --help has it (P3)', () => {
  const settings = [...helpOnConfig('').matchAll(/^ {2}([A-Z_]+)\n {6}(.*) \((?:default: )?(.*)\)$/gm)]
  expect(settings.length).toBeGreaterThan(10)
  const rows = settings.map(([, name, meaning, fallback]) => `| \`${name}\` | ${meaning} | ${fallback} |`)
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
  const lines = readme.split('\n').map((line) => line.replaceAll(/ +/g, ' '))
  const table = lines.filter((line) => /^\| `[A-Z_]+` \|/.test(line))
  expect(table).toEqual(rows)
})
