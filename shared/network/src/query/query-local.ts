/**
 * `/enigma/query/1.0.0`, serving side: a query for this node is answered, any other is passed on towards its audience.
 * Frames are opaque here; they are pulled from the answer or the next hop as the asker takes them, so a relay holds one
 * window a query. A stream that has its answer may bring the next query.
 */
import { decodeCbor, limits, MarketplaceError, protocolIds, transportCodes } from '@enigma/protocol'
import { type ConcurrencyLimiter, createConcurrencyLimiter, createSeenSet, type SeenSet } from '../admission.ts'
import { timedOut, unreadable } from '../framing/frame-errors.ts'
import type { FrameGroup } from '../framing/frame-group.ts'
import { type Message, readCbor } from '../framing/message.ts'
import {
  type ProtocolHost,
  type ProtocolServer,
  type RemotePeer,
  type ServeCall,
  serveProtocol,
} from '../framing/serve-protocol.ts'
import { sendWindowed, type SentTransfer } from '../framing/send-windowed.ts'
import type { TransferObserver } from '../framing/window.ts'
import { networkLimits } from '../network-limits.ts'
import { remoteGroup } from '../remote-group.ts'
import { maxRouteBytes, type QueryRoute, queryRouteSchema } from './query-route.ts'

const idleMs = networkLimits.pooledStreamIdleMs

export type IncomingQuery = {
  /** An encoded `SealedQuery`, at most `limits.sealedQueryBytes`, not looked into. */
  sealed: Uint8Array
  route: QueryRoute
  remote: RemotePeer
  /** Aborted when the asker cancels or is gone. */
  signal: AbortSignal
}

/** Frames of an answer, in groups that go out together; throws `MarketplaceError` with a transport code to refuse in clear text. */
export type QueryHandler = (query: IncomingQuery) => AsyncIterable<FrameGroup>

export type HandleQueriesParameters = {
  host: ProtocolHost
  /** This node's peerId. */
  peerId: string
  /** Answers queries for this node; absent on a pure relay. */
  answer?: QueryHandler | undefined
  /** Passes on a query whose `ttl` was already reduced; absent on a node that is no relay. */
  forward?: QueryHandler | undefined
  /** Queries under way from one peer; 64 when absent. */
  maxPerPeer?: number | undefined
  /** Queries under way together; 512 when absent. */
  maxTotal?: number | undefined
  /** Queries under way from one address; 256 when absent. */
  maxPerAddress?: number | undefined
  /** Queries under way to one other node; 128 when absent. */
  maxPerAudience?: number | undefined
  /** For one query from its request to the end of its answer; `networkLimits.queryTotalMs` when absent. */
  queryTotalMs?: number | undefined
  /** A monotonic clock. */
  nowMs?: (() => number) | undefined
  observer?: TransferObserver | undefined
  onError: (error: unknown) => void
}

type QueryServer = HandleQueriesParameters & {
  peers: ConcurrencyLimiter
  addresses: ConcurrencyLimiter
  audiences: ConcurrencyLimiter
  seen: SeenSet
}

/** Serves the query protocol on a host. */
export function handleQueries(parameters: HandleQueriesParameters): Promise<ProtocolServer> {
  const { host, onError, maxPerPeer = 64, maxTotal = 512, nowMs = () => performance.now() } = parameters
  const { maxPerAddress = 256, maxPerAudience = 128 } = parameters
  const server: QueryServer = {
    ...parameters,
    peers: createConcurrencyLimiter({ perKey: maxPerPeer, total: maxTotal }),
    addresses: createConcurrencyLimiter({ perKey: maxPerAddress, total: maxTotal }),
    audiences: createConcurrencyLimiter({ perKey: maxPerAudience, total: maxTotal }),
    seen: createSeenSet({ ttlMs: 2 * limits.requestSeconds * 1000, maxEntries: 100_000, nowMs }),
  }
  return serveProtocol({
    host,
    protocol: protocolIds.query,
    codes: transportCodes,
    fallback: 'no-route',
    firstFrameTimeoutMs: networkLimits.pooledStreamIdleMs,
    serve: (call) => serveQueries(server, call),
    onError,
  })
}

