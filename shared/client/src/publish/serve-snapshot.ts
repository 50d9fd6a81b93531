/** A snapshot given to a node from here: the node is told of the head and pulls the segments over the same connection. */
import { handleSnapshots, offerSnapshot, type SnapshotProvider } from '@enigma/network'
import { encodeSnapshot, type Hex, limits, MarketplaceError, type SignedHead, type Snapshot } from '@enigma/protocol'
import type { ClientInside } from '../create-marketplace-client.ts'
import { pause } from '../pause.ts'

/** How long a node that has not heard of the dataset, is busy or cannot be reached is asked again. */
const patienceMs = 120_000
const againMs = 1000
/** What passes by itself. */
const passing = new Set(['dataset-unknown', 'no-node', 'no-relay', 'no-route', 'busy', 'timeout', 'chain-unavailable'])

/** Bytes that the node has asked for, of all that it may have to. */
export type ServedBytes = { bytes: number; totalBytes: number }

export type ServeSnapshotParameters = {
  path: string
  /** The node that is to take it in. */
  peerId: string
  signed: SignedHead
  snapshot: Snapshot
  /** Segments by hash; what the node has already need not be here. */
  segments: ReadonlyMap<Hex, Blob>
  onProgress?: ((served: ServedBytes) => void) | undefined
  /** Told why the node is asked again. */
  onWait?: ((error: unknown) => void) | undefined
  signal: AbortSignal
}

/** Resolves when the node says that it serves the snapshot; throws `snapshot-invalid`, `not-accepted` or what did not pass. */
export async function serveSnapshot(inside: ClientInside, parameters: ServeSnapshotParameters): Promise<void> {
  const { parts } = inside
  const { peerId: wanted, signed, signal, onWait } = parameters
  const failures: unknown[] = []
  const server = await handleSnapshots({
    host: parts.host,
    provider: createProvider(parameters),
    mayFetch: ({ dataset, peerId }) => dataset === signed.head.dataset && peerId === wanted,
    onError: (error) => failures.push(error),
  })
  const deadline = parts.nowMs() + patienceMs
  try {
    for (;;) {
      try {
        await offer(inside, parameters)
        return
      } catch (error) {
        const isPassing = error instanceof MarketplaceError && passing.has(error.code) && parts.nowMs() < deadline
        // What could not be read here is the reason, whatever the node makes of it.
        if (failures.length > 0) throw failures[0]
        if (signal.aborted || !isPassing) throw error
        onWait?.(error)
        await pause(againMs, signal)
      }
    }
  } finally {
    await server.stop()
  }
}

/** Found anew each time: the node's addresses are those that its own record names now. */
async function offer(
  { connections, datasets }: ClientInside,
  { path, peerId, signed, signal }: ServeSnapshotParameters,
): Promise<void> {
  const { nodes } = await datasets.locate(path, { signal, isFresh: true })
  const record = nodes.find((node) => node.peerId === peerId)
  if (record === undefined) {
    const message = 'The node that accepted the dataset is not in reach now; try again when it is back.'
    throw new MarketplaceError({ code: 'no-node', message, details: peerId })
  }
  await offerSnapshot({ connection: await connections.toNode(record, { signal }), signed, signal })
}

function createProvider({ signed, snapshot, segments, onProgress }: ServeSnapshotParameters): SnapshotProvider {
  const served = new Map<Hex, number>()
  const totalBytes = [...segments.values()].reduce((sum, { size }) => sum + size, 0)
  const note = (hash: Hex, end: number) => {
    served.set(hash, Math.max(end, served.get(hash) ?? 0))
    onProgress?.({ bytes: [...served.values()].reduce((sum, bytes) => sum + bytes, 0), totalBytes })
  }
  return {
    latest: (dataset) =>
      Promise.resolve(dataset === signed.head.dataset ? { signed, description: encodeSnapshot(snapshot) } : undefined),
    async *readSegment({ hash, offset }) {
      const segment = segments.get(hash)
      if (segment === undefined) {
        const message = 'This segment is of no snapshot that is published here.'
        throw new MarketplaceError({ code: 'snapshot-unknown', message, details: hash })
      }
      for (let at = offset; at < segment.size; at += limits.largeChunkBytes) {
        const end = Math.min(segment.size, at + limits.largeChunkBytes)
        yield new Uint8Array(await segment.slice(at, end).arrayBuffer())
        note(hash, end)
      }
    },
  }
}
