// The layer table (ARCHITECTURE.md): what each package may import of ours.
const mayImport = {
  protocol: [],
  result: [],
  crypto: ['protocol'],
  query: ['protocol'],
  chain: ['protocol'],
  catalogue: ['protocol'],
  network: ['protocol', 'crypto', 'catalogue'],
  client: ['protocol', 'crypto', 'query', 'chain', 'catalogue', 'network'],
  widget: ['client', 'protocol', 'result'],
  testing: ['protocol', 'crypto', 'query', 'chain', 'catalogue', 'network', 'client'],
}

const layers = Object.entries(mayImport).map(([name, allowed]) => ({
  name: `layer-${name}`,
  severity: 'error',
  from: { path: `^shared/${name}/src`, pathNot: '[.]test[.]ts$' },
  to: { path: '^(shared|apps|contracts|demo|bench)/', pathNot: `^shared/(${[name, ...allowed].join('|')})/` },
}))

const webSeams = {
  name: 'web-seams',
  comment: "In apps/web only lib/state and lib/wallet import the SDK; how rows are shown is everybody's.",
  severity: 'error',
  from: { path: '^apps/web/src', pathNot: '^apps/web/src/lib/(state|wallet)/' },
  to: { path: '^shared/', pathNot: '^shared/result/' },
}

export default {
  forbidden: [
    ...layers,
    webSeams,
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'not-to-unresolvable',
      severity: 'error',
      from: {},
      // The last two are there once they are built and copied.
      to: { couldNotResolve: true, pathNot: '^([$]app|[#]lib|svelte/elements$|@enigma/widget|[.]/enigma/)' },
    },
    {
      name: 'apps-are-strangers',
      severity: 'error',
      from: { path: '^apps/([^/]+)/' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'nothing-imports-demo-or-bench',
      severity: 'error',
      from: { pathNot: '^(demo|bench)/' },
      to: { path: '^(demo|bench)/' },
    },
    {
      name: 'examples-use-what-is-published',
      severity: 'error',
      from: { path: '^examples/([^/]+)/' },
      to: { path: '^(shared|apps|contracts|demo|bench|examples)/', pathNot: '^(shared/(client|widget)|examples/$1)/' },
    },
    {
      name: 'nothing-imports-examples',
      severity: 'error',
      from: { pathNot: '^examples/' },
      to: { path: '^examples/' },
    },
    {
      name: 'testing-only-in-tests',
      severity: 'error',
      // The demo is a fixture network: it starts the same development chain as the tests.
      from: { pathNot: '([.]test[.]ts$|/(test|e2e)/|^shared/testing/|^(bench|demo)/)' },
      to: { path: '^shared/testing/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|build|out|[.]svelte-kit)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
      extensions: ['.ts', '.tsx', '.js', '.json', '.svelte'],
    },
  },
}
