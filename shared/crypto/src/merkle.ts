/** Merkle trees over SHA-256 with domain-separated leaves and nodes (RFC 6962 §2.1), and the roots of snapshots. */
import {
  CanonicalRowWriter,
  concatBytes,
  encodeCbor,
  type Hex,
  limits,
  type ResultColumn,
  type Segment,
  type SnapshotTable,
  type Value,
} from '@enigma/protocol'
import { bytesToHex, hexToBytes } from 'viem'
import { sha256 } from './hash.ts'

const leafTag = Uint8Array.of(0)
const nodeTag = Uint8Array.of(1)

/** The hash of a leaf's bytes. */
export function hashLeaf(bytes: Uint8Array): Promise<Uint8Array> {
  return sha256(concatBytes(leafTag, bytes))
}

/** The root over leaf hashes; the root of none is SHA-256 of nothing. */
export async function merkleRoot(leafHashes: readonly Uint8Array[]): Promise<Hex> {
  return bytesToHex(await subtree(leafHashes))
}

async function subtree(hashes: readonly Uint8Array[]): Promise<Uint8Array> {
  const [first] = hashes
  if (first === undefined) return sha256(new Uint8Array(0))
  if (hashes.length === 1) return first
  const half = leftCount(hashes.length)
  const [left, right] = await Promise.all([subtree(hashes.slice(0, half)), subtree(hashes.slice(half))])
  return hashNode(left, right)
}

/** Leaves of the left subtree: the largest power of two below `count`, which is at least 2. */
function leftCount(count: number): number {
  return 2 ** (Math.ceil(Math.log2(count)) - 1)
}

function hashNode(left: Uint8Array, right: Uint8Array): Promise<Uint8Array> {
  return sha256(concatBytes(nodeTag, left, right))
}

/** The hashes that lead from the leaf at `index` to the root, the leaf's sibling first (RFC 6962 §2.1.1). */
export async function merkleProof(leafHashes: readonly Uint8Array[], index: number): Promise<Hex[]> {
  if (leafHashes.length <= 1) return []
  const half = leftCount(leafHashes.length)
  const [left, right] = [leafHashes.slice(0, half), leafHashes.slice(half)]
  const isLeft = index < half
  const within = isLeft ? await merkleProof(left, index) : await merkleProof(right, index - half)
  return [...within, await merkleRoot(isLeft ? right : left)]
}

export type RootOfProofParameters = { leafHash: Uint8Array; index: number; count: number; proof: readonly Hex[] }

/** The root of `count` leaves that a proof leads to; undefined for one that fits no such tree. */
export async function rootOfProof({ leafHash, index, count, proof }: RootOfProofParameters): Promise<Hex | undefined> {
  // From the root down: on which side the leaf is at each level.
  const sides: boolean[] = []
  let [at, left] = [index, count]
  if (!(index >= 0 && index < count)) return undefined
  while (left > 1) {
    const half = leftCount(left)
    sides.push(at < half)
    ;[at, left] = at < half ? [at, half] : [at - half, left - half]
  }
  if (proof.length !== sides.length) return undefined
  let hash = leafHash
  for (const [level, isLeft] of sides.toReversed().entries()) {
    const sibling = hexToBytes(proof[level] ?? '0x')
    hash = await (isLeft ? hashNode(hash, sibling) : hashNode(sibling, hash))
  }
  return bytesToHex(hash)
}

/** A segment's root from its rows: leaves are blocks of 1,024 canonically encoded rows. */
export function createBlockHasher(columns: readonly ResultColumn[]) {
  const writer = new CanonicalRowWriter(columns)
  const leaves: Promise<Uint8Array>[] = []
  let rows = 0
  return {
    /** Adds rows in order; `values` in column order. */
    addRow(values: readonly Value[]): void {
      writer.write(values)
      if (++rows % limits.blockRows === 0) leaves.push(hashLeaf(writer.take()))
    },
    /** The root and how many rows it covers. */
    async finish(): Promise<{ root: Hex; rows: number }> {
      if (rows % limits.blockRows !== 0) leaves.push(hashLeaf(writer.take()))
      return { root: await merkleRoot(await Promise.all(leaves)), rows }
    },
  }
}

/** A table's root: over the roots of its segments, in order. */
export async function tableRoot(segments: readonly Pick<Segment, 'root'>[]): Promise<Hex> {
  return merkleRoot(await Promise.all(segments.map(({ root }) => hashLeaf(hexToBytes(root)))))
}

/** A snapshot's root: over (name, columns, root) of its tables, in order of name. */
export async function snapshotRoot(tables: readonly Pick<SnapshotTable, 'name' | 'columns' | 'root'>[]): Promise<Hex> {
  const ordered = tables.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
  return merkleRoot(
    await Promise.all(ordered.map(({ name, columns, root }) => hashLeaf(encodeCbor({ name, columns, root })))),
  )
}
