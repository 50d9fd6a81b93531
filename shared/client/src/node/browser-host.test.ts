/** The hosts of a page against a full libp2p node, by the WebSocket that Node has as well. */
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { Connection } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { ping } from '@libp2p/ping'
import { webSockets } from '@libp2p/websockets'
import { yamux } from '@libp2p/yamux'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { createLibp2p, type Libp2p } from 'libp2p'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createBrowserHost } from '../host/browser-host.ts'
import { createHostIdentity, type HostIdentity } from '../host/host-identity.ts'
import { createVisitorHost } from '../host/visitor-host.ts'
import { pingConnection } from '../ping-connection.ts'
import type { Host } from '../types.ts'

const loadWebrtcDirect = () => Promise.reject(new Error('WebRTC-direct was loaded'))
const hosts: Record<string, (identity: HostIdentity) => Host> = {
  'with every transport': (identity) => createBrowserHost(identity),
  'of an embedded page': (identity) => createVisitorHost(identity, { loadWebrtcDirect }),
}

describe.each(Object.entries(hosts))('a host %s', (_, createHost) => {
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
    host = createHost(await createHostIdentity())
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
    await host.handle('/echo/1.0.0', (stream) =>
      stream.addEventListener('message', ({ data }) => void stream.send(data)),
    )
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
})

test('the host of an embedded page loads WebRTC-direct when it dials it, and dials no circuit', async () => {
  const host = createVisitorHost(await createHostIdentity(), { loadWebrtcDirect })
  const dial = (to: string) => host.dial(multiaddr(to), { signal: AbortSignal.timeout(5_000), force: true })
  const peer = peerIdFromPrivateKey(await generateKeyPair('Ed25519')).toString()
  const certhash = '/certhash/uEiDDq4_xNyDorZBH3TlGazyJdOWSwvo4PUo5YHFMrvDE8g'
  await expect(dial(`/ip4/127.0.0.1/udp/9/webrtc-direct${certhash}/p2p/${peer}`)).rejects.toThrow('was loaded')
  await expect(dial(`/ip4/127.0.0.1/tcp/9/ws/p2p/${peer}/p2p-circuit/p2p/${peer}`)).rejects.toThrow('cannot dial')
  await host.stop()
})
