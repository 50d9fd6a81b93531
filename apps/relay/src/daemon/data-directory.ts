/** A node's data directory: one daemon at a time, and a file that tells other commands where it listens. */
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { MarketplaceError } from '@enigma/protocol'
import * as v from 'valibot'
import { isNodeError } from './is-node-error.ts'
import { makeDirectory } from './make-directory.ts'

const nodeFileSchema = v.object({ pid: v.number(), httpPort: v.number(), peerId: v.string(), signer: v.string() })

/** What `node.json` in the data directory tells of the running daemon. */
export type NodeFile = v.InferOutput<typeof nodeFileSchema>

/**
 * Takes the directory for this process until `release` or its death (an exclusive SQLite lock, which the system frees
 * even after kill -9); throws `setting-invalid` when another daemon holds it.
 */
export async function lockDataDirectory({ directory }: { directory: string }): Promise<{ release: () => void }> {
  await makeDirectory(directory)
  const database = new DatabaseSync(join(directory, 'lock.db'))
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; CREATE TABLE IF NOT EXISTS lock (held INTEGER)')
  } catch (cause) {
    database.close()
    const message = `Another process works on ${directory}. Stop it first, or give this one a directory of its own.`
    throw new MarketplaceError({ code: 'setting-invalid', message, cause })
  }
  return { release: () => database.close() }
}

/** Writes `node.json` for `enigma node status` and others on this machine. */
export async function writeNodeFile({ directory, node }: { directory: string; node: NodeFile }): Promise<void> {
  const path = join(directory, 'node.json')
  await writeFile(`${path}.new`, JSON.stringify(node), { mode: 0o600 })
  await rename(`${path}.new`, path)
}

/** Reads `node.json`; undefined when no node ever ran here. */
export async function readNodeFile({ directory }: { directory: string }): Promise<NodeFile | undefined> {
  try {
    return v.parse(nodeFileSchema, JSON.parse(await readFile(join(directory, 'node.json'), 'utf8')))
  } catch (error) {
    if (isNodeError(error, 'ENOENT')) return undefined
    throw error
  }
}
