import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { handleSnapshots, offerSnapshot } from '@enigma/network'
import type { Hex, Manifest, ManifestNode, NodeRole } from '@enigma/protocol'
import { multiaddr } from '@multiformats/multiaddr'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Host } from '../host/create-host.ts'
import type { StoredSnapshot } from '../snapshot/dataset-snapshots.ts'
import { createSnapshotSource } from '../snapshot/snapshot-source.ts'
import { openSnapshotStore, type SnapshotStore } from '../snapshot/snapshot-store.ts'
import {
  candleColumns,
  candles,
  dataset,
  deployment,
  onUnexpectedDamage,
  openPublishing,
  publisher,
  type Publishing,
  publishRows,
  stranger,
  workInProcess,
} from '../snapshot/test-support/publishing.ts'
import { addressesOf, createCleanup, newDirectory, peerIdOf, startHost } from '../../test/network/support/nodes.ts'
import { catchUpPublisher, type CatchUpParts } from './catch-up-publisher.ts'
import { serveSnapshots } from './snapshot-exchange.ts'

const cleanup = createCleanup()
afterEach(() => cleanup.run())

const addressOf = ({ address }: { address: string }) => address.toLowerCase() as Hex
const columns = candleColumns.map((column) => ({ ...column, encryption: 'none' as const }))

let directory: string
let publisherHost: Host
let publishing: Publishing
let nodes: Node[]
/** What the chain says. */
let present: Hex
let publishers: Hex[]
/** Peers that do not answer. */
let down: Set<string>
/** Roots by number, of everything that was ever signed. */
let signed: Map<number, Set<Hex>>

/** Where one node never answers: long for the others, which are on this machine. */
const askWithinMs = 3_000

type Node = { host: Host; peerId: string; store: SnapshotStore }

beforeEach(async () => {
  directory = await newDirectory(cleanup)
  publisherHost = await startHost({ cleanup, kind: 'public', listen: [] })
  publishing = await openPublishing(join(directory, 'publisher'))
  nodes = []
  present = addressOf(publisher)
  publishers = [present]
  down = new Set()
  signed = new Map()
  await servePublisher()
})

/** From the store of the moment, as a command does that is started again. */
async function servePublisher(): Promise<void> {
  const server = await handleSnapshots({
    host: publisherHost.node,
    provider: {
      latest: (id) => createSnapshotSource(publishing).latest(id),
      readSegment: (segment) => createSnapshotSource(publishing).readSegment(segment),
    },
    mayFetch: () => true,
    onError: (error) => expect.fail(String(error)),
  })
  cleanup.add(() => server.stop())
}

function manifestOf(more: { peerId: string; roles: NodeRole[] }[] = []): Manifest {
  const listed = [...nodes.map(({ peerId }) => ({ peerId, roles: ['persistence'] as NodeRole[] })), ...more]
  const manifest: Pick<Manifest, 'nodes' | 'tables'> = {
    nodes: listed.map((node): ManifestNode => ({ ...node, signer: present, acceptance: '0x00' })),
    tables: [{ name: 'candles', columns }],
  }
  return manifest as Manifest
}

async function addNode(): Promise<Node> {
  const host = await startHost({ cleanup, kind: 'public' })
  const store = await openSnapshotStore({
    directory: join(directory, `node-${nodes.length}`),
    onDamaged: onUnexpectedDamage,
  })
  const server = await serveSnapshots({
    host: host.node,
    store,
    work: workInProcess(store),
    deployment,
    own: () => ({
      ...{
        dataset,
        manifest: manifestOf(),
        manifestHash: dataset,
        publisher: present,
        roles: ['persistence'],
        isGuest: false,
      },
    }),
    onAccepted: () => Promise.resolve(),
    nowSeconds: () => 2000,
    maxSnapshotBytes: 10_000_000,
    keepSnapshots: 3,
    onError: (error) => expect.fail(String(error)),
  })
  cleanup.add(() => server.stop())
  const node = { host, peerId: peerIdOf(host), store }
  nodes.push(node)
  return node
}

const connect: CatchUpParts['connect'] = ({ peerId, signal }) => {
  const node = nodes.find((each) => each.peerId === peerId)
  if (node === undefined || down.has(peerId)) return Promise.reject(new Error(`${peerId} is down`))
  return publisherHost.node.dial(
    addressesOf(node.host).map((text) => multiaddr(text)),
    { signal },
  )
}

