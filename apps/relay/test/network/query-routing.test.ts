import { afterEach, describe, expect, test, vi } from 'vitest'
import {
  createFramedStream,
  createQueryId,
  createStreamPool,
  encodeQueryRoute,
  type FrameGroup,
  framesOfGroups,
  handleQueries,
  networkLimits,
  type QueryHandler,
  type QueryRoute,
  sendQuery,
  type TransferObserver,
} from '@enigma/network'
import { MarketplaceError, protocolIds, uint32be } from '@enigma/protocol'
import type { Connection } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import type { Host } from '../../src/host/create-host.ts'
import { createRecord, newAccount } from './support/datasets.ts'
import { addressesOf, createCleanup, peerIdOf, startHost } from './support/nodes.ts'
import { startRelay, type TestRelay } from './support/relays.ts'

const cleanup = createCleanup()
afterEach(() => cleanup.run())

const dataset = `0x${'22'.repeat(32)}` as const
const sealed = new Uint8Array(1000).fill(7)

function routeTo(host: Host, ttl = 3): QueryRoute {
  return { audience: peerIdOf(host), dataset, queryId: createQueryId(), ttl }
}

async function startNode(answer: QueryHandler, observer?: TransferObserver) {
  const host = await startHost({ cleanup, kind: 'public' })
  const errors: unknown[] = []
  const onError = (error: unknown) => errors.push(error)
  const server = await handleQueries({ host: host.node, peerId: peerIdOf(host), answer, observer, onError })
  cleanup.add(() => server.stop())
  return { host, errors }
}

async function startClient() {
  const { node } = await startHost({ cleanup, kind: 'public', listen: [] })
  const streams = createStreamPool({ protocol: protocolIds.query })
  cleanup.add(() => {
    streams.close()
    return Promise.resolve()
  })
  return { node, streams, dial: (host: Host) => node.dial(addressesOf(host).map((text) => multiaddr(text))) }
}

async function collect(groups: AsyncIterable<FrameGroup>): Promise<Uint8Array[]> {
  const all: Uint8Array[] = []
  for await (const frame of framesOfGroups(groups)) all.push(frame)
  return all
}

const echo: QueryHandler = async function* ({ sealed: bytes }) {
  yield { frames: [Uint8Array.of(1, 2, 3)], isLast: false }
  await Promise.resolve()
  yield { frames: [bytes], isLast: true }
}

/** A chain of relays of which only the last knows the node's addresses; each names the next one in a circuit address. */
async function startChain(count: number, target: Host): Promise<TestRelay[]> {
  const relays = await Promise.all(Array.from({ length: count }, () => startRelay({ cleanup })))
  const account = newAccount()
  const node = { host: target, account, roles: ['persistence' as const] }
  for (const [index, relay] of relays.entries()) {
    const next = relays[index + 1]?.host
    const multiaddrs = next && addressesOf(next).map((address) => `${address}/p2p-circuit/p2p/${peerIdOf(target)}`)
    const signed = await createRecord({ node, seq: 1, ...(multiaddrs && { multiaddrs }) })
    await relay.role.announceOwn({ kind: 'record', signed })
  }
  return relays
}

