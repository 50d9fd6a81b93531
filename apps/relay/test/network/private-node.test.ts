import { afterEach, expect, test, vi } from 'vitest'
import { createQueryId, createStreamPool, handleQueries, pickConnection, sendQuery } from '@enigma/network'
import { protocolIds } from '@enigma/protocol'
import { multiaddr } from '@multiformats/multiaddr'
import type { Host } from '../../src/host/create-host.ts'
import { createRelayKeeper } from '../../src/host/relay-keeper.ts'
import { createRecord, newAccount } from './support/datasets.ts'
import { addressesOf, createCleanup, newDirectory, peerIdOf, startHost } from './support/nodes.ts'
import { startRelay } from './support/relays.ts'

const cleanup = createCleanup()
afterEach(() => cleanup.run())

const dataset = `0x${'22'.repeat(32)}` as const
const sealed = new Uint8Array(100)

async function startPrivate(relays: Host[]) {
  const host = await startHost({ cleanup, kind: 'private', reservations: relays.length })
  const peerId = peerIdOf(host)
  const onError = (error: unknown) => expect.fail(String(error))
  const answer = async function* () {
    await Promise.resolve()
    yield { frames: [Uint8Array.of(42)], isLast: true }
  }
  const server = await handleQueries({ host: host.node, peerId, answer, onError })
  const keeper = createRelayKeeper({
    host: host.node,
    relays: relays.flatMap(addressesOf),
    needsReservation: true,
    firstBackoffMs: 50,
    longestBackoffMs: 500,
  })
  keeper.start()
  cleanup.add(async () => {
    await keeper.stop()
    await server.stop()
  })
  return { host, keeper }
}

const soon = () => AbortSignal.timeout(60_000)

function webrtcAddressesOf(host: Host) {
  return addressesOf(host)
    .filter((address) => address.includes('/webrtc/'))
    .map((address) => multiaddr(address))
}

test('a private node is reached by WebRTC over its relay, on a connection without limits', async () => {
  const relay = await startHost({ cleanup, kind: 'relay' })
  const { host, keeper } = await startPrivate([relay])
  await keeper.untilReady({ count: 1, signal: soon() })
  await vi.waitFor(() => expect(webrtcAddressesOf(host)).not.toEqual([]))
  const client = await startHost({ cleanup, kind: 'public', listen: [] })
  const connection = await client.node.dial(webrtcAddressesOf(host), { signal: soon() })
  expect(connection.remoteAddr.toString()).toContain('/webrtc')
  expect(connection.limits).toBeUndefined()
  expect(connection.direct).toBe(true)
  const streams = createStreamPool({ protocol: protocolIds.query })
  const route = { audience: peerIdOf(host), dataset, queryId: createQueryId(), ttl: 0 }
  const frames: Uint8Array[] = []
  for await (const group of sendQuery({ streams, connection, route, sealed })) frames.push(...group.frames)
  expect(frames).toEqual([Uint8Array.of(42)])
  streams.close()
})

test('a private node answers over the relay that it is reserved at, by the blind path', async () => {
  const relay = await startRelay({ cleanup })
  const entry = await startRelay({ cleanup })
  const { host, keeper } = await startPrivate([relay.host])
  await keeper.untilReady({ count: 1, signal: soon() })
  const node = { host, account: newAccount(), roles: ['persistence' as const] }
  await entry.role.announceOwn({ kind: 'record', signed: await createRecord({ node, seq: 1 }) })
  const client = await startHost({ cleanup, kind: 'public', listen: [] })
  const connection = await client.node.dial(addressesOf(entry.host).map((text) => multiaddr(text)))
  const streams = createStreamPool({ protocol: protocolIds.query })
  const route = { audience: peerIdOf(host), dataset, queryId: createQueryId(), ttl: 3 }
  const frames: Uint8Array[] = []
  for await (const group of sendQuery({ streams, connection, route, sealed })) frames.push(...group.frames)
  expect(frames).toEqual([Uint8Array.of(42)])
  streams.close()
})

test('a private node starts while its relay is down, and reserves when the relay comes', async () => {
  const dataDirectory = await newDirectory(cleanup)
  const first = await startHost({ cleanup, kind: 'relay', dataDirectory })
  const [address = ''] = addressesOf(first)
  const listen = [multiaddr(address).decapsulate('/p2p').toString()]
  await first.stop()
  const host = await startHost({ cleanup, kind: 'private' })
  const keeper = createRelayKeeper({
    host: host.node,
    relays: [address],
    needsReservation: true,
    firstBackoffMs: 50,
    longestBackoffMs: 500,
  })
  keeper.start()
  cleanup.add(() => keeper.stop())
  await vi.waitFor(() => expect(keeper.links()[0]?.failures).toBeGreaterThan(0), { timeout: 20_000 })
  const second = await startHost({ cleanup, kind: 'relay', dataDirectory, listen })
  expect(peerIdOf(second)).toBe(peerIdOf(first))
  await keeper.untilReady({ count: 1, signal: soon() })
  expect(addressesOf(host).some((text) => text.includes(`${peerIdOf(second)}/p2p-circuit`))).toBe(true)
})

test('when a relay dies the node stays reachable by the other, and comes back to a relay that returns', async () => {
  const dataDirectory = await newDirectory(cleanup)
  const dying = await startHost({ cleanup, kind: 'relay', dataDirectory })
  const listen = dying.node
    .getMultiaddrs()
    .filter((address) => !address.toString().includes('/ws'))
    .map((address) => address.decapsulate('/p2p').toString())
  const staying = await startHost({ cleanup, kind: 'relay' })
  const { host, keeper } = await startPrivate([dying, staying])
  await keeper.untilReady({ count: 2, signal: soon() })
  await dying.stop()
  await vi.waitFor(() => expect(addressesOf(host).join()).not.toContain(`${peerIdOf(dying)}/p2p-circuit`), {
    timeout: 20_000,
  })
  const client = await startHost({ cleanup, kind: 'public', listen: [] })
  const connection = await client.node.dial(webrtcAddressesOf(host), { signal: soon() })
  expect(pickConnection([connection])?.remoteAddr.toString()).toContain(peerIdOf(staying))
  const again = await startHost({ cleanup, kind: 'relay', dataDirectory, listen })
  await keeper.untilReady({ count: 2, signal: soon() })
  expect(addressesOf(host).join()).toContain(`${peerIdOf(again)}/p2p-circuit`)
})

test('identity and certificate survive a restart', async () => {
  const dataDirectory = await newDirectory(cleanup)
  const listen = ['/ip4/127.0.0.1/udp/0/webrtc-direct']
  const certhashOf = (host: Host) => /certhash\/([^/]+)/.exec(addressesOf(host).join())?.[1]
  const before = await startHost({ cleanup, kind: 'public', dataDirectory, listen })
  const certhash = certhashOf(before)
  await before.stop()
  const after = await startHost({ cleanup, kind: 'public', dataDirectory, listen })
  expect(certhash).toMatch(/^u/)
  expect(certhashOf(after)).toBe(certhash)
  expect(peerIdOf(after)).toBe(peerIdOf(before))
})
