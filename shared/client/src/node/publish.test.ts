/** Publishing over the SDK against a node that takes in what it is offered, as persistence nodes do. */
import { createBlockHasher, sha256Hex, signNodeAcceptance, verifySnapshotPass } from '@enigma/crypto'
import {
  fetchLatestSnapshot,
  fetchSegment,
  handleAcceptance,
  handleSnapshots,
  type SnapshotOffer,
  type SnapshotProvider,
} from '@enigma/network'
import {
  concatBytes,
  datasetIdOf,
  decodeNodeRecord,
  decodeSnapshot,
  encodeSnapshot,
  type Hex,
  MarketplaceError,
} from '@enigma/protocol'
import { afterEach, expect, test } from 'vitest'
import { createPublishing, describeSnapshot, signSnapshot } from '../publish/index.ts'
import { startTestNetwork, type TestNetwork } from './fixtures/test-network.ts'

const deployment = { chainId: 31_337, marketplace: `0x${'11'.repeat(20)}` } as const
const columns = [{ name: 'n', type: 'integer' as const }]
const bytes = Uint8Array.from({ length: 700_000 }, (_, at) => at % 251)
const { signal } = new AbortController()

let network: TestNetwork | undefined
afterEach(async () => {
  await network?.stop()
  network = undefined
})

async function start() {
  network = await startTestNetwork()
  const [node] = network.nodes
  if (node === undefined) throw new TypeError('the network has no node')
  const { client, curator, numbers } = network
  const hasher = createBlockHasher(columns)
  for (let n = 0; n < 10; n++) hasher.addRow([n])
  const segment = { hash: await sha256Hex(bytes), bytes: bytes.length, ...(await hasher.finish()) }
  const tables = [{ name: 'numbers', columns, segments: [segment] }]
  const snapshot = await describeSnapshot({ dataset: numbers.id, tables, nowSeconds: 1000 })
  const signed = await signSnapshot(snapshot, { signer: curator, deployment })
  const publishing = client.extend(createPublishing)
  const serve = (rest: Partial<Parameters<typeof publishing.serve>[0]> = {}) =>
    publishing.serve({
      ...{ path: numbers.path, peerId: node.peerId, signed, snapshot, signal },
      segments: new Map([[segment.hash, new Blob([bytes])]]),
      ...rest,
    })
  return { node, curator, numbers, segment, snapshot, signed, publishing, serve }
}

type Scene = Awaited<ReturnType<typeof start>>

/** Lets the node take in offers; `before` may refuse one. */
function takeOffers({ node, numbers, segment }: Scene, before: (count: number) => void = () => undefined) {
  const taken: Uint8Array[] = []
  let count = 0
  const onOffer = async ({ connection }: SnapshotOffer) => {
    before(++count)
    const { description } = await fetchLatestSnapshot({ connection, dataset: numbers.id })
    expect(decodeSnapshot(description).tables[0]?.segments).toEqual([segment])
    const chunks: Uint8Array[] = []
    for await (const chunk of fetchSegment({ connection, dataset: numbers.id, ...segment, offset: 0 })) {
      chunks.push(chunk)
    }
    taken.push(concatBytes(...chunks))
  }
  const serving = handleSnapshots({ host: node.host, mayFetch: () => false, onOffer, onError: () => undefined })
  return { taken, serving }
}

test('a node pulls the segments over the connection by which it was told of them', async () => {
  const scene = await start()
  const { taken, serving } = takeOffers(scene)
  await serving
  const progress: number[] = []
  await scene.serve({ onProgress: ({ bytes: done }) => progress.push(done) })
  expect(taken.map((each) => Buffer.compare(each, bytes))).toEqual([0])
  expect(progress.at(-1)).toBe(bytes.length)
  expect(progress).toEqual(progress.toSorted((a, b) => a - b))
})

test('one that does not know the dataset yet is asked again, one that refuses it is not', async () => {
  const scene = await start()
  const { taken, serving } = takeOffers(scene, (count) => {
    if (count === 1) throw new MarketplaceError({ code: 'dataset-unknown', message: 'Not yet.' })
    if (count === 3) throw new MarketplaceError({ code: 'not-accepted', message: 'Too small a deposit.' })
  })
  await serving
  const waits: unknown[] = []
  await scene.serve({ onWait: (error) => waits.push(error) })
  expect([taken.length, waits.length]).toEqual([1, 1])
  await expect(scene.serve()).rejects.toMatchObject({ code: 'not-accepted' })
})

test('a segment that is not here ends it with a reason', async () => {
  const scene = await start()
  const { serving } = takeOffers(scene)
  await serving
  await expect(scene.serve({ segments: new Map() })).rejects.toBeInstanceOf(MarketplaceError)
})

test('what is published is read back by its publisher, and nothing that it did not sign', async () => {
  const scene = await start()
  const { node, curator, numbers, segment, snapshot, signed, publishing } = scene
  const given = { description: encodeSnapshot(snapshot), bytes }
  const provider: SnapshotProvider = {
    latest: () => Promise.resolve({ signed, description: given.description }),
    async *readSegment() {
      yield await Promise.resolve(given.bytes)
    },
  }
  await handleSnapshots({
    ...{ host: node.host, provider, onError: () => undefined },
    mayFetch: ({ dataset, peerId, pass }) => {
      const terms = { dataset, peerId, deployment, publisher: curator.address.toLowerCase() as Hex }
      const nowSeconds = Math.floor(Date.now() / 1000)
      return pass !== undefined && verifySnapshotPass({ ...terms, pass, nowSeconds })
    },
  })
  const read = () => publishing.published({ path: numbers.path, publisher: curator, signal })
  const here = await read()
  expect(here.latest).toEqual({ signed, snapshot })
  expect(new Uint8Array(await (await here.segment(segment, signal)).arrayBuffer())).toEqual(bytes)
  given.bytes = Uint8Array.of(1, 2, 3)
  await expect(here.segment(segment, signal)).rejects.toMatchObject({ code: 'snapshot-invalid' })
  given.description = encodeSnapshot({ ...snapshot, seq: 9 })
  await expect(read()).rejects.toMatchObject({ code: 'snapshot-invalid' })
  const next = await describeSnapshot({ dataset: numbers.id, tables: [], previous: snapshot, nowSeconds: 5 })
  expect(next).toMatchObject({ seq: 2, previousRoot: snapshot.root, createdAt: 1000 })
})

test('an acceptance that is for another dataset binds nobody', async () => {
  const { node, publishing, curator } = await start()
  const account = curator.address.toLowerCase() as Hex
  const state = { name: 'tides' }
  await handleAcceptance({
    host: node.host,
    onError: () => undefined,
    desk: {
      terms: () => expect.fail('was not asked'),
      accept: () =>
        signNodeAcceptance({
          ...{ node: { peerId: node.peerId, roles: ['persistence'] }, signer: node.signer, deployment },
          dataset: datasetIdOf({ curator: account, name: state.name }),
        }),
    },
  })
  const record = decodeNodeRecord((await node.record()).record)
  const accept = () => publishing.accept({ record, curator: account, name: 'tides', signal })
  expect(await accept()).toMatchObject({ peerId: node.peerId, roles: ['persistence'] })
  state.name = 'others'
  await expect(accept()).rejects.toMatchObject({ code: 'unreadable' })
})
