// Builds the SDK as npm takes it: shared/client/dist is the whole package `@enigma/client`, and `npm pack` makes its tarball.
// The workspace's own packages are inside, module by module, so that a bundler drops what is not used; what comes from npm
// stays a dependency, of the exact version that is tested here.
import { spawnSync } from 'node:child_process'
import { cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { rolldown } from 'rolldown'
import { buildOnce, root } from './build-once.mjs'

const shared = join(root, 'shared')
const client = join(shared, 'client')
const dist = join(client, 'dist')
const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'))

/** What is published, by the name that a program imports. Parts of `node/` are the workspace's own business. */
const entries = {
  '.': 'index.ts',
  './browser': 'browser.ts',
  './decode-worker': 'decode-worker.ts',
  './embeds': 'embeds/index.ts',
  './node': 'node/index.ts',
  './publish': 'publish/index.ts',
  './standalone': 'standalone.ts',
  './visitor': 'visitor.ts',
  './webrtc-direct': 'webrtc-direct.ts',
}
const nameOf = (entry) => (entry === '.' ? 'index' : entry.slice(2))
const inputOf = (names) =>
  Object.fromEntries(names.map((entry) => [nameOf(entry), join(client, 'src', entries[entry])]))

/** The oldest syntax among Node 22.12 and the browsers that the SDK is for. */
const target = 'es2023'
const isExternal = (id) => !/^[./]/.test(id) && !id.startsWith('@enigma/')

export function buildSdk() {
  const sources = [
    ...['pnpm-lock.yaml', 'package.json', 'LICENSE', 'tsconfig.base.json', 'scripts/build-sdk.mjs'],
    ...['src/**', 'package.json'].map((pattern) => `shared/*/${pattern}`),
    ...['README.md', 'tsconfig.build.json'].map((name) => `shared/client/${name}`),
  ]
  return buildOnce({ name: 'SDK', directory: 'shared/client/dist', sources, build })
}

async function build() {
  rmSync(dist, { recursive: true, force: true })
  const modules = await writeModules()
  await writeStandalone()
  writePackage(dependenciesOf([...modules, ...writeTypes()]))
}

/** One file for each module; returns what they import of npm. */
async function writeModules() {
  const names = Object.keys(entries).filter((entry) => entry !== './standalone')
  const input = inputOf(names)
  const bundle = await rolldown({ input, external: isExternal, platform: 'neutral', transform: { target } })
  const { output } = await bundle.write({
    ...{ dir: dist, format: 'es', preserveModules: true, preserveModulesRoot: shared },
    entryFileNames: ({ name }) => `${name.replace('/src/', '/')}.js`,
  })
  const own = new Set(output.map(({ fileName }) => fileName))
  const imported = output.flatMap(({ imports = [], dynamicImports = [] }) => [...imports, ...dynamicImports])
  return imported.filter((id) => !own.has(id))
}

/** Everything in a few files, for pages that have no bundler. */
async function writeStandalone() {
  const input = inputOf(['./standalone'])
  const bundle = await rolldown({ input, platform: 'browser', transform: { target } })
  const names = { entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' }
  await bundle.write({ dir: join(dist, 'standalone'), format: 'es', minify: true, ...names })
}

/** The compiler's declarations, each beside its module, as far as an entry leads to it; returns what they import of npm. */
function writeTypes() {
  const emitted = join(dist, '.types')
  const compiler = join(root, 'node_modules/typescript/bin/tsc')
  const project = ['-p', join(client, 'tsconfig.build.json'), '--rootDir', shared, '--outDir', emitted]
  // That they are right, `pnpm check` has found.
  const args = [compiler, ...project, '--noEmit', 'false', '--declaration', '--emitDeclarationOnly', '--noCheck']
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' })
  if (status !== 0) throw new Error('the compiler wrote no declarations')
  const [written, imported] = [new Set(), new Set()]
  const write = (path) => {
    if (written.has(path)) return
    written.add(path)
    const target = publishedPath(path)
    const declared = readFileSync(join(emitted, path.replace(/[.]ts$/, '.d.ts')), 'utf8')
    const text = declared.replaceAll(importPattern, (whole, before, id, after) => {
      if (id === undefined) return whole
      const found = sourceOf(id, path)
      if (found === undefined) {
        imported.add(id)
        return whole
      }
      write(found)
      const way = relative(dirname(target), publishedPath(found))
      return `${before}${way.startsWith('.') ? way : `./${way}`}.js${after}`
    })
    mkdirSync(join(dist, dirname(target)), { recursive: true })
    writeFileSync(join(dist, `${target}.d.ts`), text)
  }
  for (const entry of Object.values(entries)) write(`client/src/${entry}`)
  // A copy of the folder finds its types where the package is installed.
  writeFileSync(join(dist, 'standalone/standalone.d.ts'), `export * from '@enigma/client/standalone'\n`)
  rmSync(emitted, { recursive: true })
  return [...imported]
}

/** Comments, which are left as they are, and every way in which a declaration names another module. */
const importPattern = /[/][*][^]*?[*][/]|(\b(?:from|import)\s*\(?['"])([^'"\s]+)(['"])/g

/** Of a module below shared/ its place in the package, without an ending. */
const publishedPath = (path) => path.replace('/src/', '/').replace(/[.]ts$/, '')

/** The module below shared/ that another one names; undefined for a package of npm. */
function sourceOf(id, importer) {
  if (id.startsWith('.')) return join(dirname(importer), id)
  const [, name, rest = ''] = /^@enigma[/]([^/]+)([/].+)?$/.exec(id) ?? []
  if (name === undefined) return undefined
  return join(name, readJson(join(shared, name, 'package.json')).exports[`.${rest}`])
}

/** The npm packages that are imported, with the versions of the workspace. */
function dependenciesOf(imported) {
  const names = imported.filter((id) => !isBuiltin(id)).map(packageOf)
  const versions = new Map()
  for (const path of globSync('*/package.json', { cwd: shared }).toSorted()) {
    const { dependencies = {} } = readJson(join(shared, path))
    for (const [name, version] of Object.entries(dependencies)) versions.set(name, version)
  }
  return Object.fromEntries(
    [...new Set(names)].toSorted().map((name) => [name, requireExact(name, versions.get(name))]),
  )
}

function packageOf(id) {
  return id
    .split('/')
    .slice(0, id.startsWith('@') ? 2 : 1)
    .join('/')
}

function requireExact(name, version) {
  if (/^\d+[.]\d+[.]\d+$/.test(version ?? '')) return version
  throw new Error(`${name} is imported and no package of shared/ depends on an exact version of it: ${version}`)
}

function writePackage(dependencies) {
  const { name, version, description, keywords, license, repository, type, engines } = readJson(
    join(client, 'package.json'),
  )
  const moduleOf = (entry) => (entry === './standalone' ? './standalone/standalone.js' : `./${nameOf(entry)}.js`)
  const exports = Object.fromEntries(
    Object.keys(entries).map((entry) => [
      entry,
      { types: `./${publishedPath(`client/src/${entries[entry]}`)}.d.ts`, default: moduleOf(entry) },
    ]),
  )
  const manifest = {
    ...{ name, version, description, keywords, license, repository, type, engines },
    sideEffects: [moduleOf('./decode-worker')],
    exports: { ...exports, './package.json': './package.json' },
    dependencies,
  }
  writeFileSync(join(dist, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
  writeFileSync(join(dist, '.npmignore'), '.built-from\n')
  cpSync(join(client, 'README.md'), join(dist, 'README.md'))
  cpSync(join(root, 'LICENSE'), join(dist, 'LICENSE'))
  console.log(`SDK: ${name} ${version} lies in ${relative(root, dist)}; npm pack ./${relative(root, dist)}`)
}

if (process.argv[1] === import.meta.filename) await buildSdk()
