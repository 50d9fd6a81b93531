import { rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openSnapshotStore } from './snapshot-store.ts'
import {
  candles,
  dataset,
  onUnexpectedDamage,
  openPublishing,
  publishRows,
  temporaryDirectory,
} from './test-support/publishing.ts'

test.each(['signed', 'snapshot'])(
  'a snapshot whose .%s is damaged is passed over, and its number stays taken',
  async (kind) => {
    await using directory = await temporaryDirectory()
    const publishing = await openPublishing(directory.path)
    const first = await publishRows(publishing, candles(1, 3))
    await publishRows(publishing, candles(4, 6))
    await truncate(join(directory.path, 'store', dataset, `000000000002.${kind}`), 20)

    const damages: unknown[] = []
    const store = await openSnapshotStore({
      directory: join(directory.path, 'store'),
      onDamaged: (error) => damages.push(error),
    })
    const snapshots = await store.dataset(dataset)
    expect(snapshots.latest()?.snapshot.root).toBe(first.snapshot.root)
    expect(damages).toEqual([expect.objectContaining({ code: 'snapshot-invalid' })])
    const third = await publishRows({ store, directory: directory.path }, candles(7, 9))
    expect(third.snapshot.seq).toBe(3)
  },
)

test('a folder that could not be read is read by the next caller', async () => {
  await using directory = await temporaryDirectory()
  const store = await openSnapshotStore({ directory: directory.path, onDamaged: onUnexpectedDamage })
  const folder = join(directory.path, dataset)
  await writeFile(folder, 'a file where a folder belongs')
  await expect(store.dataset(dataset)).rejects.toThrow()
  await rm(folder)
  expect((await store.dataset(dataset)).latest()).toBeUndefined()
})
