import { handleCatalogue } from '@enigma/network'
import { MarketplaceError, type SignedNodeRecord } from '@enigma/protocol'
import { multiaddr } from '@multiformats/multiaddr'
import { afterEach, expect, test, vi } from 'vitest'
import { addressesOf, createCleanup, peerIdOf, startHost } from '../../../test/network/support/nodes.ts'
import { startCatchUp } from './catch-up.ts'
import { relayLimits } from './relay-limits.ts'

const cleanup = createCleanup()
const waiting = { timeout: 20_000 }
afterEach(() => cleanup.run())

const ids = Array.from({ length: 900 }, (_, index) => `12D3KooW${String(index).padStart(44, 'a')}`.replaceAll('0', 'b'))
const signed: SignedNodeRecord = {
  record: Uint8Array.of(1),
  signature: `0x${'11'.repeat(65)}`,
  peerSignature: `0x${'22'.repeat(64)}`,
}

/** A peer with as many records as it likes, and a relay that catches up with it. */
async function setUp(accept: () => Promise<{ isNew: boolean }>, listed: readonly string[] = []) {
  const peer = await startHost({ cleanup, kind: 'public' })
  const asked: string[] = []
  let rounds = 0
  const server = await handleCatalogue({
    host: peer.node,
    catalogue: {
      accept: () => expect.fail(),
      page: () => expect.fail(),
      contents: () => {
        rounds++
        return { manifests: [], records: [...new Set(ids)].map((peerId) => ({ peerId, seq: 1 })) }
      },
      manifestOf: () => undefined,
      recordOf: (peerId) => {
        asked.push(peerId)
        return signed
      },
      accepting: () => [],
    },
    onError: (error) => expect.fail(String(error)),
  })
  cleanup.add(() => server.stop())
  const relay = await startHost({ cleanup, kind: 'public', listen: [] })
  let accepted = 0
  const errors: unknown[] = []
  const catchUp = startCatchUp({
    node: relay.node,
    catalogue: {
      wanted: () => ['0x01'],
      hasManifest: () => false,
      seqOf: () => undefined,
      isListedPeer: (peerId) => listed.includes(peerId),
    },
    chain: { metadataHashOf: () => undefined },
    accept: () => {
      accepted++
      return accept()
    },
    onError: (error) => errors.push(error),
  })
  const connect = () => relay.node.dial(addressesOf(peer).map((text) => multiaddr(text)))
  return { relay, peer, catchUp, connect, asked, errors, rounds: () => rounds, accepted: () => accepted }
}

test('of records that nobody lists a round asks for only so many, and for all that are listed', async () => {
  const all = [...new Set(ids)]
  const listed = all.slice(-3)
  const { catchUp, connect, asked, errors, accepted } = await setUp(() => Promise.resolve({ isNew: true }), listed)
  await connect()
  await vi.waitFor(() => expect(accepted()).toBe(relayLimits.catchUpUnlisted + listed.length), waiting)
  await catchUp.stop()
  expect(asked).toEqual([...all.slice(0, relayLimits.catchUpUnlisted), ...listed])
  expect(errors).toEqual([])
})

test('a peer of invalid items is left, and not asked again when it comes back', async () => {
  const invalid = new MarketplaceError({ code: 'node-record-invalid', message: 'Forged.' })
  const { relay, peer, connect, errors, rounds, accepted } = await setUp(() => Promise.reject(invalid))
  const connection = await connect()
  await vi.waitFor(() => expect(errors.length).toBe(relayLimits.catchUpInvalid + 1), waiting)
  expect(accepted()).toBe(relayLimits.catchUpInvalid)
  await connection.close()
  await vi.waitFor(() => expect(relay.node.getConnections()).toEqual([]), waiting)
  const identified = new Promise((resolve) => relay.node.addEventListener('peer:identify', resolve, { once: true }))
  await connect()
  await identified
  expect(rounds()).toBe(1)
  expect(relay.node.getPeers().map(String)).toEqual([peerIdOf(peer)])
})

test('once this relay has no room, no more is asked of records that nobody lists', async () => {
  const busy = new MarketplaceError({ code: 'busy', message: 'No room.' })
  const { catchUp, connect, asked, errors, rounds } = await setUp(() => Promise.reject(busy))
  await connect()
  await vi.waitFor(() => expect(asked.length).toBeGreaterThan(0), waiting)
  await vi.waitFor(() => expect(rounds()).toBe(1), waiting)
  await vi.waitFor(() => expect(asked).toHaveLength(64), waiting)
  await catchUp.stop()
  expect(errors).toEqual([])
})
