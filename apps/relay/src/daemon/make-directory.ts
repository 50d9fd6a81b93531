/** `mkdir -p` for a path that a person named. */
import { mkdir, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { MarketplaceError } from '@enigma/protocol'
import { isNodeError } from './is-node-error.ts'

/**
 * Makes a directory with its parents, for its owner alone; throws `setting-invalid` where none can be. Node's own
 * recursive `mkdir` never returns where a file system answers that a name below an existing directory cannot be there,
 * as /proc does: it takes that for a missing parent for ever.
 */
export async function makeDirectory(path: string): Promise<void> {
  try {
    await makeWithParents(resolve(path))
  } catch (cause) {
    const message = `The directory ${path} cannot be made; name a place that you may write to.`
    throw new MarketplaceError({ code: 'setting-invalid', message, cause })
  }
}

async function makeWithParents(path: string): Promise<void> {
  try {
    await makeOne(path)
  } catch (error) {
    const parent = dirname(path)
    if (!isNodeError(error, 'ENOENT') || parent === path) throw error
    await makeWithParents(parent)
    await makeOne(path)
  }
}

async function makeOne(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 })
  } catch (error) {
    const isThere = isNodeError(error, 'EEXIST') && (await stat(path)).isDirectory()
    if (!isThere) throw error
  }
}
