import { signManifest, verifyManifest } from '@enigma/crypto'
import { handleGrants, handleLocate, type Location } from '@enigma/network'
import { type Embed, encodeEmbed, protocolIds } from '@enigma/protocol'
import type { Connection } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Host } from '../host/create-host.ts'
import {
  createDataset,
  createRecord,
  deployment,
  newAccount,
  nowSeconds,
  type TestDataset,
} from '../../test/network/support/datasets.ts'
import { addressesOf, createCleanup, peerIdOf, startHost } from '../../test/network/support/nodes.ts'
import { createOwner } from '../roles/persistence/fixtures/embed-scene.ts'
import { createNode } from '../roles/persistence/fixtures/query-scene.ts'
import { createPeers, type LocateParameters, type Peers } from './peers.ts'

const cleanup = createCleanup()
afterEach(() => cleanup.run())

/** A frame of one byte, the tag of a sign of life. */
const alive = Uint8Array.of(1, 4)
const aliveIntervalMs = 100

let asking: Host
let relays: Connection[]
let peers: Peers
let dataset: TestDataset
const { signal } = new AbortController()

beforeEach(async () => {
  asking = await startHost({ cleanup, kind: 'public', listen: [] })
  relays = []
  dataset = await createDataset({ name: 'prices' })
  peers = createPeers({ node: asking.node, deployment, relays: () => relays, nowSeconds })
})

async function startRelay(): Promise<Host> {
  const host = await startHost({ cleanup, kind: 'public' })
  relays.push(await asking.node.dial(addressesOf(host).map((text) => multiaddr(text))))
  return host
}

/** Counts who asks, and tells each that it is alive, for ever. */
async function startAliveRelay(): Promise<{ asked: () => number }> {
  const { node } = await startRelay()
  let asked = 0
  await node.handle(protocolIds.locate, (stream) => {
    asked++
    const timer = setInterval(() => {
      if (stream.status === 'open') stream.send(alive)
    }, aliveIntervalMs)
    stream.addEventListener('close', () => clearInterval(timer))
    cleanup.add(() => {
      clearInterval(timer)
      return Promise.resolve()
    })
  })
  return { asked: () => asked }
}

async function startAnsweringRelay(locate: () => Location | undefined): Promise<void> {
  const host = await startRelay()
  const server = await handleLocate({ host: host.node, locate, onError: (error) => expect.fail(String(error)) })
  cleanup.add(() => server.stop())
}

const use: LocateParameters<unknown>['use'] = ({ manifest: signed }) =>
  verifyManifest({ signed, deployment, expectedHash: dataset.hash })
const locate = () => peers.locate({ dataset: dataset.dataset, signal, use })

test('a relay that only says that it is alive holds nothing up, and is asked last from then on', async () => {
  const { asked } = await startAliveRelay()
  await startAnsweringRelay(() => ({ manifest: dataset.signed, records: [] }))
  expect(await locate()).toEqual(dataset.manifest)
  expect(asked()).toBe(1)
  expect(await locate()).toEqual(dataset.manifest)
  expect(asked()).toBe(1)
})

test('alone, it is given up', async () => {
  await startAliveRelay()
  await expect(locate()).rejects.toMatchObject({ code: 'timeout' })
})

test('a relay whose word does not stand up is no reason to believe nobody', async () => {
  const stranger = newAccount()
  const forged = await signManifest({ manifest: dataset.manifest, signer: stranger, deployment })
  await startAnsweringRelay(() => undefined)
  await startAnsweringRelay(() => ({ manifest: forged, records: [] }))
  await expect(locate()).rejects.toMatchObject({ code: 'dataset-unknown' })
  await startAnsweringRelay(() => ({ manifest: dataset.signed, records: [] }))
  expect(await locate()).toEqual(dataset.manifest)
})

test('without a relay it says so', async () => {
  await expect(locate()).rejects.toMatchObject({ code: 'no-relay' })
})

test('a node is reached though a relay gives an address where it is no more, and records that are none', async () => {
  const account = newAccount()
  const host = await startHost({ cleanup, kind: 'public' })
  const node = { host, account, roles: ['persistence' as const] }
  const gone = await createRecord({ node, seq: 1, multiaddrs: ['/ip4/127.0.0.1/tcp/1'] })
  const broken = { ...gone, signature: `0x${'00'.repeat(65)}` as const }
  await startAnsweringRelay(() => ({ manifest: dataset.signed, records: [broken, gone] }))
  const connect = () => peers.connect({ dataset: dataset.dataset, peerId: peerIdOf(host), signal })
  await expect(connect()).rejects.toThrow()
  const record = await createRecord({ node, seq: 2 })
  await startAnsweringRelay(() => ({ manifest: dataset.signed, records: [broken, gone, record] }))
  expect((await connect()).remotePeer.toString()).toBe(peerIdOf(host))
})

test('what one relay has of an embed is handed on while another is silent, and the wait is short', async () => {
  const owner = await createOwner(createNode())
  const silent = await startRelay()
  await silent.node.handle(protocolIds.grants, () => undefined)
  const quick = await startRelay()
  const embeds = {
    ...{ bytesOf: () => encodeEmbed(owner.embed), bytesOfAccount: () => [], linesAfter: () => [] },
    accept: () => expect.fail(),
  }
  const server = await handleGrants({ host: quick.node, embeds, onError: (error) => expect.fail(String(error)) })
  cleanup.add(() => server.stop())
  const ended = new AbortController()
  cleanup.add(() => {
    ended.abort()
    return Promise.resolve()
  })
  const found: unknown[] = []
  const onEmbed = (embed: Embed) => Promise.resolve(found.push(embed) > 0)
  await peers.findEmbeds({ id: owner.grant.id, signal: ended.signal, onEmbed })
  expect(found).toEqual([owner.embed])
})

test('where no relay says anything of an embed, that is told', async () => {
  const asked = { id: `0x${'ab'.repeat(32)}`, signal, onEmbed: () => Promise.resolve(true) } as const
  await expect(peers.findEmbeds(asked)).rejects.toMatchObject({ code: 'no-relay' })
})
