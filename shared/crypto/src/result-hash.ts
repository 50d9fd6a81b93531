/**
 * The hash of a result that receipts sign. Not deterministic: SHA-256 over a tag, the columns and the SHA-256 of each
 * inflated Arrow batch, in order. Deterministic: SHA-256 over a tag, the columns and the canonical rows, which the node
 * sorted bytewise unless the query orders them totally; so it is the same on every engine and in every batch size.
 */
import {
  CanonicalRowWriter,
  concatBytes,
  encodeCbor,
  type Hex,
  type ResultColumn,
  utf8,
  type Value,
} from '@enigma/protocol'
import { sha256, sha256Hex } from './hash.ts'
import type { Primitives } from './primitives.ts'

/** The hash of a result that is only this node's: `batchHashes` are SHA-256 of the inflated batches. */
export function hashBatches({
  columns,
  batchHashes,
  primitives,
}: {
  columns: readonly ResultColumn[]
  batchHashes: readonly Uint8Array[]
  primitives?: Primitives | undefined
}): Promise<Hex> {
  return sha256Hex(concatBytes(utf8('enigma/result/batches/v1'), encodeCbor(columns), ...batchHashes), primitives)
}

/** The hash of a deterministic result: `rows` in the order of the answer, values in column order. */
export async function hashRows({
  columns,
  rows,
  primitives,
}: {
  columns: readonly ResultColumn[]
  rows: Iterable<readonly Value[]>
  primitives?: Primitives | undefined
}): Promise<Hex> {
  const writer = new CanonicalRowWriter(columns)
  for (const row of rows) writer.write(row)
  const rowsHash = await sha256(writer.take(), primitives)
  return sha256Hex(concatBytes(utf8('enigma/result/rows/v1'), encodeCbor(columns), rowsHash), primitives)
}
