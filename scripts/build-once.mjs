// Builds that are skipped when what they made was built from these very sources already.
import { createHash } from 'node:crypto'
import {
  existsSync,
  globSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'

export const root = join(import.meta.dirname, '..')

/** Whoever starts it, a test runner too: what is marked is what is shipped. */
export const productionEnv = { ...process.env, NODE_ENV: 'production' }

/**
 * Runs `build` unless the directory was built from `sources` (globs from the root). The mark lies in the build itself,
 * which every build empties first: what it names is what lies beside it. Whoever else wants it meanwhile waits.
 */
export async function buildOnce({ directory, ...rest }) {
  const lock = join(root, 'node_modules', `.building-${directory.replaceAll('/', '-')}`)
  for (let isSaid = false; !isTaken(lock); isSaid = true) {
    if (!isSaid) console.log(`${rest.name}: waiting for another build (${lock})`)
    await after(200)
  }
  try {
    await buildUnlessBuilt({ directory, ...rest })
  } finally {
    rmSync(lock, { force: true })
  }
}

/** Takes the lock, a link that names this process; one whose process is gone is nobody's. */
function isTaken(lock) {
  try {
    symlinkSync(String(process.pid), lock)
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
  }
  try {
    process.kill(Number(readlinkSync(lock)), 0)
  } catch (error) {
    if (error.code === 'ESRCH') leaveLock(lock)
    else if (error.code !== 'ENOENT' && error.code !== 'EPERM') throw error
  }
  return false
}

/** Moved aside first: of two who wait, only one has it, and neither removes the lock that the other takes then. */
function leaveLock(lock) {
  const aside = `${lock}-${process.pid}`
  try {
    renameSync(lock, aside)
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
  }
  rmSync(aside, { force: true })
}

async function buildUnlessBuilt({ name, directory, sources, build }) {
  const markPath = join(root, directory, '.built-from')
  const mark = hashOf(sources)
  if (existsSync(markPath) && readFileSync(markPath, 'utf8') === mark) {
    console.log(`${name}: already built from these sources`)
    return
  }
  await build()
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
