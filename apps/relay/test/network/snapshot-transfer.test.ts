import { afterEach, describe, expect, test, vi } from 'vitest'
import {
  fetchLatestSnapshot,
  fetchSegment,
  handleSnapshots,
  offerSnapshot,
  type SnapshotOffer,
  type SnapshotProvider,
} from '@enigma/network'
import { concatBytes, type Hex, MarketplaceError, type SignedHead } from '@enigma/protocol'
import { multiaddr } from '@multiformats/multiaddr'
import { addressesOf, createCleanup, peerIdOf, startHost } from './support/nodes.ts'

const cleanup = createCleanup()
afterEach(() => cleanup.run())

const dataset: Hex = `0x${'22'.repeat(32)}`
const hash: Hex = `0x${'33'.repeat(32)}`
const signed: SignedHead = {
  head: { dataset, seq: 7, previousRoot: hash, root: hash, createdAt: 1 },
  publisher: `0x${'44'.repeat(20)}`,
  signature: `0x${'55'.repeat(65)}`,
}
const description = Uint8Array.from({ length: 700_000 }, (_, index) => index % 251)
const segment = Uint8Array.from({ length: 3_000_000 }, (_, index) => (index * 7) % 256)

async function startPublisher({ onRead }: { onRead?: (offset: number) => void } = {}) {
  const publisher = await startHost({ cleanup, kind: 'public' })
  const listed = await startHost({ cleanup, kind: 'public', listen: [] })
  const offers: SnapshotOffer[] = []
  const provider: SnapshotProvider = {
    latest: (id) => Promise.resolve(id === dataset ? { signed, description } : undefined),
    async *readSegment({ hash: wanted, offset }) {
      if (wanted !== hash) throw new MarketplaceError({ code: 'snapshot-unknown', message: 'No such segment.' })
      for (let at = offset; at < segment.length; at += 100_000) {
        onRead?.(at)
        yield segment.subarray(at, at + 100_000)
        await Promise.resolve()
      }
    },
  }
  const server = await handleSnapshots({
    host: publisher.node,
    provider,
    mayFetch: ({ peerId }) => peerId === peerIdOf(listed),
    onOffer: (offer) => void offers.push(offer),
    onError: (error) => expect.fail(String(error)),
  })
  cleanup.add(() => server.stop())
  const dial = (from: typeof listed) => from.node.dial(addressesOf(publisher).map((text) => multiaddr(text)))
  return { publisher, listed, offers, dial }
}

async function read(chunks: AsyncIterable<Uint8Array>, until = Infinity): Promise<Uint8Array> {
  const all: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of chunks) {
    all.push(chunk)
    bytes += chunk.length
    if (bytes >= until) break
  }
  return concatBytes(...all)
}

describe('snapshot transfer', () => {
  test('a listed node pulls the head, its description and a segment', async () => {
    const { listed, dial } = await startPublisher()
    const connection = await dial(listed)
    expect(await fetchLatestSnapshot({ connection, dataset })).toEqual({ signed, description })
    const bytes = await read(fetchSegment({ connection, dataset, hash, bytes: segment.length, offset: 0 }))
    expect(Buffer.compare(bytes, segment)).toBe(0)
  })

  test('goes on from where it was cut', async () => {
    const reads: number[] = []
    const { listed, dial } = await startPublisher({ onRead: (offset) => reads.push(offset) })
    const connection = await dial(listed)
    const request = { connection, dataset, hash, bytes: segment.length }
    const first = await read(fetchSegment({ ...request, offset: 0 }), 1_000_000)
    expect(first.length).toBeLessThan(segment.length)
    connection.abort(new Error('cut'))
    const again = await dial(listed)
    reads.length = 0
    const rest = await read(fetchSegment({ ...request, connection: again, offset: first.length }))
    expect(Buffer.compare(concatBytes(first, rest), segment)).toBe(0)
    expect(reads[0]).toBe(first.length)
  })

  test('a stranger gets nothing', async () => {
    const { dial } = await startPublisher()
    const stranger = await startHost({ cleanup, kind: 'public', listen: [] })
    const connection = await dial(stranger)
    await expect(fetchLatestSnapshot({ connection, dataset })).rejects.toMatchObject({ code: 'snapshot-stranger' })
    const pulled = read(fetchSegment({ connection, dataset, hash, bytes: segment.length, offset: 0 }))
    await expect(pulled).rejects.toMatchObject({ code: 'snapshot-stranger' })
  })

  test('what is not there, and more than was said, are refused by name', async () => {
    const { listed, dial } = await startPublisher()
    const connection = await dial(listed)
    const other: Hex = `0x${'66'.repeat(32)}`
    await expect(fetchLatestSnapshot({ connection, dataset: other })).rejects.toMatchObject({
      code: 'snapshot-unknown',
    })
    const unknown = read(fetchSegment({ connection, dataset, hash: other, bytes: 1, offset: 0 }))
    await expect(unknown).rejects.toMatchObject({ code: 'snapshot-unknown' })
    const longer = read(fetchSegment({ connection, dataset, hash, bytes: 1000, offset: 0 }))
    await expect(longer).rejects.toMatchObject({ code: 'snapshot-invalid' })
    expect(await fetchLatestSnapshot({ connection, dataset })).toEqual({ signed, description })
  })

  test('an offer arrives with the connection to pull over', async () => {
    const { publisher, listed, offers, dial } = await startPublisher()
    await offerSnapshot({ connection: await dial(listed), signed })
    await vi.waitFor(() => expect(offers).toHaveLength(1))
    expect(offers[0]).toMatchObject({ signed, remote: { peerId: peerIdOf(listed) } })
    const back = offerSnapshot({ connection: offers[0]!.connection, signed })
    await expect(back).rejects.toMatchObject({ code: 'no-route' })
    expect(peerIdOf(publisher)).not.toBe(peerIdOf(listed))
  })
})