describe('a query finds its way', () => {
  test.each([0, 1, 2, 3])('over %i relays', async (count) => {
    const { host, errors } = await startNode(echo)
    const relays = await startChain(count, host)
    const client = await startClient()
    const connection = await client.dial(relays[0]?.host ?? host)
    const frames = await collect(sendQuery({ streams: client.streams, connection, route: routeTo(host), sealed }))
    expect(frames).toEqual([Uint8Array.of(1, 2, 3), sealed])
    expect(errors).toEqual([])
    expect(relays.flatMap((relay) => relay.errors)).toEqual([])
  })

  test('but not over four', async () => {
    const { host } = await startNode(echo)
    const relays = await startChain(4, host)
    const client = await startClient()
    const connection = await client.dial(relays[0]!.host)
    const answer = collect(sendQuery({ streams: client.streams, connection, route: routeTo(host), sealed }))
    await expect(answer).rejects.toMatchObject({ code: 'no-route' })
  })

  test('and never the same query twice', async () => {
    const { host } = await startNode(echo)
    const client = await startClient()
    const connection = await client.dial(host)
    const route = routeTo(host)
    await collect(sendQuery({ streams: client.streams, connection, route, sealed }))
    const again = collect(sendQuery({ streams: client.streams, connection, route, sealed }))
    await expect(again).rejects.toMatchObject({ code: 'no-route' })
  })

  test('not at all to a node that nobody knows', async () => {
    const stranger = await startHost({ cleanup, kind: 'public' })
    const relay = await startRelay({ cleanup })
    const client = await startClient()
    const connection = await client.dial(relay.host)
    const answer = collect(sendQuery({ streams: client.streams, connection, route: routeTo(stranger), sealed }))
    await expect(answer).rejects.toMatchObject({ code: 'no-route' })
  })
})

describe('a stream', () => {
  /** Streams of the query protocol that a connection holds. */
  const streamsOf = ({ streams }: Connection) => streams.filter(({ protocol }) => protocol === protocolIds.query).length

  test('serves one query after the other, also where the last credit comes late', async () => {
    // Just below a quarter of the window goes unacknowledged in each answer.
    const bytes = networkLimits.windowBytes / 4 - 64
    const { host, errors } = await startNode(async function* ({ sealed: asked }) {
      yield { frames: [new Uint8Array(bytes), asked], isLast: false }
      await Promise.resolve()
      yield { frames: [], isLast: true }
    })
    const [relay] = await startChain(1, host)
    const client = await startClient()
    const connection = await client.dial(relay!.host)
    await client.streams.warm(connection)
    const before = streamsOf(connection)
    for (let turn = 0; turn < 12; turn++) {
      const sealed = Uint8Array.of(turn)
      const frames = await collect(sendQuery({ streams: client.streams, connection, route: routeTo(host), sealed }))
      expect(frames.map(({ length }) => length)).toEqual([bytes, 1])
      expect(frames[1]).toEqual(sealed)
    }
    expect(streamsOf(connection)).toBe(before)
    expect([...errors, ...relay!.errors]).toEqual([])
  })

  test('is not used again after a refusal or an answer that was left', async () => {
    let turn = 0
    const { host } = await startNode(async function* () {
      if (turn++ === 0) throw new MarketplaceError({ code: 'busy', message: 'No room.' })
      yield { frames: [Uint8Array.of(turn)], isLast: false }
      await Promise.resolve()
      yield { frames: [Uint8Array.of(turn)], isLast: true }
    })
    const client = await startClient()
    const connection = await client.dial(host)
    const ask = () => sendQuery({ streams: client.streams, connection, route: routeTo(host), sealed })
    await expect(collect(ask())).rejects.toMatchObject({ code: 'busy' })
    for await (const { frames } of ask()) {
      expect(frames[0]).toEqual(Uint8Array.of(2))
      break
    }
    expect((await collect(ask()))[0]).toEqual(Uint8Array.of(3))
  })

  test('on which a peer asks before its answer has ended is reset', async () => {
    const asked = Promise.withResolvers<undefined>()
    const { host } = await startNode(async function* () {
      await asked.promise
      yield { frames: [Uint8Array.of(1)], isLast: true }
    })
    const client = await startClient()
    const connection = await client.dial(host)
    const stream = await connection.newStream(protocolIds.query)
    const channel = createFramedStream({ stream })
    const again = [[Uint8Array.of(5), encodeQueryRoute(routeTo(host))], [sealed]]
    await channel.write([[uint32be(1)], [encodeQueryRoute(routeTo(host))], [sealed], ...again])
    asked.resolve(undefined)
    const read = () => channel.read({ maxBytes: 9000, timeoutMs: 5000 })
    expect(new TextDecoder().decode(await read())).toContain('unreadable')
    channel.abort(new Error('done'))
  })

  test('that grants more credit than it took is refused', async () => {
    const { host } = await startNode(echo)
    const client = await startClient()
    const connection = await client.dial(host)
    const channel = createFramedStream({ stream: await connection.newStream(protocolIds.query) })
    await channel.write([[uint32be(1)], [encodeQueryRoute(routeTo(host))], [sealed]])
    const read = () => channel.read({ maxBytes: 9000, timeoutMs: 5000 })
    for (const tag of [1, 1, 2]) expect((await read())?.[0]).toBe(tag)
    await channel.write([[Uint8Array.of(3), uint32be(networkLimits.windowBytes)]])
    expect(new TextDecoder().decode(await read())).toContain('unreadable')
    channel.abort(new Error('done'))
  })
})

