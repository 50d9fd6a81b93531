/** What a node gives to others of the snapshots that it holds: heads, descriptions and segments from any offset. */
import { createReadStream } from 'node:fs'
import { encodeSnapshot, type Hex, MarketplaceError, type SignedHead } from '@enigma/protocol'
import type { DatasetSnapshots, StoredSnapshot } from './dataset-snapshots.ts'
import type { SnapshotStore } from './snapshot-store.ts'

export type SnapshotSource = {
  /** The newest complete snapshot: its signed head and its description's bytes. */
  latest(dataset: Hex): Promise<{ signed: SignedHead; description: Uint8Array } | undefined>
  /** Bytes of a segment of a kept snapshot; throws `snapshot-unknown`. */
  readSegment(parameters: { dataset: Hex; hash: Hex; offset: number }): AsyncIterable<Uint8Array>
}

const chunkBytes = 256 * 1024

/** Creates the source; who may ask is decided by the protocol's handler. */
export function createSnapshotSource({ store }: { store: SnapshotStore }): SnapshotSource {
  return {
    async latest(dataset) {
      const latest = (await store.dataset(dataset)).latest()
      return latest && { signed: latest.signed, description: encodeSnapshot(latest.snapshot) }
    },
    async *readSegment({ dataset, hash, offset }) {
      const snapshots = await store.dataset(dataset)
      if (!isKept(snapshots, hash)) throw unknownSegment(hash)
      yield* createReadStream(snapshots.segmentPath(hash), { start: offset, highWaterMark: chunkBytes })
    },
  }
}

/** Only what a complete snapshot names is given out, whatever else lies in the folder. */
function isKept(snapshots: DatasetSnapshots, hash: Hex): boolean {
  const names = ({ snapshot }: StoredSnapshot) =>
    snapshot.tables.some(({ segments }) => segments.some((segment) => segment.hash === hash))
  return snapshots.list().some(names)
}

function unknownSegment(hash: Hex): MarketplaceError {
  const message = 'This segment is of no snapshot that is kept here; ask for the newest head.'
  return new MarketplaceError({ code: 'snapshot-unknown', message, details: hash })
}
