/** What a disk can do to the store after a whole snapshot was written: a file that cannot be read as what it was. */
import { readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { decodeCbor, MarketplaceError, signedHeadSchema } from '@enigma/protocol'
import { describe, expect, it } from 'vitest'
import { realDisk } from './disk.ts'
import { resumeSnapshot } from './publish-snapshot.ts'
import { candles, dataset, deployment, openPublishing, publisher, publishRows } from './test-support/publishing.ts'
import { temporaryDirectory } from './test-support/publishing.ts'

const pathOf = (directory: string, seq: number, kind: string) =>
  join(directory, 'store', dataset, `${String(seq).padStart(12, '0')}.${kind}`)

const damages = {
  'is cut': (path: string) => truncate(path, 20),
  'is empty': (path: string) => truncate(path, 0),
  'holds other bytes': async (path: string) => writeFile(path, (await readFile(path)).fill(0xff)),
}

/** Two snapshots, the newer one damaged; opened again. */
async function reopenDamaged(directory: string, kind: string, damage: (path: string) => Promise<unknown>) {
  const before = await openPublishing(directory)
  await publishRows(before, candles(1, 2))
  await publishRows(before, candles(3, 4))
  await damage(pathOf(directory, 2, kind))
  const errors: unknown[] = []
  const reopened = await openPublishing(directory, { onDamaged: (error) => errors.push(error) })
  return { reopened, errors, snapshots: await reopened.store.dataset(dataset) }
}

describe('a damaged file', () => {
  for (const [how, damage] of Object.entries(damages)) {
    it(`that ${how} is reported and passed over: the newest whole snapshot serves`, async () => {
      await using directory = await temporaryDirectory()
      const { snapshots, errors, reopened } = await reopenDamaged(directory.path, 'snapshot', damage)
      expect(snapshots.latest()?.snapshot.seq).toBe(1)
      expect(errors).toEqual([expect.objectContaining({ code: 'snapshot-invalid' })])
      expect(String((errors[0] as MarketplaceError).details)).toContain(pathOf(directory.path, 2, 'snapshot'))
      const again = await publishRows(reopened, candles(3, 4))
      expect(again.snapshot.seq).toBe(3)
    })
  }

  it('with a signature is signed anew as its head stands, never with another root', async () => {
    await using directory = await temporaryDirectory()
    const path = pathOf(directory.path, 2, 'signed')
    let root: string | undefined
    const { reopened, errors, snapshots } = await reopenDamaged(directory.path, 'signed', async () => {
      const bytes = await readFile(path)
      const what = { schema: signedHeadSchema, maxBytes: 4096, code: 'snapshot-invalid', what: 'head' } as const
      root = decodeCbor({ bytes, ...what }).head.root
      await truncate(path, 3)
    })
    expect(errors).toHaveLength(1)
    expect(snapshots.latest()?.snapshot.seq).toBe(1)
    const resumed = await resumeSnapshot({ store: reopened.store, dataset, publisher, deployment })
    expect(resumed?.signed.head).toMatchObject({ seq: 2, root })
    expect(snapshots.latest()?.snapshot.seq).toBe(2)
  })

  it('with an unsigned head keeps its number taken', async () => {
    await using directory = await temporaryDirectory()
    const { reopened, errors, snapshots } = await reopenDamaged(directory.path, 'head', async (path) => {
      await realDisk.remove(pathOf(directory.path, 2, 'signed'))
      await truncate(path, 3)
    })
    expect(errors).toHaveLength(1)
    expect(snapshots.unsigned()).toBeUndefined()
    expect((await publishRows(reopened, candles(3, 4))).snapshot.seq).toBe(3)
  })
})

describe('a store that could not be read once', () => {
  it('is read again when it is asked again', async () => {
    await using directory = await temporaryDirectory()
    await publishRows(await openPublishing(directory.path), candles(1, 2))
    let isBroken = true
    const disk = {
      ...realDisk,
      readFile: (path: string) => (isBroken ? Promise.reject(new Error('EMFILE')) : realDisk.readFile(path)),
    }
    const { store } = await openPublishing(directory.path, { disk })
    await expect(store.dataset(dataset)).rejects.toThrow('EMFILE')
    isBroken = false
    expect((await store.dataset(dataset)).latest()?.snapshot.seq).toBe(1)
  })

  it('does not take a segment that it cannot look at for one that is lost', async () => {
    await using directory = await temporaryDirectory()
    await publishRows(await openPublishing(directory.path), candles(1, 2))
    const disk = { ...realDisk, sizeOf: () => Promise.reject(new Error('EMFILE')) }
    const { store } = await openPublishing(directory.path, { disk })
    await expect(store.dataset(dataset)).rejects.toThrow('EMFILE')
  })
})
