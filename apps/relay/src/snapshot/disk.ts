/** The writes of the snapshot store as one injected object, so that a test can end the world before any of them. */
import { rm } from 'node:fs/promises'
import { createFileAtomically, moveIntoPlace, writeFileAtomically } from './atomic-file.ts'

export type Disk = {
  writeFileAtomically: typeof writeFileAtomically
  createFileAtomically: typeof createFileAtomically
  moveIntoPlace: typeof moveIntoPlace
  /** Removes a file that may be absent. */
  remove: (path: string) => Promise<void>
}

/** The real disk. */
export const realDisk: Disk = {
  writeFileAtomically,
  createFileAtomically,
  moveIntoPlace,
  remove: (path) => rm(path, { force: true }),
}