describe('a refusal in clear text', () => {
  test('comes back over a relay with its code', async () => {
    const { host } = await startNode(() => {
      throw new MarketplaceError({ code: 'busy', message: 'No room.' })
    })
    const [relay] = await startChain(1, host)
    const client = await startClient()
    const connection = await client.dial(relay!.host)
    const answer = collect(sendQuery({ streams: client.streams, connection, route: routeTo(host), sealed }))
    await expect(answer).rejects.toMatchObject({ code: 'busy', shortMessage: 'No room.' })
  })
})

function bytesOf({ value }: IteratorResult<FrameGroup, void>): number {
  return value?.frames.reduce((sum, frame) => sum + frame.length, 0) ?? 0
}

/** Frames without end; counts what was pulled, and notes how it ended. */
function createFlood(frameBytes: number) {
  const state = { pulledBytes: 0, hasEnded: false }
  const handler: QueryHandler = async function* ({ signal }) {
    try {
      while (!signal.aborted) {
        state.pulledBytes += frameBytes
        yield { frames: [new Uint8Array(frameBytes)], isLast: false }
        await Promise.resolve()
      }
    } finally {
      state.hasEnded = true
    }
  }
  return { state, handler }
}

describe('back-pressure', () => {
  test('a slow reader holds the node within the windows of the way', async () => {
    const flood = createFlood(64 * 1024)
    let sentByRelay = 0
    let mostBuffered = 0
    const { host } = await startNode(flood.handler)
    const relay = await startRelay({
      cleanup,
      observer: {
        onSent: (bytes) => (sentByRelay += bytes),
        onBuffered: (bytes) => (mostBuffered = Math.max(mostBuffered, bytes)),
      },
    })
    const signed = await createRecord({ node: { host, account: newAccount(), roles: ['persistence'] }, seq: 1 })
    await relay.role.announceOwn({ kind: 'record', signed })
    const client = await startClient()
    const connection = await client.dial(relay.host)
    const frames = sendQuery({ streams: client.streams, connection, route: routeTo(host), sealed })
    let consumed = bytesOf(await frames.next())
    const window = networkLimits.windowBytes
    // One more window is spoken for once the node has filled what the relay and the client may hold.
    await vi.waitFor(() => expect(flood.state.pulledBytes).toBeGreaterThan(1.5 * window))
    for (let turn = 0; turn < 50; turn++) {
      consumed += bytesOf(await frames.next())
      expect(flood.state.pulledBytes - consumed).toBeLessThanOrEqual(2 * window + 4 * 64 * 1024)
      expect(sentByRelay - consumed).toBeLessThanOrEqual(window + 64 * 1024)
    }
    expect(mostBuffered).toBeLessThanOrEqual(1024 * 1024)
    await frames.return()
    await vi.waitFor(() => expect(flood.state.hasEnded).toBe(true))
  })

  test('leaving early cancels the node over relays', async () => {
    const flood = createFlood(1024)
    const { host, errors } = await startNode(flood.handler)
    const relays = await startChain(2, host)
    const client = await startClient()
    const connection = await client.dial(relays[0]!.host)
    for await (const { frames } of sendQuery({ streams: client.streams, connection, route: routeTo(host), sealed })) {
      expect(frames[0]).toHaveLength(1024)
      break
    }
    await vi.waitFor(() => expect(flood.state.hasEnded).toBe(true))
    expect(errors).toEqual([])
  })

  test('so does its signal, while nothing has come yet', async () => {
    let seen: AbortSignal | undefined
    const { host } = await startNode(async function* ({ signal }) {
      seen = signal
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      yield* []
    })
    const [relay] = await startChain(1, host)
    const client = await startClient()
    const connection = await client.dial(relay!.host)
    const stop = new AbortController()
    const route = routeTo(host)
    const answer = collect(sendQuery({ streams: client.streams, connection, route, sealed, signal: stop.signal }))
    const settled = expect(answer).rejects.toMatchObject({ code: 'aborted' })
    await vi.waitFor(() => expect(seen).toBeDefined())
    stop.abort()
    await settled
    await vi.waitFor(() => expect(seen?.aborted).toBe(true))
  })
})

