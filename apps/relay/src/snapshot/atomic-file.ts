/** Files that are there whole or not at all, whatever kills the process: temporary file, fsync, rename, fsync. */
import { link, open, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { randomUUID } from 'node:crypto'

/** Flushes a file's or directory's data to the disk. */
async function syncPath(path: string): Promise<void> {
  await using handle = await open(path, 'r')
  await handle.sync()
}

/** Writes bytes under `path`, replacing what was there in one step. */
export async function writeFileAtomically({ path, bytes }: { path: string; bytes: Uint8Array }): Promise<void> {
  const temporary = await writeTemporary(path, bytes)
  await rename(temporary, path)
  await syncPath(dirname(path))
}

/** Writes bytes under a name that must be free; returns false, and changes nothing, where it is taken. */
export async function createFileAtomically({ path, bytes }: { path: string; bytes: Uint8Array }): Promise<boolean> {
  const temporary = await writeTemporary(path, bytes)
  try {
    await link(temporary, path)
    await syncPath(dirname(path))
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  } finally {
    await rm(temporary, { force: true })
  }
}

/** Moves a finished file to its name, its bytes flushed first. Both paths must be on one file system. */
export async function moveIntoPlace({ from, to }: { from: string; to: string }): Promise<void> {
  await syncPath(from)
  await rename(from, to)
  await syncPath(dirname(to))
}

async function writeTemporary(path: string, bytes: Uint8Array): Promise<string> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`)
  await writeFile(temporary, bytes, { mode: 0o600, flag: 'wx', flush: true })
  return temporary
}

/** Whether a name is one of the temporary files above, left by a killed process. */
export function isTemporaryName(name: string): boolean {
  return name.startsWith('.') && name.endsWith('.tmp')
}
