// Builds `<enigma-query>` into shared/widget/dist: first the parts that are loaded later, then the loader, which holds the
// hash of each of their files. `node scripts/build-widget.mjs` prints the loader's own hash, for the tag on a page.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { buildOnce, productionEnv, root } from './build-once.mjs'

const widget = join(root, 'shared/widget')
const dist = join(widget, 'dist')
export const { version: widgetVersion } = JSON.parse(readFileSync(join(widget, 'package.json'), 'utf8'))
const versioned = join(dist, widgetVersion)

export const widgetSources = [
  'pnpm-lock.yaml',
  'scripts/build-widget.mjs',
  'shared/widget/vite.config.ts',
  ...['src/**', 'package.json'].map((pattern) => `shared/*/${pattern}`),
]

/** Bytes that a browser loads, compressed as they are served. */
const budgets = { loader: 3_000, parts: 115_000 }

/** The modules that a part is asked for by, in the bundler's words. */
const entries = {
  core: 'src/core.ts',
  framed: 'attach-frame.ts',
  files: 'src/files.ts',
  parquet: 'src/parquet.ts',
  webrtc: 'webrtc-direct.ts',
}

export function buildWidget() {
  return buildOnce({ name: 'widget', directory: 'shared/widget/dist', sources: widgetSources, build })
}

function build() {
  rmSync(dist, { recursive: true, force: true })
  runVite('parts', {})
  const parts = readParts()
  runVite('loader', { WIDGET_PARTS: JSON.stringify(parts) })
  writeFrame()
  const integrity = integrityOf('enigma-query.js')
  const latest = { version: widgetVersion, integrity }
  writeFileSync(join(dist, 'latest.json'), `${JSON.stringify(latest)}\n`)
  writeFileSync(join(versioned, 'integrity.json'), `${JSON.stringify({ 'enigma-query.js': integrity })}\n`)
  writeTypes()
  report(parts, compressAll())
}

function runVite(mode, env) {
  const vite = join(widget, 'node_modules/vite/bin/vite.js')
  const args = [vite, 'build', '--mode', mode, '--outDir', versioned, '--logLevel', 'warn']
  const options = { cwd: widget, stdio: 'inherit', env: { ...productionEnv, ...env } }
  const { status } = spawnSync(process.execPath, args, options)
  if (status !== 0) process.exit(status ?? 1)
}

/** The page of `mode="frame"`, and the files of its own: no page but the relay's runs them, so that no hash names them. */
function writeFrame() {
  runVite('frame', {})
  const { file } = takeManifest()['src/framed/frame-page.ts']
  const head = `<meta charset="utf-8"><title>Live data</title><script type="module" src="${file}"></script>`
  writeFileSync(
    join(versioned, 'frame.html'),
    `<!doctype html><html lang="en"><head>${head}</head><body></body></html>\n`,
  )
}

/** What the bundler made of which source. */
function takeManifest() {
  const manifest = JSON.parse(readFileSync(join(versioned, '.vite/manifest.json'), 'utf8'))
  rmSync(join(versioned, '.vite'), { recursive: true })
  return manifest
}

/**
 * Of each part every file that it imports, at once or later, with its hash: each after the files that it asks for itself,
 * the module of the part last. Throws where two files import each other: neither could be proven before the other runs.
 */
function readParts() {
  const manifest = takeManifest()
  const filesOf = (key, found = new Set(), open = []) => {
    if (open.includes(key)) throw new Error(`files import each other: ${[...open, key].join(' > ')}`)
    if (found.has(key)) return found
    const { imports = [], dynamicImports = [] } = manifest[key]
    // A file may ask for itself later: it is proven by then.
    for (const next of [...imports, ...dynamicImports]) if (next !== key) filesOf(next, found, [...open, key])
    return found.add(key)
  }
  return Object.fromEntries(
    Object.entries(entries).map(([part, end]) => {
      const key = Object.keys(manifest).find((each) => manifest[each].isEntry && each.endsWith(end))
      if (key === undefined) throw new Error(`the build has no ${end}`)
      const files = [...filesOf(key)].map((each) => manifest[each].file)
      return [part, files.map((file) => [file, integrityOf(file)])]
    }),
  )
}

function integrityOf(file) {
  return `sha384-${createHash('sha384')
    .update(readFileSync(join(versioned, file)))
    .digest('base64')}`
}

/** Compressed beside each file, as the relay serves them; returns the sizes. */
function compressAll() {
  const sizes = {}
  for (const file of readdirSync(versioned).filter((name) => /[.](js|json)$/.test(name))) {
    const bytes = readFileSync(join(versioned, file))
    const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length }
    const compressed = brotliCompressSync(bytes, { params })
    sizes[file] = compressed.length
    writeFileSync(join(versioned, `${file}.br`), compressed)
    writeFileSync(join(versioned, `${file}.gz`), gzipSync(bytes, { level: 9 }))
  }
  return sizes
}

/** The element's types stand alone: nothing of this repository is needed to read them. */
function writeTypes() {
  const read = (path) => readFileSync(join(widget, 'src', path), 'utf8')
  const element =
    '\n/** The element; where there is no DOM it can be imported and not created. */\nexport declare const EnigmaQuery: EnigmaQueryConstructor\n'
  writeFileSync(join(dist, 'enigma-query.d.ts'), read('element-types.ts') + element)
  for (const name of ['react', 'svelte']) {
    const text = read(`typings/${name}.d.ts`).replace('../element-types.ts', './enigma-query.d.ts')
    writeFileSync(join(dist, `${name}.d.ts`), text)
  }
}

function report(parts, sizes) {
  const files = [...new Set(Object.values(parts).flatMap((each) => each.map(([file]) => file)))]
  const loader = sizes['enigma-query.js']
  // What stands between a reader and the rows; files, WebRTC and frames are for those who want them.
  const rest = parts.core.reduce((sum, [file]) => sum + sizes[file], 0)
  for (const file of files) console.log(`widget: ${String(sizes[file]).padStart(7)} B  ${file}`)
  console.log(`widget: loader ${loader} B of ${budgets.loader}, until rows ${rest} B more of ${budgets.parts} (brotli)`)
  console.log(`widget: integrity="${integrityOf('enigma-query.js')}"`)
  if (rest > budgets.parts) console.log(`widget: that is ${rest - budgets.parts} B over its budget`)
  if (loader > budgets.loader) {
    console.error('widget: the loader is over its budget')
    process.exit(1)
  }
}

if (process.argv[1] === import.meta.filename) await buildWidget()
