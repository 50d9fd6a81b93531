/**
 * Streams that are open and agreed before they are needed: a new stream costs several round trips, and libp2p 3.3 has no
 * optimistic negotiation. A stream serves one request at a time, and after it the next one.
 */
import type { Connection } from '@libp2p/interface'
import { networkLimits } from '../network-limits.ts'
import type { FramedStream } from './framed-stream.ts'
import { openStream } from './open-stream.ts'

/** A stream that nobody else has until it is given back. */
export type LeasedStream = {
  channel: FramedStream
  /** Whether it has served a request: its version is agreed. */
  isUsed: boolean
  /** Keeps it for the next request, once the answer was read to its end; one that is not idle is reset. */
  giveBack: () => void
}

export type StreamPool = {
  /** An open stream; throws as `openStream`. One that is not given back must be ended. */
  take: (parameters: { connection: Connection; signal?: AbortSignal | undefined }) => Promise<LeasedStream>
  /** Opens streams ahead of the first request; resolves when the pool of this connection is full or it is gone. */
  warm: (connection: Connection) => Promise<void>
  /** Keeps no stream of this connection any more, so that it can be closed; taken ones are not touched. */
  leave: (connection: Connection) => void
  /** Resets every pooled stream; taken ones are not touched. */
  close: () => void
}

export type CreateStreamPoolParameters = {
  protocol: string
  /** Streams opened ahead for each connection; 2 when absent. */
  size?: number
  /** Streams kept for each connection after a time of many requests at once. */
  maxKept?: number
  /** A monotonic clock. */
  nowMs?: () => number
}

type Entry = { channel: FramedStream; isUsed: boolean; sinceMs: number }
type Shelf = { entries: Entry[]; opening: number }

/** Creates an empty pool; it fills by use. */
export function createStreamPool({
  protocol,
  size = 2,
  maxKept = 32,
  nowMs = () => performance.now(),
}: CreateStreamPoolParameters): StreamPool {
  const shelves = new Map<Connection, Shelf>()
  const left = new WeakSet<Connection>()
  let isClosed = false
  const maxAgeMs = networkLimits.pooledStreamIdleMs / 2

  const keep = (connection: Connection, channel: FramedStream, isUsed: boolean) => {
    const shelf = shelves.get(connection)
    const isWanted =
      !isClosed &&
      !left.has(connection) &&
      shelf !== undefined &&
      shelf.entries.length < Math.max(size, isUsed ? maxKept : 0)
    if (isWanted && channel.isIdle) shelf.entries.push({ channel, isUsed, sinceMs: nowMs() })
    else channel.abort(new Error('The stream is not kept.'))
  }

  const openOne = async (connection: Connection, shelf: Shelf) => {
    shelf.opening++
    try {
      keep(connection, await openStream({ connection, protocol }), false)
    } finally {
      shelf.opening--
    }
  }

  const warm = async (connection: Connection) => {
    if (isClosed || left.has(connection) || connection.status !== 'open') return
    const shelf = shelfOf(shelves, connection)
    const missing = size - shelf.entries.length - shelf.opening
    // One that cannot be opened now is missed by the next `take`, which opens its own and reports why it cannot.
    await Promise.allSettled(Array.from({ length: Math.max(0, missing) }, () => openOne(connection, shelf)))
  }

  return {
    async take({ connection, signal }) {
      const shelf = shelfOf(shelves, connection)
      const pooled = takePooled(shelf, nowMs() - maxAgeMs)
      const channel = pooled?.channel ?? (await openStream({ connection, protocol, signal }))
      if (shelf.entries.length === 0) void warm(connection)
      return { channel, isUsed: pooled?.isUsed ?? false, giveBack: () => keep(connection, channel, true) }
    },
    warm,
    leave(connection) {
      left.add(connection)
      const { entries = [] } = shelves.get(connection) ?? {}
      for (const { channel } of entries.splice(0)) channel.abort(new Error('Another connection is used.'))
    },
    close() {
      isClosed = true
      for (const { entries } of shelves.values()) {
        for (const { channel } of entries) channel.abort(new Error('The pool is closed.'))
      }
      shelves.clear()
    },
  }
}

function shelfOf(shelves: Map<Connection, Shelf>, connection: Connection): Shelf {
  const existing = shelves.get(connection)
  if (existing !== undefined) return existing
  const shelf: Shelf = { entries: [], opening: 0 }
  shelves.set(connection, shelf)
  connection.addEventListener('close', () => shelves.delete(connection), { once: true })
  return shelf
}

/** The stream that was used last: the others grow old and are dropped when nobody needs as many. */
function takePooled(shelf: Shelf, oldestMs: number): Entry | undefined {
  shelf.entries = shelf.entries.filter(({ channel, sinceMs }) => {
    if (channel.isIdle && sinceMs > oldestMs) return true
    channel.abort(new Error('The pooled stream is old.'))
    return false
  })
  return shelf.entries.pop()
}
