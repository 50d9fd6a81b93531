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
  const half = 2 ** (Math.ceil(Math.log2(hashes.length)) - 1)
  const [left, right] = await Promise.all([subtree(hashes.slice(0, half)), subtree(hashes.slice(half))])
  return sha256(concatBytes(nodeTag, left, right))
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
