/** Runs the benchmarks that are named, one after the other: `npm run bench -- restock place`. */
const BENCHES: Record<string, () => Promise<{ run: () => Promise<void> }>> = {
  restock: () => import('./restock.ts'),
  place: () => import('./place.ts'),
  schedule: () => import('./schedule.ts'),
  life: () => import('./life.ts'),
  memory: () => import('./memory.ts'),
  match: () => import('./match.ts'),
  'life-on-postgres': () => import('./life-on-postgres.ts'),
}

const names = process.argv.slice(2)
const unknown = names.filter((name) => !(name in BENCHES))
if (names.length === 0 || unknown.length > 0) {
  console.error(`Name one or more of: ${Object.keys(BENCHES).join(', ')}`)
  process.exit(2)
}
for (const name of names) {
  const bench = await BENCHES[name]?.()
  await bench?.run()
}
