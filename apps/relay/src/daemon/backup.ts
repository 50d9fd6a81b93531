/** Backup and restore of a node's data directory: SQLite by its own online backup, keys and immutable segments by copy. */
import { cp, mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { backup, DatabaseSync } from 'node:sqlite'
import { MarketplaceError } from '@enigma/protocol'
import { isNodeError } from './key-file.ts'
import { dataFiles } from './node-state.ts'

export type BackupResult = { directory: string; databases: number }

/** Copies a data directory to a new one, also while its node runs; throws `setting-invalid` when the target exists. */
export async function backupNode({
  dataDirectory,
  directory,
  onProgress,
}: {
  dataDirectory: string
  directory: string
  onProgress: (text: string) => void
}): Promise<BackupResult> {
  await requireAbsent(directory)
  await mkdir(directory, { recursive: true, mode: 0o700 })
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
    dataFiles.snapshots,
  ]) {
    const path = join(dataDirectory, name)
    if (!(await exists(path))) continue
    onProgress(name)
    await cp(path, join(directory, name), {
      recursive: true,
      preserveTimestamps: true,
      filter: (from) => !from.endsWith('/temporary'),
    })
  }
  return { directory, databases }
}

/** Puts a backup in place; throws `setting-invalid` when a data directory is there already, or the backup is none. */
export async function restoreNode({
  dataDirectory,
  directory,
}: {
  dataDirectory: string
  directory: string
}): Promise<{ dataDirectory: string }> {
  await requireAbsent(dataDirectory)
  if (!(await exists(join(directory, dataFiles.signerKey)))) {
    throw new MarketplaceError({
      code: 'setting-invalid',
      message: `${directory} is no backup: it holds no ${dataFiles.signerKey}.`,
    })
  }
  await cp(directory, dataDirectory, { recursive: true, preserveTimestamps: true, errorOnExist: true, force: false })
  return { dataDirectory }
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
