/**
 * Streams that are open and agreed before they are needed: a new stream costs several round trips, and libp2p 3.3 has no
 * optimistic negotiation. One request per stream; a taken stream is replaced.
 */
import type { Connection } from '@libp2p/interface'
import { networkLimits } from '../network-limits.ts'
import type { FramedStream } from './framed-stream.ts'
import { openStream } from './open-stream.ts'

export type StreamPool = {
  /** An open stream that nobody else has; throws as `openStream`. */
  take: (parameters: { connection: Connection; signal?: AbortSignal | undefined }) => Promise<FramedStream>
  /** Opens streams ahead of the first request; resolves when the pool of this connection is full or it is gone. */
  warm: (connection: Connection) => Promise<void>
  /** Resets every pooled stream; taken ones are not touched. */
  close: () => void
}

export type CreateStreamPoolParameters = {
  protocol: string
  /** Streams kept open for each connection; 4 when absent. */
  size?: number
  /** A monotonic clock. */
  nowMs?: () => number
}

type Entry = { stream: FramedStream; openedAtMs: number }
type Shelf = { entries: Entry[]; opening: number }

/** Creates an empty pool; it fills by use. */
export function createStreamPool({
  protocol,
  size = 4,
  nowMs = () => performance.now(),
}: CreateStreamPoolParameters): StreamPool {
  const shelves = new Map<Connection, Shelf>()
  let isClosed = false
  const maxAgeMs = networkLimits.pooledStreamIdleMs / 2

  const shelfOf = (connection: Connection): Shelf => {
    const existing = shelves.get(connection)
    if (existing !== undefined) return existing
    const shelf: Shelf = { entries: [], opening: 0 }
    shelves.set(connection, shelf)
    connection.addEventListener('close', () => shelves.delete(connection), { once: true })
    return shelf
  }

  const openOne = async (connection: Connection, shelf: Shelf) => {
    shelf.opening++
    try {
      const stream = await openStream({ connection, protocol })
      if (isClosed || !shelves.has(connection)) stream.abort(new Error('The pool is closed.'))
      else shelf.entries.push({ stream, openedAtMs: nowMs() })
    } finally {
      shelf.opening--
    }
  }

  const warm = async (connection: Connection) => {
    if (isClosed || connection.status !== 'open') return
    const shelf = shelfOf(connection)
    const missing = size - shelf.entries.length - shelf.opening
    // One that cannot be opened now is missed by the next `take`, which opens its own and reports why it cannot.
    await Promise.allSettled(Array.from({ length: Math.max(0, missing) }, () => openOne(connection, shelf)))
  }

  const takePooled = (shelf: Shelf): FramedStream | undefined => {
    for (let entry = shelf.entries.shift(); entry !== undefined; entry = shelf.entries.shift()) {
      if (!entry.stream.isWritable) continue
      if (nowMs() - entry.openedAtMs < maxAgeMs) return entry.stream
      entry.stream.abort(new Error('The pooled stream is old.'))
    }
    return undefined
  }

  return {
    async take({ connection, signal }) {
      const pooled = takePooled(shelfOf(connection))
      const stream = pooled ?? (await openStream({ connection, protocol, signal }))
      void warm(connection)
      return stream
    },
    warm,
    close() {
      isClosed = true
      for (const { entries } of shelves.values()) {
        for (const { stream } of entries) stream.abort(new Error('The pool is closed.'))
      }
      shelves.clear()
    },
  }
}
