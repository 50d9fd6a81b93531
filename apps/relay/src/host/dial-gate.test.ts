import { join } from 'node:path'
import { maxRecordAddresses, recordAddresses } from '@enigma/client'
import { createDialGate } from '@enigma/client/node/dial-gate'
import { multiaddr } from '@multiformats/multiaddr'
import { afterEach, describe, expect, test } from 'vitest'
import { addressesOf, createCleanup, newDirectory, peerIdOf, startHost } from '../../test/network/support/nodes.ts'
import { createHost, type Host } from './create-host.ts'

const cleanup = createCleanup()
afterEach(() => cleanup.run())

const peer = '12D3KooWJtd2FDv5k6KVu9BwsFZNt5qTa3fu5pq43Rbfw7Nd2HLu'
const names: Record<string, string[]> = {
  'node.example': ['8.8.8.8', '2606:4700::1111'],
  'inside.example': ['10.0.0.7'],
  'both.example': ['8.8.8.8', '127.0.0.1'],
}
const gate = createDialGate({
  trusted: [multiaddr(`/ip4/10.1.2.3/tcp/4001/p2p/${peer}`), multiaddr('/dns4/inside.trusted/tcp/80/ws')],
  resolve: (name) =>
    names[name] === undefined ? Promise.reject(new Error('no such name')) : Promise.resolve(names[name]),
})
const isDenied = (text: string) => gate.denyDialMultiaddr(multiaddr(text))

describe('the dial gate', () => {
  test.each([
    '/ip4/8.8.8.8/tcp/4001',
    '/ip6/2606:4700::1111/tcp/4001/ws',
    '/ip4/8.8.8.8/udp/4001/webrtc-direct',
    `/ip4/8.8.8.8/tcp/4001/p2p/${peer}/p2p-circuit`,
    '/dns4/node.example/tcp/4001',
    '/dns4/node.example/tcp/443/tls/ws',
    '/dns4/node.example/tcp/443/wss',
    '/ip4/10.1.2.3/tcp/22',
    '/dns4/inside.trusted/tcp/80/ws',
  ])('lets %s pass', async (text) => expect(await isDenied(text)).toBe(false))

  test.each([
    ...['/ip4/127.0.0.1/tcp/22', '/ip4/10.0.0.1/tcp/4001', '/ip4/192.168.1.1/tcp/80/ws', '/ip4/169.254.169.254/tcp/80'],
    ...[
      '/ip4/0.0.0.0/tcp/1',
      '/ip4/224.0.0.1/udp/1/webrtc-direct',
      '/ip4/100.64.0.1/tcp/1',
      '/ip4/255.255.255.255/tcp/1',
    ],
    ...['/ip6/::1/tcp/1', '/ip6/::/tcp/1', '/ip6/fe80::1/tcp/1', '/ip6/fc00::1/tcp/1', '/ip6/::ffff:127.0.0.1/tcp/1'],
    ...['/ip6zone/eth0/ip6/2606:4700::1111/tcp/1', `/ip4/10.0.0.1/tcp/4001/p2p/${peer}/p2p-circuit`],
    ...[
      '/dns4/inside.example/tcp/1',
      '/dns/both.example/tcp/1',
      '/dns4/unknown.example/tcp/1',
      '/dns4/127.0.0.1/tcp/1',
    ],
    ...['/dns4/127.1/tcp/443/wss', '/dns4/0x7f.1/tcp/443/wss', '/dns4/2130706433/tcp/443/wss'],
    ...[
      '/dns4/8.8.8.8?@127.0.0.1/tcp/443/wss',
      '/dns4/127.0.0.1@8.8.8.8/tcp/1',
      '/dns4/8.8.8.8#.example/udp/1/webrtc-direct',
    ],
    ...['/dns4/node.example/tcp/80/ws', '/dns4/node.example/udp/1/webrtc-direct'],
    ...['/ip4/8.8.8.8/tcp/443/tls/sni/inside.example/ws', '/ip4/8.8.8.8/tcp/443/tls/sni/127.0.0.1/ws'],
  ])('denies %s', async (text) => expect(await isDenied(text)).toBe(true))

  test('refuses at the connection a name that has become another address', async () => {
    const lookedUp = Promise.withResolvers<unknown>()
    gate.lookup('localhost', {}, (error) => lookedUp.resolve(error))
    expect(await lookedUp.promise).toBeInstanceOf(Error)
  })
})

describe('a host on a real network', () => {
  async function startBoth(trusted: (there: Host) => string[]) {
    const there = await startHost({ cleanup, kind: 'public' })
    const dataDirectory = join(await newDirectory(cleanup), 'real')
    const host = await createHost({
      ...{ kind: 'public', dataDirectory, listen: [], isDevelopment: false, trusted: trusted(there) },
    })
    cleanup.add(() => host.stop())
    return { there, host }
  }
  const dial = ({ node }: Host, text: string) => node.dial(multiaddr(text), { signal: AbortSignal.timeout(10_000) })

  test('knocks at no door of this machine, by address or by name', async () => {
    const { there, host } = await startBoth(() => [])
    for (const text of addressesOf(there)) {
      for (const address of [text, text.replace('/ip4/127.0.0.1', '/dns4/localhost')]) {
        await expect(dial(host, address)).rejects.toMatchObject({ name: 'DialDeniedError' })
      }
    }
    expect(there.node.getConnections()).toEqual([])
  })

  test('reaches the relays that its operator named, wherever they are', async () => {
    const { there, host } = await startBoth((node) => addressesOf(node).slice(0, 1))
    const [address = ''] = addressesOf(there)
    expect((await dial(host, address)).remotePeer.toString()).toBe(peerIdOf(there))
  })
})

test('of a record a few addresses are dialled, and none that names others', () => {
  const many = Array.from({ length: 32 }, (_, index) => `/ip4/8.8.8.${index}/tcp/1`)
  expect(recordAddresses({ multiaddrs: many })).toHaveLength(maxRecordAddresses)
  expect(recordAddresses({ multiaddrs: ['/dnsaddr/bootstrap.example', '/strange/1', '/ip4/8.8.8.8/tcp/1'] })).toEqual([
    multiaddr('/ip4/8.8.8.8/tcp/1'),
  ])
})