function catchUp(changes: Partial<CatchUpParts> = {}, manifest = manifestOf()) {
  const parts: CatchUpParts = {
    store: publishing.store,
    work: workInProcess(publishing.store),
    deployment,
    connect,
    peerId: peerIdOf(publisherHost),
    publisher,
    publishersOf: () => publishers,
    nowSeconds: () => 2000,
    maxSnapshotBytes: 10_000_000,
    keepSnapshots: 3,
    askWithinMs: 20_000,
    ...changes,
  }
  return catchUpPublisher(parts, { dataset, manifest }, new AbortController().signal)
}

/** Publishes minutes and brings the snapshot to every node that is up. */
async function publish(from: number, to: number, lowestSeq = 1, signer = publisher): Promise<StoredSnapshot> {
  const stored = await publishRows(publishing, candles(from, to), { lowestSeq, signer })
  const { seq, root } = stored.signed.head
  signed.set(seq, (signed.get(seq) ?? new Set()).add(root))
  for (const { peerId } of nodes) {
    if (down.has(peerId)) continue
    const connection = await connect({ dataset, peerId, signal: new AbortController().signal })
    await offerSnapshot({ connection, signed: stored.signed })
  }
  return stored
}

const latestSeq = async ({ store }: Pick<Node, 'store'>) => (await store.dataset(dataset)).latest()?.snapshot.seq
const rowsOf = ({ snapshot }: StoredSnapshot) =>
  snapshot.tables[0]?.segments.reduce((sum, segment) => sum + segment.rows, 0)
const nothingTwice = () => [...signed.values()].every((roots) => roots.size === 1)

/** Publishes 1, 2 and 3, and goes back to the data as it was after 1. */
async function publishThreeAndRestoreOne(): Promise<StoredSnapshot> {
  await publish(1, 3)
  await cp(publishing.directory, join(directory, 'backup'), { recursive: true })
  await publish(1, 6)
  const third = await publish(1, 9)
  publishing = await openPublishing(join(directory, 'backup'))
  expect(await latestSeq(publishing)).toBe(1)
  return third
}

test('a restored backup goes on from the newest snapshot of the nodes', async () => {
  await addNode()
  await addNode()
  const third = await publishThreeAndRestoreOne()
  const { lowestSeq } = await catchUp()
  // The third was made in second 1,000, and it is 2,000 now: at most ten a second.
  expect(lowestSeq).toBe(4 + 1001 * 10)
  const next = await publish(1, 12, lowestSeq)
  expect(next.signed.head).toMatchObject({ seq: lowestSeq, previousRoot: third.signed.head.root })
  expect(rowsOf(next)).toBe(12)
  expect(await Promise.all(nodes.map(latestSeq))).toEqual([lowestSeq, lowestSeq])
  expect(await catchUp()).toEqual({ lowestSeq: lowestSeq + 1 })
  expect(nothingTwice()).toBe(true)
})

test('so does a publisher that lost everything', async () => {
  await addNode()
  const third = await publishThreeAndRestoreOne()
  await rm(publishing.directory, { recursive: true })
  publishing = await openPublishing(join(directory, 'empty'))
  const { lowestSeq } = await catchUp()
  const next = await publish(10, 12, lowestSeq)
  expect(next.signed.head).toMatchObject({ seq: lowestSeq, previousRoot: third.signed.head.root })
  expect(rowsOf(next)).toBe(12)
  expect(nothingTwice()).toBe(true)
})

test('no number is signed twice where every node keeps back what is newest', async () => {
  const { store } = await addNode()
  await publish(1, 3)
  await publish(1, 6)
  const kept = nodes.splice(0)
  await publish(1, 9)
  nodes.push(...kept)
  publishing = await openPublishing(join(directory, 'empty'))
  const { lowestSeq } = await catchUp()
  expect(await latestSeq({ store })).toBe(2)
  await publish(1, 12, lowestSeq)
  expect(nothingTwice()).toBe(true)
  expect(Math.max(...signed.keys())).toBe(lowestSeq)
})

test('a number that nobody can have reached is not believed', async () => {
  await addNode()
  await publish(1, 3, Number.MAX_SAFE_INTEGER - 1)
  publishing = await openPublishing(join(directory, 'empty'))
  await expect(catchUp({ askWithinMs })).rejects.toMatchObject({ code: 'no-node', cause: { code: 'snapshot-invalid' } })
})

test('nodes that have nothing let a new dataset begin', async () => {
  await addNode()
  expect(await catchUp()).toEqual({ lowestSeq: 1 })
})

