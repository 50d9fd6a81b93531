import type { Hex } from '@enigma/protocol'
import { afterEach, expect, test, vi } from 'vitest'
import type { MirroredDataset } from '../chain-mirror/mirror-reads.ts'
import { openDatabase } from '../store/open-database.ts'
import { createDataset, deployment, newAccount, type TestDataset } from '../../test/network/support/datasets.ts'
import { createCleanup, peerIdOf, startHost } from '../../test/network/support/nodes.ts'
import { createManifestWatcher, manifestMigrations, type ManifestWatcherParts } from './manifest-watcher.ts'

const cleanup = createCleanup()
afterEach(() => cleanup.run())

const mirrored = ({ listing }: TestDataset): MirroredDataset => ({ ...listing, changedBlock: 1 })

async function setUp(changes: Partial<ManifestWatcherParts>) {
  const host = await startHost({ cleanup, kind: 'public', listen: [] })
  const nodes = [{ host, account: newAccount(), roles: ['persistence' as const] }]
  const lost = await createDataset({ name: 'lost', nodes })
  const found = await createDataset({ name: 'found', nodes })
  const told: Hex[][] = []
  const watcher = createManifestWatcher({
    datasets: () => [mirrored(lost), mirrored(found)],
    findManifest: ({ dataset, signal }) =>
      dataset === found.dataset ? Promise.resolve(found.signed) : untilEnded(signal),
    deployment,
    peerId: peerIdOf(host),
    database: openDatabase({ path: ':memory:', migrations: manifestMigrations }),
    onChange: (own) => Promise.resolve(void told.push(own.map(({ dataset }) => dataset))),
    onError: (error) => expect.fail(String(error)),
    intervalMs: 3_600_000,
    nowMs: () => performance.now(),
    ...changes,
  })
  cleanup.add(() => watcher.stop())
  return { watcher, lost, found, told }
}

function untilEnded(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('ended'))))
}

test('a dataset whose search never ends does not keep the others waiting', async () => {
  const { watcher, lost, found, told } = await setUp({})
  await watcher.refresh()
  await vi.waitFor(() => expect(told).toEqual([[found.dataset]]))
  expect(watcher.own(found.dataset)?.manifest).toEqual(found.manifest)
  expect(watcher.own(lost.dataset)).toBeUndefined()
  await watcher.refresh()
  expect(told).toHaveLength(1)
})

test('tells of a change again until it is taken, and then no more', async () => {
  const told: Hex[][] = []
  const { watcher, found } = await setUp({
    intervalMs: 1,
    onChange: (own) => {
      told.push(own.map(({ dataset }) => dataset))
      return told.length < 3 ? Promise.reject(new Error('too many open files')) : Promise.resolve()
    },
    onError: (error) => expect(error).toMatchObject({ message: 'too many open files' }),
  })
  watcher.start()
  await expect.poll(() => told).toEqual([[found.dataset], [found.dataset], [found.dataset]])
  await watcher.refresh()
  expect(told).toHaveLength(3)
})
