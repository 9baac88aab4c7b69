/**
 * The layer rules of docs/architecture.md: who may import whom. That workflows take only *types* of activities is
 * oxlint's to see (`no-restricted-imports` there). A folder missing from `allowed` may import
 * nothing of ours.
 */
const allowed = {
  domain: ['domain'],
  workflows: ['workflows', 'domain'],
  store: ['store', 'domain'],
  clients: ['clients', 'workflows', 'domain'],
  integrations: ['integrations', 'domain'],
  activities: ['activities', 'domain', 'store', 'integrations', 'clients'],
  api: ['api', 'clients', 'store', 'domain', 'integrations', 'web', 'config'],
  web: ['web', 'api', 'clients', 'store', 'domain', 'integrations', 'config'],
}

const layers = Object.entries(allowed).map(([from, to]) => ({
  name: `${from}-imports-only-${to.join('-')}`,
  severity: 'error',
  comment: `src/${from} may import only ${to.map((layer) => `src/${layer}`).join(', ')}.`,
  from: { path: `^src/${from}/` },
  to: {
    path: '^src/',
    pathNot: to
      .map((layer) => `^src/${layer}(/|\\.ts$)`)
      .concat(from === 'workflows' ? ['^src/activities/'] : []),
  },
}))

module.exports = {
  forbidden: [
    ...layers,
    {
      name: 'workflows-import-no-node-modules',
      severity: 'error',
      from: { path: '^src/(workflows|domain)/' },
      to: { dependencyTypes: ['core'], pathNot: '^crypto$' },
    },
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-orphans', severity: 'error', from: { orphan: true, path: '^src/' }, to: {} },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
    enhancedResolveOptions: { extensions: ['.ts', '.tsx', '.js'] },
  },
}
