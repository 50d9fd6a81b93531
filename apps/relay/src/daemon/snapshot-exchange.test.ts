import { join } from 'node:path'
import { fetchLatestSnapshot, handleSnapshots, offerSnapshot, type SnapshotProvider } from '@enigma/network'
import type { Manifest, NodeRole, SignedHead } from '@enigma/protocol'
import { multiaddr } from '@multiformats/multiaddr'
import { afterEach, expect, test, vi } from 'vitest'
import { signHead } from '@enigma/crypto'
import { openSnapshotStore } from '../snapshot/snapshot-store.ts'
import { createSnapshotSource } from '../snapshot/snapshot-source.ts'
import {
  candleColumns,
  candles,
  dataset,
  deployment,
  onUnexpectedDamage,
  openPublishing,
  publisher,
  publishRows,
  stranger,
  workInProcess,
} from '../snapshot/test-support/publishing.ts'
import { addressesOf, createCleanup, newDirectory, peerIdOf, startHost } from '../../test/network/support/nodes.ts'
import type { OwnDataset } from './manifest-watcher.ts'
import { serveSnapshots } from './snapshot-exchange.ts'

const cleanup = createCleanup()
afterEach(() => cleanup.run())

type Listed = { peerId: string; roles: NodeRole[]; signer: `0x${string}` }

function ownOf(nodes: Listed[], isGuest = false): OwnDataset {
  const signature = '0x00' as const
  const tables = [{ name: 'candles', columns: candleColumns.map((column) => ({ ...column, encryption: 'none' })) }]
  const manifest = { nodes: nodes.map((node) => ({ ...node, signature })), tables } as unknown as Manifest
  const address = publisher.address.toLowerCase() as `0x${string}`
  return {
    dataset,
    manifest,
    manifestHash: `0x${'33'.repeat(32)}`,
    publisher: address,
    roles: ['persistence'],
    isGuest,
  }
}

type SetUpParameters = {
  pullTimeoutMs?: number
  provider?: Partial<SnapshotProvider>
  /** Why the node does not serve the dataset. */
  refusal?: string
  isGuest?: boolean
}

/** A node that takes in snapshots, and a worker that publishes them; `provider` is what the worker gives when asked. */
async function setUp({ pullTimeoutMs, provider, refusal, isGuest = false }: SetUpParameters) {
  const directory = await newDirectory(cleanup)
  const node = await startHost({ cleanup, kind: 'public' })
  const worker = await startHost({ cleanup, kind: 'public', listen: [] })
  const nodes: Listed[] = []
  const list = (peerId: string, roles: NodeRole[], account = publisher) =>
    nodes.push({ peerId, roles, signer: account.address.toLowerCase() as `0x${string}` })
  const store = await openSnapshotStore({ directory: join(directory, 'receiver'), onDamaged: onUnexpectedDamage })
  const accepted: string[] = []
  const server = await serveSnapshots({
    host: node.node,
    store,
    work: workInProcess(store),
    deployment,
    own: (id) => (refusal === undefined ? { ...ownOf(nodes, isGuest), dataset: id } : undefined),
    onAccepted: ({ dataset: id }) => Promise.resolve(void accepted.push(id)),
    nowSeconds: () => 2000,
    maxSnapshotBytes: 10_000_000,
    keepSnapshots: 3,
    refusalOf: () => refusal,
    guestLimits: { maxSnapshotBytes: 10_000_000, maxSnapshotRows: 4, keepSnapshots: 0 },
    pullTimeoutMs,
    onError: (error) => {
      if (!(error instanceof Error && error.name === 'TimeoutError')) expect.fail(String(error))
    },
  })
  cleanup.add(() => server.stop())
  const publishing = await openPublishing(directory)
  const asked: string[] = []
  const source = createSnapshotSource(publishing)
  const serving = await handleSnapshots({
    host: worker.node,
    provider: {
      ...source,
      latest: (id) => {
        asked.push(id)
        return (provider?.latest ?? source.latest)(id)
      },
    },
    mayFetch: () => true,
    onError: (error) => expect.fail(String(error)),
  })
  cleanup.add(() => serving.stop())
  const connection = await worker.node.dial(addressesOf(node).map((text) => multiaddr(text)))
  const offer = (signed: SignedHead, signal?: AbortSignal) => offerSnapshot({ connection, signed, signal })
  const latestSeq = async () => (await store.dataset(dataset)).latest()?.snapshot.seq
  return { node, worker: peerIdOf(worker), list, publishing, asked, accepted, offer, latestSeq, connection }
}

const head = {
  dataset,
  seq: 7,
  previousRoot: `0x${'00'.repeat(32)}`,
  root: `0x${'44'.repeat(32)}`,
  createdAt: 1,
} as const
const never = () => new Promise<never>(() => undefined)

test("the publisher's worker brings its snapshot, once", async () => {
  const { worker, list, publishing, asked, accepted, offer, latestSeq } = await setUp({})
  list(worker, ['worker'])
  const { signed } = await publishRows(publishing, candles(1, 5))
  await offer(signed)
  expect(await latestSeq()).toBe(1)
  await offer(signed)
  expect(accepted).toEqual([dataset, dataset])
  expect(asked).toEqual([dataset])
  const second = await publishRows(publishing, candles(6, 7))
  await offer(second.signed)
  await expect(offer(signed)).rejects.toMatchObject({ code: 'snapshot-invalid' })
  expect(asked).toHaveLength(2)
})

