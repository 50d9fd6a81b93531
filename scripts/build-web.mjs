// `pnpm build`: builds the web app, unless `apps/web/build` was built from these very sources already.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const web = join(root, 'apps/web')
/** In the build itself, which every build empties first: what it names is what lies beside it. */
const markPath = join(web, 'build/.built-from')

const sources = [
  'pnpm-lock.yaml',
  'tsconfig.base.json',
  ...['src/**', 'static/**', '*.{ts,json}'].map((pattern) => `apps/web/${pattern}`),
  ...['src/**', 'package.json'].map((pattern) => `shared/*/${pattern}`),
]

const mark = hashOf(sources)
if (existsSync(markPath) && readFileSync(markPath, 'utf8') === mark) {
  console.log('web app: already built from these sources')
} else {
  const { status } = spawnSync(process.execPath, [join(web, 'node_modules/vite/bin/vite.js'), 'build'], {
    cwd: web,
    stdio: 'inherit',
    // Whoever starts it, a test runner too: what is marked is what is shipped.
    env: { ...process.env, NODE_ENV: 'production' },
  })
  if (status !== 0) process.exit(status ?? 1)
  writeFileSync(markPath, mark)
}

/** SHA-256 over paths, sizes and contents, in the order of the paths. */
function hashOf(patterns) {
  const hash = createHash('sha256')
  const files = globSync(patterns, { cwd: root, withFileTypes: true }).filter((entry) => entry.isFile())
  for (const path of files.map((entry) => join(entry.parentPath, entry.name)).sort()) {
    const content = readFileSync(path)
    hash.update(JSON.stringify([path.slice(root.length), content.length])).update(content)
  }
  return hash.digest('hex')
}
