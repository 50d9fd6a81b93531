/** The page's host against a full libp2p node, by the WebSocket that Node has as well. */
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { Connection } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { ping } from '@libp2p/ping'
import { webSockets } from '@libp2p/websockets'
import { yamux } from '@libp2p/yamux'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { createLibp2p, type Libp2p } from 'libp2p'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createBrowserHost } from '../host/browser-host.ts'
import { createHostIdentity } from '../host/host-identity.ts'
import { pingConnection } from '../ping-connection.ts'
import type { Host } from '../types.ts'

let server: Libp2p
let host: Host
let address: Multiaddr

beforeEach(async () => {
  server = await createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0/ws'] },
    transports: [webSockets()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { ping: ping() },
  })
  address = server.getMultiaddrs()[0]!
  host = createBrowserHost(await createHostIdentity())
})
afterEach(async () => {
  await host.stop()
  await server.stop()
})

const dial = (to: Multiaddr) => host.dial(to, { signal: AbortSignal.timeout(5_000), force: true })

test('connects, opens streams, and lets go of what has closed', async () => {
  const connection = await dial(address)
  expect(connection).toMatchObject({ status: 'open', direct: true, direction: 'outbound' })
  expect(connection.remotePeer.equals(server.peerId)).toBe(true)
  expect(host.getConnections()).toEqual([connection])
  const roundTripMs = await pingConnection({ connection, nowMs: () => performance.now() })
  expect(roundTripMs).toBeGreaterThan(0)
  const closed = new Promise((resolve) => connection.addEventListener('close', resolve, { once: true }))
  await server.stop()
  await closed
  expect(host.getConnections()).toEqual([])
})

test('has nothing to do with a peer that is not the one it dialled', async () => {
  const other = peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
  const wrong = multiaddr(address.toString().replace(/\/p2p\/.*/, `/p2p/${other.toString()}`))
  await expect(dial(wrong)).rejects.toThrow()
  expect(host.getConnections()).toEqual([])
})

test('declines what a peer asks of it, and stays connected', async () => {
  const opened = new Promise<Connection>((resolve) =>
    server.addEventListener('connection:open', ({ detail }) => resolve(detail), { once: true }),
  )
  const connection = await dial(address)
  const incoming = await opened
  await expect(incoming.newStream('/enigma/query/1.0.0')).rejects.toThrow(/protocol/i)
  await expect(pingConnection({ connection, nowMs: () => performance.now() })).resolves.toBeGreaterThan(0)
})

test('answers what it handles, to peers that it has dialled, until it no longer does', async () => {
  await host.handle('/echo/1.0.0', (stream) => stream.addEventListener('message', ({ data }) => void stream.send(data)))
  const opened = new Promise<Connection>((resolve) =>
    server.addEventListener('connection:open', ({ detail }) => resolve(detail), { once: true }),
  )
  await dial(address)
  const stream = await (await opened).newStream('/echo/1.0.0')
  const echoed = new Promise<Uint8Array>((resolve) =>
    stream.addEventListener('message', ({ data }) => resolve(data.subarray()), { once: true }),
  )
  stream.send(Uint8Array.of(1, 2, 3))
  expect(await echoed).toEqual(Uint8Array.of(1, 2, 3))
  await host.unhandle('/echo/1.0.0')
  await expect((await opened).newStream('/echo/1.0.0')).rejects.toThrow(/protocol/i)
})

test('an aborted dial leaves nothing behind', async () => {
  const signal = AbortSignal.abort(new Error('enough'))
  await expect(host.dial(address, { signal, force: true })).rejects.toThrow('enough')
  expect(host.getConnections()).toEqual([])
})
