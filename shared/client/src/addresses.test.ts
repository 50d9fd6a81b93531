import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, test } from 'vitest'
import { createPageFilter, isPrivateHost, kindOfAddress, rankOfKind } from './addresses.ts'

const relay = '12D3KooWMbgZDuFndXQbfZMVeEect4yLuUXCprMtR7MHUEC4E9JR'
const node = '12D3KooWEqLEAZrvUWRxkSNmAwpGN4SzbixLEaaJzEw97hZxY9x8'
const certhash = 'certhash/uEiAgUddZTUer8HocxuET60-wKNeoYmEnRdlQQ32oYA2VTQ'
const direct = `/ip4/198.51.100.7/udp/4001/webrtc-direct/${certhash}/p2p/${relay}`
const plain = `/ip4/198.51.100.7/tcp/4002/ws/p2p/${relay}`
const secure = `/dns4/relay.example/tcp/443/tls/ws/p2p/${relay}`

test.each([
  [`/ip4/198.51.100.7/tcp/4001/p2p/${relay}`, 'tcp'],
  [plain, 'websocket'],
  [secure, 'websocket'],
  [`/dns4/relay.example/tcp/443/wss/p2p/${relay}`, 'websocket'],
  [direct, 'webrtc-direct'],
  [`${plain}/p2p-circuit/p2p/${node}`, 'circuit'],
  [`${direct}/p2p-circuit/p2p/${node}`, 'circuit'],
  [`${direct}/p2p-circuit/webrtc/p2p/${node}`, 'webrtc'],
  [`/ip4/198.51.100.7/udp/4001/quic-v1/p2p/${relay}`, 'other'],
])('%s is %s', (address, kind) => {
  expect(kindOfAddress(multiaddr(address))).toBe(kind)
})

test('a WebSocket carries more than WebRTC, and a circuit is the last that is known', () => {
  const kinds = ['circuit', 'webrtc', 'websocket', 'webrtc-direct'] as const
  const sorted = (preference: 'any' | 'webrtc') =>
    kinds.toSorted((a, b) => rankOfKind(a, preference) - rankOfKind(b, preference))
  expect(sorted('any')).toEqual(['websocket', 'webrtc-direct', 'webrtc', 'circuit'])
  expect(sorted('webrtc')).toEqual(['webrtc-direct', 'webrtc', 'websocket', 'circuit'])
})

describe('a page', () => {
  const allowed = (limits: Partial<Parameters<typeof createPageFilter>[0]>, addresses: readonly string[]) => {
    const filter = createPageFilter({ isSecure: false, hasWebrtc: true, allowPrivateAddresses: false, ...limits })
    return addresses.filter((address) => filter(multiaddr(address)))
  }
  const circuits = [plain, secure, direct].map((entry) => `${entry}/p2p-circuit/webrtc/p2p/${node}`)

  test('by http dials both kinds of WebSocket and WebRTC, and no TCP', () => {
    const all = [plain, secure, direct, ...circuits]
    expect(allowed({}, [...all, `/ip4/198.51.100.7/tcp/4001/p2p/${relay}`])).toEqual(all)
  })

  test('by https dials no plain WebSocket, also not as the way to a circuit', () => {
    expect(allowed({ isSecure: true }, [plain, secure, direct, ...circuits])).toEqual([
      secure,
      direct,
      circuits[1],
      circuits[2],
    ])
  })

  test('without WebRTC dials WebSockets and circuits over them', () => {
    const circuit = `${plain}/p2p-circuit/p2p/${node}`
    expect(allowed({ hasWebrtc: false }, [plain, direct, circuit, ...circuits])).toEqual([plain, circuit])
  })

  test('reaches its own machine and network on development networks only', () => {
    const local = [
      '/ip4/127.0.0.1/tcp/1/ws',
      '/ip4/192.168.1.9/tcp/1/ws',
      '/dns4/localhost/tcp/1/ws',
      `/ip4/10.0.0.1/tcp/1/ws/p2p/${relay}/p2p-circuit/p2p/${node}`,
    ]
    expect(allowed({}, local)).toEqual([])
    expect(allowed({ allowPrivateAddresses: true }, local)).toEqual(local)
    expect(allowed({ allowPrivateAddresses: true, isSecure: true }, local)).toEqual([local[0], local[2]])
  })
})

test.each([
  '127.0.0.1 0.0.0.0 10.1.2.3 172.16.0.1 172.31.255.255 192.168.0.1 169.254.1.1 100.64.0.1 224.0.0.1 255.255.255.255',
  '::1 :: fc00::1 fd12::1 fe80::1 ff02::1 ::ffff:127.0.0.1 64:ff9b::7f00:1 2002:7f00:1:: 2001:0:1::',
  'localhost a.localhost printer.local metadata.google.internal',
])('%s are private', (hosts) => {
  for (const host of hosts.split(' ')) expect([host, isPrivateHost(host)]).toEqual([host, true])
})

test.each(['8.8.8.8 172.32.0.1 100.128.0.1 198.51.100.7 2a00:1450::1 2606:4700::1 example.org 10.example.org'])(
  '%s are not',
  (hosts) => {
    for (const host of hosts.split(' ')) expect([host, isPrivateHost(host)]).toEqual([host, false])
  },
)