test('nothing is published when no node can be asked', async () => {
  const { peerId } = await addNode()
  down.add(peerId)
  await expect(catchUp({ askWithinMs: 50 })).rejects.toMatchObject({ code: 'no-node' })
  down.clear()
  await publish(1, 3)
  down.add(peerId)
  await expect(catchUp({ askWithinMs: 50 })).rejects.toMatchObject({ code: 'no-node' })
})

test('what a silent node may have is left out, and without anything here it is waited for', async () => {
  await addNode()
  const silent = await addNode()
  await publish(1, 3)
  await cp(publishing.directory, join(directory, 'backup'), { recursive: true })
  const [first] = nodes
  down.add(first?.peerId ?? '')
  await publish(1, 6)
  down = new Set([silent.peerId])
  publishing = await openPublishing(join(directory, 'backup'))
  // Made in second 1,000, and it is 2,000 now: at most ten a second.
  const { lowestSeq } = await catchUp({ askWithinMs })
  expect(lowestSeq).toBe(2 + 1001 * 10)
  await publish(1, 9, lowestSeq)
  down.clear()
  await publish(1, 12)
  expect(await Promise.all(nodes.map(latestSeq))).toEqual([lowestSeq + 1, lowestSeq + 1])
  expect(nothingTwice()).toBe(true)
})

test('with an empty store every node must be asked', async () => {
  await addNode()
  const silent = await addNode()
  down.add(silent.peerId)
  await expect(catchUp({ askWithinMs })).rejects.toMatchObject({ code: 'no-node', details: silent.peerId })
})

test('a node that answers from the same store leaves numbers out after a restore', async () => {
  const self = peerIdOf(publisherHost)
  const manifest = manifestOf([{ peerId: self, roles: ['persistence', 'worker'] }])
  await publish(1, 3)
  expect(await catchUp({}, manifest)).toEqual({ lowestSeq: 2 })
  const restored = { takenAtSeconds: 1100, restoredAtSeconds: 1900 }
  expect(await catchUp({ restored }, manifest)).toEqual({ lowestSeq: 2 + 1001 * 10 })
  expect(await catchUp({ restored: { takenAtSeconds: 900, restoredAtSeconds: 950 } }, manifest)).toEqual({
    lowestSeq: 2,
  })
  publishing = await openPublishing(join(directory, 'empty'))
  expect(await catchUp({ restored }, manifest)).toEqual({ lowestSeq: 1 + 901 * 10 })
})

test('a node that keeps the data back does not matter while another has it', async () => {
  await addNode()
  await publish(1, 3)
  await cp(publishing.directory, join(directory, 'backup'), { recursive: true })
  await publish(1, 6)
  const second = (await publishing.store.dataset(dataset)).latest()
  const mean = await startHost({ cleanup, kind: 'public' })
  const source = createSnapshotSource(publishing)
  const server = await handleSnapshots({
    host: mean.node,
    provider: {
      latest: (id) => source.latest(id),
      readSegment: () => source.readSegment({ dataset, hash: '0x', offset: 0 }),
    },
    mayFetch: () => true,
    onError: (error) => expect.fail(String(error)),
  })
  cleanup.add(() => server.stop())
  nodes.unshift({ host: mean, peerId: peerIdOf(mean), store: publishing.store })
  publishing = await openPublishing(join(directory, 'backup'))
  expect(await catchUp()).toEqual({ lowestSeq: 3 + 1001 * 10 })
  expect((await publishing.store.dataset(dataset)).latest()).toEqual(second)
  publishing = await openPublishing(join(directory, 'empty'))
  nodes.pop()
  await expect(catchUp()).rejects.toMatchObject({ code: 'no-node' })
})

test('a head that no publisher signed is not believed, a former one’s numbers go on', async () => {
  await addNode()
  present = addressOf(stranger)
  await publish(1, 3, 500, stranger)
  publishing = await openPublishing(join(directory, 'empty'))
  present = addressOf(publisher)
  await expect(catchUp({ askWithinMs })).rejects.toMatchObject({ code: 'no-node', cause: { code: 'snapshot-invalid' } })
  publishers = [addressOf(stranger), present]
  const { lowestSeq } = await catchUp()
  expect(lowestSeq).toBe(501 + 1001 * 10)
  await publish(1, 6, lowestSeq)
  expect(await Promise.all(nodes.map(latestSeq))).toEqual([lowestSeq])
})

test('two snapshots with one number are said as they are', async () => {
  await addNode()
  await publish(1, 3)
  publishing = await openPublishing(join(directory, 'other'))
  await publishRows(publishing, candles(1, 4))
  await expect(catchUp()).rejects.toMatchObject({ code: 'snapshot-invalid' })
})
