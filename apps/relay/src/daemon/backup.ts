/** Backup and restore of a node's data directory: SQLite by its own online backup, keys and immutable segments by copy. */
import { copyFile, cp, mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { backup, DatabaseSync } from 'node:sqlite'
import { MarketplaceError } from '@enigma/protocol'
import { readBackupFacts, writeBackupFacts, writeRestoredFacts } from './backup-facts.ts'
import { isNodeError } from './is-node-error.ts'
import { makeDirectory } from './make-directory.ts'
import { dataFiles } from './node-state.ts'

export type BackupResult = { directory: string; databases: number }

/** Copies a data directory to a new one, also while its node runs; throws `setting-invalid` when the target exists. */
export async function backupNode({
  dataDirectory,
  directory,
  nowSeconds,
  onProgress,
}: {
  dataDirectory: string
  directory: string
  nowSeconds: number
  onProgress: (text: string) => void
}): Promise<BackupResult> {
  await requireAbsent(directory)
  await makeDirectory(directory)
  let databases = 0
  for (const name of dataFiles.databases) {
    const path = join(dataDirectory, name)
    if (!(await exists(path))) continue
    onProgress(`database ${name}`)
    const source = new DatabaseSync(path, { readOnly: true })
    try {
      await backup(source, join(directory, name))
      databases++
    } finally {
      source.close()
    }
  }
  // Nonces and heads first, keys and segments after: what a copied database names is in the copied folders.
  for (const name of [
    dataFiles.signerKey,
    dataFiles.peerKey,
    dataFiles.queryKeys,
    dataFiles.libp2p,
    dataFiles.accepted,
    dataFiles.snapshots,
  ]) {
    const path = join(dataDirectory, name)
    if (!(await exists(path))) continue
    onProgress(name)
    await copyAsItIs(path, join(directory, name))
  }
  // Last, so that a copy that was cut short is no backup.
  await writeBackupFacts({ directory, facts: { takenAtSeconds: nowSeconds } })
  return { directory, databases }
}

/**
 * Puts a backup in place, whole or not at all, and notes that it is one: a publisher then leaves numbers out that may
 * have been signed since. Throws `setting-invalid` when a data directory is there already, or the backup is none.
 */
export async function restoreNode({
  dataDirectory,
  directory,
  nowSeconds,
}: {
  dataDirectory: string
  directory: string
  nowSeconds: number
}): Promise<{ dataDirectory: string }> {
  await requireAbsent(dataDirectory)
  const taken = await readBackupFacts({ directory })
  if (taken === undefined) {
    const message = `${directory} is no backup, or one that was cut short; name a directory that enigma node backup has written.`
    throw new MarketplaceError({ code: 'setting-invalid', message })
  }
  const unfinished = `${dataDirectory}.restoring`
  await rm(unfinished, { recursive: true, force: true })
  await cp(directory, unfinished, { recursive: true, preserveTimestamps: true, errorOnExist: true, force: false })
  await writeRestoredFacts({ directory: unfinished, facts: { ...taken, restoredAtSeconds: nowSeconds } })
  await rename(unfinished, dataDirectory)
  return { dataDirectory }
}

/** A node that runs drops files of old snapshots meanwhile; those that a snapshot lacks make it count as absent. */
async function copyAsItIs(from: string, to: string): Promise<void> {
  try {
    if (!(await stat(from)).isDirectory()) {
      await copyFile(from, to)
      return
    }
    await mkdir(to, { mode: 0o700 })
    for (const name of await readdir(from)) {
      if (name !== 'temporary') await copyAsItIs(join(from, name), join(to, name))
    }
  } catch (error) {
    if (!isNodeError(error, 'ENOENT')) throw error
  }
}

async function requireAbsent(path: string): Promise<void> {
  if (!(await exists(path))) return
  throw new MarketplaceError({ code: 'setting-invalid', message: `${path} exists already and is not overwritten.` })
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    if (isNodeError(error, 'ENOENT')) return false
    throw error
  }
}
