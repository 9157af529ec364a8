// The floors of packages/engine/src: a module imports only what stands on its own floor or below. One list, bottom first;
// each floor gets the rule that it may not reach up. Types count: an import of a type is a dependency of thought.
const engine = '^packages/engine/src/'
const FLOORS = [
  { name: 'model', path: `${engine}model/` },
  { name: 'replay', path: `${engine}replay/` },
  { name: 'cloud-events and outbox', path: `${engine}(cloud-events|outbox)/` },
  { name: 'storage interface', path: `${engine}storage/([^/]+[.]ts$|contract/)` },
  { name: 'storage implementations', path: `${engine}storage/(memory|prisma)/|${engine}generated/` },
  { name: 'runtime', path: `${engine}runtime/` },
  { name: 'admin', path: `${engine}admin/` },
  { name: 'façade', path: `${engine}([^/]+[.]ts$|(app|client|cli)/)` },
]
const test = '[.](test|test-d)[.]ts$'

const floors = FLOORS.slice(0, -1).map(({ name, path }, level) => ({
  name: `floor-${level}-${name.replaceAll(' ', '-')}`,
  comment: `${name} may not import what stands above it`,
  severity: 'error',
  from: { path, pathNot: test },
  to: { path: [...FLOORS.slice(level + 1).map((above) => above.path), `${engine}testing/`] },
}))

const rules = [
  {
    name: 'no-circular',
    comment: 'two modules that need each other are one module, or lack a third',
    severity: 'error',
    from: { pathNot: 'node_modules|/generated/' },
    to: { circular: true },
  },
  {
    name: 'model-and-replay-are-pure',
    comment: 'they run anywhere: no node:*, no database, no package but the Standard Schema types',
    severity: 'error',
    from: { path: `${engine}(model|replay)/`, pathNot: test },
    to: { dependencyTypes: ['core', 'npm', 'npm-dev', 'npm-no-pkg', 'npm-unknown'], pathNot: '@standard-schema/spec' },
  },
  {
    name: 'admin-speaks-to-storage',
    comment: 'the admin surface reads and operates through the storage interface; it runs no workflow code',
    severity: 'error',
    from: { path: `${engine}admin/`, pathNot: [test, '/fixture[.]ts$'] },
    to: { path: `${engine}(replay|runtime|storage/(memory|prisma)|generated)/` },
  },
  {
    name: 'storages-do-not-meet',
    comment: 'the memory storage is the reference model: it knows nothing of Prisma',
    severity: 'error',
    from: { path: `${engine}storage/memory/` },
    to: { path: [`${engine}storage/prisma/`, `${engine}generated/`, '@prisma/'] },
  },
  {
    name: 'generated-is-for-storage-prisma',
    comment: 'everybody else speaks to the storage interface',
    severity: 'error',
    from: { path: '^(packages|apps)/', pathNot: `${engine}(storage/prisma|generated)/` },
    to: { path: `${engine}generated/` },
  },
  {
    name: 'nobody-ships-the-test-kit',
    comment: '`testing` may import everything and is imported by tests only',
    severity: 'error',
    from: { path: '^(packages/[^/]+|apps/[^/]+)/src/', pathNot: ['/testing/', test] },
    to: { path: `${engine}testing/` },
  },
  {
    name: 'packages-by-their-front-door',
    comment: 'apps import @edda/engine, never a file inside it',
    severity: 'error',
    from: { path: '^apps/' },
    to: { path: '^packages/engine/', pathNot: `${engine}(index|client|testing/index)[.]ts$|/dist/` },
  },
  {
    name: 'dashboard-takes-types-from-the-api',
    comment: 'the dashboard speaks HTTP to the api; only the router type crosses over',
    severity: 'error',
    from: { path: '^apps/dashboard/' },
    to: { path: '^apps/api/|^packages/', dependencyTypesNot: ['type-only'] },
  },
  {
    name: 'no-unresolvable',
    severity: 'error',
    from: { path: '^(packages|apps)/' },
    to: { couldNotResolve: true, pathNot: '[.]css$' },
  },
]

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [...floors, ...rules],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(/dist/|/[.]next/)' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      conditionNames: ['source', 'import', 'types', 'node', 'default'],
      exportsFields: ['exports'],
    },
  },
}
