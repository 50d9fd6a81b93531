import { afterEach, describe, expect, test } from 'vitest'
import {
  createQueryId,
  createStreamPool,
  fetchAcceptanceTerms,
  fetchLatestSnapshot,
  fetchPage,
  framesOfGroups,
  handleAcceptance,
  handleSnapshots,
  locateDataset,
  openStream,
  sendQuery,
} from '@enigma/network'
import { encodeCbor, type Hex, limits, MarketplaceError, protocolIds, uint32be } from '@enigma/protocol'
import type { Connection, Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { addressesOf, createCleanup, peerIdOf, startHost } from './support/nodes.ts'
import { startRelay } from './support/relays.ts'

const cleanup = createCleanup()
afterEach(() => cleanup.run())

const dataset: Hex = `0x${'22'.repeat(32)}`
const signer: Hex = `0x${'44'.repeat(20)}`
const version = [4, ...uint32be(1)]

/** Bytes as they go onto the stream, and whether the sender then ends. */
const cases: { name: string; bytes: number[]; ends: boolean }[] = [
  { name: 'a length of five varint bytes', bytes: [0xff, 0xff, 0xff, 0xff, 0x01], ends: false },
  { name: 'a first frame that is no version word', bytes: [2, 0, 1], ends: false },
  { name: 'an oversized first frame', bytes: [0xff, 0xff, 0x7f], ends: false },
  { name: 'an oversized request', bytes: [...version, 0xff, 0xff, 0x7f], ends: false },
  { name: 'a request cut in its middle', bytes: [...version, 100, 1, 2, 3], ends: true },
  { name: 'a version word without a request', bytes: version, ends: true },
  { name: 'a request that is not CBOR', bytes: [...version, 3, 0xff, 0xff, 0xff], ends: true },
  { name: 'a request of another form', bytes: framed(encodeCbor({ kind: 'surprise', extra: [1, 2, 3] })), ends: true },
  { name: 'an empty request', bytes: [...version, 0], ends: true },
]

function framed(body: Uint8Array): number[] {
  return [...version, body.length, ...body]
}

async function startEverything() {
  const { host, errors } = await startRelay({
    cleanup,
    answer: async function* () {
      await Promise.resolve()
      yield { frames: [Uint8Array.of(9)], isLast: false }
    },
  })
  const server = await handleSnapshots({
    host: host.node,
    mayFetch: () => true,
    onError: (error) => errors.push(error),
  })
  cleanup.add(() => server.stop())
  const closed = new MarketplaceError({ code: 'not-accepted', message: 'This node takes no datasets.' })
  const desk = {
    terms: () => {
      throw closed
    },
    accept: () => Promise.reject(closed),
  }
  const acceptance = await handleAcceptance({ host: host.node, desk, onError: (error) => errors.push(error) })
  cleanup.add(() => acceptance.stop())
  const client = await startHost({ cleanup, kind: 'public', listen: [] })
  const connection = await client.node.dial(addressesOf(host).map((text) => multiaddr(text)))
  return { host, errors, connection }
}

/** Sends raw bytes and returns what comes back until the stream is over. */
async function sendRaw(connection: Connection, protocol: string, bytes: number[], ends: boolean): Promise<Uint8Array> {
  const stream: Stream = await connection.newStream(protocol)
  const received: number[] = []
  const over = new Promise<void>((resolve) => {
    stream.addEventListener('message', ({ data }) => received.push(...data.subarray()))
    stream.addEventListener('end', () => resolve())
    stream.addEventListener('close', () => resolve())
  })
  stream.send(Uint8Array.from(bytes))
  if (ends) await stream.close()
  await over
  stream.abort(new Error('done'))
  return Uint8Array.from(received)
}

const honest: Record<string, (connection: Connection, peerId: string) => Promise<unknown>> = {
  [protocolIds.locate]: (connection) =>
    expect(locateDataset({ connection, dataset })).rejects.toMatchObject({ code: 'dataset-unknown' }),
  [protocolIds.catalogue]: async (connection) =>
    expect(await fetchPage({ connection, page: { sort: 'rank', offset: 0, limit: 1 } })).toEqual({
      total: 0,
      entries: [],
    }),
  [protocolIds.snapshot]: (connection) =>
    expect(fetchLatestSnapshot({ connection, dataset })).rejects.toMatchObject({ code: 'snapshot-unknown' }),
  [protocolIds.acceptance]: (connection) =>
    expect(fetchAcceptanceTerms({ connection, curator: signer, signer })).rejects.toMatchObject({
      code: 'not-accepted',
    }),
  [protocolIds.query]: async (connection, audience) => {
    const streams = createStreamPool({ protocol: protocolIds.query })
    const route = { audience, dataset, queryId: createQueryId(), ttl: 0 }
    const frames: Uint8Array[] = []
    for await (const group of sendQuery({ streams, connection, route, sealed: new Uint8Array(10) })) {
      frames.push(...group.frames)
    }
    expect(frames).toEqual([Uint8Array.of(9)])
    streams.close()
  },
}

describe.each(Object.keys(honest))('%s', (protocol) => {
  test('refuses every malformed opening and serves the honest one after it', async () => {
    const { host, errors, connection } = await startEverything()
    for (const { name, bytes, ends } of cases) {
      const reply = await sendRaw(connection, protocol, bytes, ends)
      expect(new TextDecoder().decode(reply), name).toContain('unreadable')
      await honest[protocol]?.(connection, peerIdOf(host))
    }
    expect(errors).toEqual([])
  })

  test('answers another version in words', async () => {
    const { connection } = await startEverything()
    const reply = await sendRaw(connection, protocol, [4, ...uint32be(2)], false)
    expect(new TextDecoder().decode(reply)).toContain('version-mismatch')
    expect(new TextDecoder().decode(reply)).toContain('speaks version 1')
  })
})

describe('frames', () => {
  test('that arrive byte by byte are read all the same', async () => {
    const { connection } = await startEverything()
    const stream: Stream = await connection.newStream(protocolIds.locate)
    const received: number[] = []
    const over = new Promise<void>((resolve) => stream.addEventListener('end', () => resolve()))
    stream.addEventListener('message', ({ data }) => received.push(...data.subarray()))
    for (const byte of framed(encodeCbor({ dataset }))) {
      stream.send(Uint8Array.of(byte))
      await new Promise((resolve) => setImmediate(resolve))
    }
    await stream.close()
    await over
    expect(new TextDecoder().decode(Uint8Array.from(received))).toContain('dataset-unknown')
  })
})

describe('a peer that floods', () => {
  test('a sealed query over the limit is refused', async () => {
    const { host, connection } = await startEverything()
    const route = { audience: peerIdOf(host), dataset, queryId: createQueryId(), ttl: 0 }
    const streams = createStreamPool({ protocol: protocolIds.query })
    const sealed = new Uint8Array(limits.sealedQueryBytes + 1)
    const ask = async () => {
      for await (const { frames } of sendQuery({ streams, connection, route, sealed }))
        expect.fail(String(frames.length))
    }
    await expect(ask()).rejects.toMatchObject({ code: 'unreadable' })
    streams.close()
  })

  test('an answer that breaks its window ends in an error, not in memory', async () => {
    const node = await startHost({ cleanup, kind: 'public' })
    const sent = Promise.withResolvers<undefined>()
    await node.node.handle(protocolIds.query, async (stream) => {
      const frame = new Uint8Array(3 + 1 + 200_000)
      // Length 200,001 as a varint, then the tag of data.
      frame.set([0xc1, 0x9a, 0x0c, 1])
      for (let count = 0; count < 100 && stream.writeStatus === 'writable'; count++) {
        stream.send(frame)
        await new Promise((resolve) => setImmediate(resolve))
      }
      sent.resolve(undefined)
    })
    const client = await startHost({ cleanup, kind: 'public', listen: [] })
    const connection = await client.node.dial(addressesOf(node).map((text) => multiaddr(text)))
    const streams = createStreamPool({ protocol: protocolIds.query })
    const route = { audience: peerIdOf(node), dataset, queryId: createQueryId(), ttl: 0 }
    const frames = framesOfGroups(sendQuery({ streams, connection, route, sealed: new Uint8Array(10) }))
    const first = await frames.next()
    expect(first.value).toHaveLength(200_000)
    await sent.promise
    const rest = async () => {
      for (let next = await frames.next(); next.done !== true; next = await frames.next())
        expect(next.value.length).toBe(200_000)
    }
    await expect(rest()).rejects.toMatchObject({ code: expect.stringMatching(/unreadable|no-route/) as string })
    streams.close()
  })

  test('a stream of a protocol that nobody serves is no route', async () => {
    const { connection } = await startEverything()
    await expect(openStream({ connection, protocol: '/enigma/nothing/1.0.0' })).rejects.toMatchObject({
      code: 'no-route',
    })
  })
})