/** One query after the other, for as long as the asker keeps the stream. */
async function serveQueries(server: QueryServer, call: ServeCall): Promise<void> {
  const { channel } = call
  let route = await readCbor(channel, { schema: queryRouteSchema, maxBytes: maxRouteBytes, what: 'route' })
  for (;;) {
    const { next } = await serveQuery(server, call, route)
    const timer = setTimeout(() => channel.abort(timedOut('ask again', idleMs)), idleMs)
    const message = await next.finally(() => clearTimeout(timer))
    if (message === undefined) return channel.close()
    route = readRoute(message)
  }
}

async function serveQuery(server: QueryServer, call: ServeCall, route: QueryRoute): Promise<SentTransfer> {
  const { channel, remote, signal } = call
  const sealed = await channel.read({ maxBytes: limits.sealedQueryBytes, timeoutMs: networkLimits.frameTimeoutMs })
  if (sealed === undefined) throw unreadable('The peer ended before its query.')
  const leave = enter(server, remote, route)
  if (leave === undefined) throw new MarketplaceError({ code: 'busy', message: 'This node has no room; try another.' })
  const deadline = createDeadline(signal, server.queryTotalMs ?? networkLimits.queryTotalMs)
  try {
    const groups = dispatch(server, { sealed, route, remote, signal: deadline.signal })
    return await sendWindowed({ channel, groups, signal: deadline.signal, observer: server.observer })
  } finally {
    deadline.clear()
    leave()
  }
}

function readRoute({ tag, body }: Message): QueryRoute {
  if (tag !== 'request') throw unreadable('The peer sent no request.')
  return decodeCbor({
    bytes: body,
    schema: queryRouteSchema,
    maxBytes: maxRouteBytes,
    code: 'unreadable',
    what: 'route',
  })
}

/** Takes a place of the peer, its address and, for a query that is passed on, of its audience; undefined without room. */
function enter(server: QueryServer, remote: RemotePeer, { audience }: QueryRoute): (() => void) | undefined {
  const taken: (() => void)[] = []
  const leave = () => taken.forEach((giveBack) => giveBack())
  const wanted: [ConcurrencyLimiter, string][] = [
    [server.peers, remote.peerId],
    [server.addresses, remoteGroup(remote.address)],
  ]
  if (audience !== server.peerId) wanted.push([server.audiences, audience])
  for (const [limiter, key] of wanted) {
    const giveBack = limiter.enter(key)
    if (giveBack === undefined) {
      leave()
      return undefined
    }
    taken.push(giveBack)
  }
  return leave
}

/** The caller's signal with an end of its own; nothing of it stays once it is cleared. */
function createDeadline(signal: AbortSignal, timeoutMs: number) {
  const end = new AbortController()
  const onAbort = () => end.abort(signal.reason)
  const timer = setTimeout(() => end.abort(timedOut('take its whole answer', timeoutMs)), timeoutMs)
  signal.addEventListener('abort', onAbort)
  if (signal.aborted) onAbort()
  return {
    signal: end.signal,
    clear() {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
    },
  }
}

function dispatch(server: QueryServer, query: IncomingQuery): AsyncIterable<FrameGroup> {
  const { route } = query
  if (!server.seen.add(route.queryId.join())) throw noRoute('This query has already passed here.')
  if (route.audience === server.peerId) {
    if (server.answer === undefined) throw noRoute('This node answers no queries.')
    return server.answer(query)
  }
  if (server.forward === undefined) throw noRoute('This node passes no queries on.')
  if (route.ttl === 0) throw noRoute('The query has passed as many relays as it may.')
  return server.forward({ ...query, route: { ...route, ttl: route.ttl - 1 } })
}

function noRoute(message: string): MarketplaceError {
  return new MarketplaceError({ code: 'no-route', message })
}