describe('a loss on the way', () => {
  test('the relay dies in the middle of an answer', async () => {
    const flood = createFlood(16 * 1024)
    const { host } = await startNode(flood.handler)
    const [relay] = await startChain(1, host)
    const client = await startClient()
    const connection = await client.dial(relay!.host)
    const frames = sendQuery({ streams: client.streams, connection, route: routeTo(host), sealed })
    await frames.next()
    const before = performance.now()
    abortConnections(relay!.host)
    const rest = collect(frames)
    await expect(rest).rejects.toMatchObject({ code: 'no-route' })
    expect(performance.now() - before).toBeLessThan(20_000)
    await vi.waitFor(() => expect(flood.state.hasEnded).toBe(true))
  })

  test('a node that stays silent is given up in time', async () => {
    const { host } = await startNode(async function* ({ signal }) {
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      yield* []
    })
    const client = await startClient()
    const connection = await client.dial(host)
    const route = routeTo(host)
    const answer = collect(sendQuery({ streams: client.streams, connection, route, sealed, idleTimeoutMs: 300 }))
    await expect(answer).rejects.toMatchObject({ code: 'timeout' })
  })

  test('more queries than a node takes from one peer are refused, and later ones served', async () => {
    const gate = Promise.withResolvers<undefined>()
    const host = await startHost({ cleanup, kind: 'public' })
    const server = await handleQueries({
      host: host.node,
      peerId: peerIdOf(host),
      maxPerPeer: 2,
      answer: async function* () {
        await gate.promise
        yield { frames: [Uint8Array.of(1)], isLast: true }
      },
      onError: (error) => expect.fail(String(error)),
    })
    cleanup.add(() => server.stop())
    const client = await startClient()
    const connection = await client.dial(host)
    const ask = () => collect(sendQuery({ streams: client.streams, connection, route: routeTo(host), sealed }))
    const refused: string[] = []
    const outcomes = Array.from({ length: 4 }, () =>
      ask().then(
        () => 'ok',
        (error: unknown) => {
          refused.push((error as MarketplaceError).code)
          return 'refused'
        },
      ),
    )
    await vi.waitFor(() => expect(refused).toEqual(['busy', 'busy']))
    gate.resolve(undefined)
    expect((await Promise.all(outcomes)).sort()).toEqual(['ok', 'ok', 'refused', 'refused'])
    // The client may see the end of an answer before the node has counted it as ended.
    await vi.waitFor(async () => expect(await ask()).toEqual([Uint8Array.of(1)]))
  })
})

function abortConnections(host: Host): void {
  for (const connection of host.node.getConnections()) connection.abort(new Error('killed'))
}
