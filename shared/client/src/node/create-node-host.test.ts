import { multiaddr } from '@multiformats/multiaddr'
import { afterEach, expect, test } from 'vitest'
import { createNodeHost, type CreateNodeHostParameters } from './create-node-client.ts'
import { createNodeHost as createTestHost } from './fixtures/test-host.ts'

const stops: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

/** A peer on loopback, and what comes of dialling it. */
async function setUp(parameters: Omit<CreateNodeHostParameters, 'network'> & { chainId: number; isRelay?: boolean }) {
  const { chainId, isRelay = false, ...rest } = parameters
  const there = await createTestHost()
  stops.push(() => Promise.resolve(there.host.stop()))
  const [address = multiaddr('/ip4/127.0.0.1/tcp/1')] = there.host.getMultiaddrs()
  const relays = isRelay ? [address.toString()] : []
  const host = await createNodeHost({ network: { chainId, relays }, ...rest })
  stops.push(() => Promise.resolve(host.stop()))
  const dial = (text: string) => host.dial(multiaddr(text), { signal: AbortSignal.timeout(10_000) })
  return { there, text: address.toString(), dial }
}

test('a client on a real network knocks at no door of its own machine that a record names', async () => {
  const { there, text, dial } = await setUp({ chainId: 1 })
  for (const address of [text, text.replace('/ip4/127.0.0.1', '/dns4/localhost')]) {
    await expect(dial(address)).rejects.toMatchObject({ name: 'DialDeniedError' })
  }
  expect(there.host.getConnections()).toEqual([])
})

test.each(['garbage', '/ip4/1/tcp/1/p2p/12D3KooWJtd2FDv5k6KVu9BwsFZNt5qTa3fu5pq43Rbfw7Nd2HLu'])(
  'a network file with the relay address %s is refused as a setting',
  async (text) => {
    await expect(createNodeHost({ network: { chainId: 1, relays: [text] } })).rejects.toMatchObject({
      code: 'setting-invalid',
      details: text,
    })
  },
)

test.each([
  ['the relays of its network file, wherever they are', { chainId: 1, isRelay: true }],
  ['private addresses where it is told so', { chainId: 1, allowPrivateAddresses: true }],
  ['its own machine on the development chain', { chainId: 31_337 }],
])('it reaches %s', async (_, parameters) => {
  const { there, text, dial } = await setUp(parameters)
  expect((await dial(text)).remotePeer.toString()).toBe(there.peerId)
})
