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

/** The hash of a result that is only this node's: `batchHashes` are SHA-256 of the inflated batches. */
export function hashBatches({
  columns,
  batchHashes,
}: {
  columns: readonly ResultColumn[]
  batchHashes: readonly Uint8Array[]
}): Promise<Hex> {
  return sha256Hex(concatBytes(utf8('enigma/result/batches/v1'), encodeCbor(columns), ...batchHashes))
}

/** The hash of a deterministic result: `rows` in the order of the answer, values in column order. */
export async function hashRows({
  columns,
  rows,
}: {
  columns: readonly ResultColumn[]
  rows: Iterable<readonly Value[]>
}): Promise<Hex> {
  const writer = new CanonicalRowWriter(columns)
  for (const row of rows) writer.write(row)
  return sha256Hex(concatBytes(utf8('enigma/result/rows/v1'), encodeCbor(columns), await sha256(writer.take())))
}
