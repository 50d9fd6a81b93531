/** A snapshot of tables whose segments are made: its roots, and its head signed by the publisher. */
import { type Signer, signHead, snapshotRoot, tableRoot } from '@enigma/crypto'
import type { Deployment, Hex, ResultColumn, Segment, SignedHead, Snapshot } from '@enigma/protocol'

const noRoot: Hex = `0x${'00'.repeat(32)}`

export type SnapshotContents = {
  dataset: Hex
  tables: readonly { name: string; columns: readonly ResultColumn[]; segments: readonly Segment[] }[]
  /** The newest one that is published; absent for the first. */
  previous?: Pick<Snapshot, 'seq' | 'root' | 'createdAt'> | undefined
  /** No lower number is given, where others may have been signed that are not known here. */
  lowestSeq?: number | undefined
  nowSeconds: number
}

/** The description of the next snapshot. The caller keeps it before it is signed: one number is signed once. */
export async function describeSnapshot(contents: SnapshotContents): Promise<Snapshot> {
  const { dataset, tables, previous, lowestSeq = 1, nowSeconds } = contents
  const described = await Promise.all(
    tables.map(async ({ name, columns, segments }) => ({
      name,
      columns: columns.map(({ name: column, type }) => ({ name: column, type })),
      segments: [...segments],
      root: await tableRoot(segments),
    })),
  )
  const ordered = described.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  return {
    v: 1,
    dataset,
    seq: Math.max((previous?.seq ?? 0) + 1, lowestSeq),
    previousRoot: previous?.root ?? noRoot,
    root: await snapshotRoot(ordered),
    createdAt: Math.max(nowSeconds, previous?.createdAt ?? 0),
    tables: ordered,
  }
}

/** Signs the head of a description. */
export function signSnapshot(
  { dataset, seq, previousRoot, root, createdAt }: Snapshot,
  { signer, deployment }: { signer: Signer; deployment: Deployment },
): Promise<SignedHead> {
  return signHead({ head: { dataset, seq, previousRoot, root, createdAt }, signer, deployment })
}
