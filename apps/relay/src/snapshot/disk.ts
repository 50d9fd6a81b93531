/**
 * The reads and writes of the snapshot store as one injected object, so that a test can end the world before any of them
 * and break a disk.
 */
import { readFile, rm, stat } from 'node:fs/promises'
import { createFileAtomically, moveIntoPlace, writeFileAtomically } from './atomic-file.ts'

export type Disk = {
  writeFileAtomically: typeof writeFileAtomically
  createFileAtomically: typeof createFileAtomically
  moveIntoPlace: typeof moveIntoPlace
  /** Removes a file that may be absent. */
  remove: (path: string) => Promise<void>
  /** Undefined for a file that is not there; any other failure throws, as it says nothing of the file. */
  readFile: (path: string) => Promise<Uint8Array | undefined>
  /** As `readFile`: the bytes that a file has. */
  sizeOf: (path: string) => Promise<number | undefined>
}

/** The real disk. */
export const realDisk: Disk = {
  writeFileAtomically,
  createFileAtomically,
  moveIntoPlace,
  remove: (path) => rm(path, { force: true }),
  readFile: (path) => ifThere(readFile(path)),
  sizeOf: async (path) => (await ifThere(stat(path)))?.size,
}

async function ifThere<Result>(reading: Promise<Result>): Promise<Result | undefined> {
  return reading.catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  })
}