test("so does whoever carries the publisher's own head", async () => {
  const { publishing, offer, latestSeq } = await setUp({})
  const { signed } = await publishRows(publishing, candles(1, 5))
  await offer(signed)
  expect(await latestSeq()).toBe(1)
})

test('nobody is asked for a head that the publisher did not sign', async () => {
  const { worker, list, asked, offer } = await setUp({})
  list(worker, ['worker'])
  const forged = await signHead({ head, signer: stranger, deployment })
  await expect(offer(forged)).rejects.toMatchObject({ code: 'snapshot-invalid' })
  await expect(offer({ ...forged, publisher: ownOf([]).publisher })).rejects.toMatchObject({ code: 'snapshot-invalid' })
  expect(asked).toEqual([])
})

test('a worker that gives nothing is given up, and the next offer is taken', async () => {
  const provider: Partial<SnapshotProvider> = { latest: never }
  const { worker, list, publishing, asked, offer, latestSeq } = await setUp({ pullTimeoutMs: 400, provider })
  list(worker, ['worker'])
  const { signed } = await publishRows(publishing, candles(1, 5))
  const stalled = offer(signed)
  const ended = expect(stalled).rejects.toMatchObject({ code: 'busy' })
  await vi.waitFor(() => expect(asked).toHaveLength(1))
  const waits = expect(offer(signed)).rejects.toMatchObject({ code: 'busy' })
  await vi.waitFor(() => expect(asked).toHaveLength(2))
  await expect(offer(signed)).rejects.toMatchObject({ code: 'busy' })
  expect(asked).toHaveLength(2)
  await Promise.all([ended, waits])
  delete provider.latest
  await offer(signed)
  expect(await latestSeq()).toBe(1)
})

test('an offer that is cancelled is taken in to its end', async () => {
  const gate = Promise.withResolvers<undefined>()
  const provider: Partial<SnapshotProvider> = {}
  const { publishing, asked, offer, latestSeq } = await setUp({ provider })
  const source = createSnapshotSource(publishing)
  provider.latest = (id) => gate.promise.then(() => source.latest(id))
  const { signed } = await publishRows(publishing, candles(1, 5))
  const stop = new AbortController()
  const cancelled = expect(offer(signed, stop.signal)).rejects.toMatchObject({ code: 'aborted' })
  await vi.waitFor(() => expect(asked).toHaveLength(1))
  stop.abort()
  await cancelled
  gate.resolve(undefined)
  await vi.waitFor(async () => expect(await latestSeq()).toBe(1))
})

test('a persistence node of the manifest may fetch, a stranger may not', async () => {
  const { worker, list, connection } = await setUp({})
  await expect(fetchLatestSnapshot({ connection, dataset })).rejects.toMatchObject({ code: 'snapshot-stranger' })
  list(worker, ['persistence'], stranger)
  await expect(fetchLatestSnapshot({ connection, dataset })).rejects.toMatchObject({ code: 'snapshot-unknown' })
})

test('a dataset that does not meet the terms is refused before anything is asked', async () => {
  const { publishing, asked, offer } = await setUp({ refusal: 'This node asks for more.' })
  const { signed } = await publishRows(publishing, candles(1, 5))
  await expect(offer(signed)).rejects.toMatchObject({ code: 'not-accepted', shortMessage: 'This node asks for more.' })
  expect(asked).toEqual([])
})

test('guests whose transfers never end keep no other guest from being taken in', async () => {
  const provider: Partial<SnapshotProvider> = {}
  const { publishing, asked, offer, latestSeq } = await setUp({ isGuest: true, provider })
  const source = createSnapshotSource(publishing)
  provider.latest = (id) => (id === dataset ? source.latest(id) : never())
  const hostile = Array.from({ length: 5 }, (_, at) => `0x${`e${at}`.repeat(32)}` as const)
  const heads = await Promise.all(
    hostile.map((id) => signHead({ head: { ...head, dataset: id }, signer: publisher, deployment })),
  )
  const failures: unknown[] = []
  for (const signed of [...heads, ...heads]) void offer(signed).catch((error: unknown) => failures.push(error))
  await vi.waitFor(() => expect(new Set(asked).size).toBe(hostile.length))
  const { signed } = await publishRows(publishing, candles(1, 3))
  await offer(signed)
  expect(await latestSeq()).toBe(1)
  // All of them still wait: none was refused or cut.
  expect(failures).toEqual([])
})

test('a guest’s snapshot of more rows than the node takes is refused before its segments', async () => {
  const { publishing, offer, latestSeq } = await setUp({ isGuest: true })
  const { signed } = await publishRows(publishing, candles(1, 5))
  const details = expect.stringContaining('at most 4') as string
  await expect(offer(signed)).rejects.toMatchObject({ code: 'snapshot-invalid', details })
  expect(await latestSeq()).toBeUndefined()
})
