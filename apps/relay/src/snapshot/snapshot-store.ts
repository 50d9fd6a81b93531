/** All snapshots that a node holds, under one directory; one folder per dataset (dataset-snapshots.ts; DESIGN §8). */
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { randomUUID } from 'node:crypto'
import type { Hex } from '@enigma/protocol'
import { type DatasetSnapshots, openDatasetSnapshots } from './dataset-snapshots.ts'
import { type Disk, realDisk } from './disk.ts'

export type SnapshotStore = {
  /** On the same file system as the segments; emptied whenever the store is opened. */
  readonly temporaryDirectory: string
  /** A path of its own in the temporary directory. */
  newTemporaryPath(): string
  /** The snapshots of a dataset, read from disk at the first call, and again after a call that failed. */
  dataset(dataset: Hex): Promise<DatasetSnapshots>
  /** Deletes all that is here of a dataset; whoever uses it must have stopped. */
  remove(dataset: Hex): Promise<void>
  /** Ids of the datasets that have a folder. */
  datasets(): Promise<Hex[]>
}

export type OpenSnapshotStoreParameters = {
  directory: string
  disk?: Disk
  /** Told of damaged files, which are passed over. */
  onDamaged: (error: unknown) => void
}

/** Opens the store, creating its directory; what a killed process left half-done is removed. */
export async function openSnapshotStore({
  directory,
  disk = realDisk,
  onDamaged,
}: OpenSnapshotStoreParameters): Promise<SnapshotStore> {
  const temporaryDirectory = join(directory, 'temporary')
  await rm(temporaryDirectory, { recursive: true, force: true })
  await mkdir(temporaryDirectory, { recursive: true, mode: 0o700 })
  const opened = new Map<Hex, Promise<DatasetSnapshots>>()
  return {
    temporaryDirectory,
    newTemporaryPath: () => join(temporaryDirectory, randomUUID()),
    dataset(dataset) {
      const known = opened.get(dataset)
      if (known !== undefined) return known
      const open = openDatasetSnapshots({ dataset, directory: join(directory, dataset), disk, onDamaged })
      opened.set(dataset, open)
      // Whoever asked is told; what failed may work the next time.
      open.catch(() => opened.delete(dataset))
      return open
    },
    async remove(dataset) {
      opened.delete(dataset)
      await rm(join(directory, dataset), { recursive: true, force: true })
    },
    async datasets() {
      const names = await readdir(directory)
      return names.filter((name): name is Hex => /^0x[0-9a-f]{64}$/.test(name))
    },
  }
}
