/** Taking the newest snapshot of another node into the store, verified as any other. */
import { fetchLatestSnapshot, fetchSegment } from '@enigma/network'
import type { Deployment, Hex, SnapshotPass } from '@enigma/protocol'
import type { Connection } from '@libp2p/interface'
import { acceptSnapshot, type AcceptSnapshotParameters } from '../snapshot/accept-snapshot.ts'
import type { StoredSnapshot } from '../snapshot/dataset-snapshots.ts'
import type { RunSegmentWork } from '../snapshot/segment-worker.ts'
import type { SnapshotStore } from '../snapshot/snapshot-store.ts'

/** For one snapshot; what has arrived stays, and the next attempt goes on from there. */
const defaultPullTimeoutMs = 3_600_000

export type PullParts = {
  store: SnapshotStore
  work: RunSegmentWork
  deployment: Deployment
  nowSeconds: () => number
  maxSnapshotBytes: number
  keepSnapshots: number
  /** Rows of one snapshot; any number when absent. */
  maxSnapshotRows?: number | undefined
  /** For one snapshot to be taken in, in milliseconds; an hour when absent. */
  pullTimeoutMs?: number | undefined
}

export type PullSnapshotParameters = {
  parts: PullParts
  dataset: Hex
  /** Who must have signed the head. */
  publisher: Hex
  /** The tables that the manifest declares; absent where a publisher takes back what it has published itself. */
  tables?: AcceptSnapshotParameters['tables']
  connection: Connection
  /** Where this peer is the publisher and no persistence node. */
  pass?: SnapshotPass | undefined
  onProgress?: AcceptSnapshotParameters['onProgress']
  signal?: AbortSignal | undefined
}

/** Pulls from the peer of the connection; ends with `signal` and with its own deadline. */
export async function pullSnapshot(parameters: PullSnapshotParameters): Promise<StoredSnapshot> {
  const { parts, connection, dataset, pass, signal: caller, ...terms } = parameters
  const deadline = AbortSignal.timeout(parts.pullTimeoutMs ?? defaultPullTimeoutMs)
  const signal = caller === undefined ? deadline : AbortSignal.any([caller, deadline])
  const { signed, description } = await fetchLatestSnapshot({ connection, dataset, pass, signal })
  return acceptSnapshot({
    ...parts,
    ...terms,
    dataset,
    signed,
    description,
    fetchSegment: (segment) => fetchSegment({ ...segment, pass, connection }),
    nowSeconds: parts.nowSeconds(),
    maxBytes: parts.maxSnapshotBytes,
    maxRows: parts.maxSnapshotRows,
    signal,
  })
}
