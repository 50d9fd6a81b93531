/** Hashes a result while it streams, in the way that its receipt needs (shared/crypto result-hash). */
import { hash } from 'node:crypto'
import { hashBatches, hashRows } from '@enigma/crypto'
import { nodePrimitives as primitives } from '@enigma/crypto/node'
import { type Hex, limits, type ResultColumn, type Value } from '@enigma/protocol'
import type { EngineBatch } from './engine/engine.ts'

export type ResultDigest = { add: (batch: EngineBatch) => void; finish: () => Promise<Hex> }

/** Creates the digest; a deterministic result is kept until the end, so it is bounded. */
export function createResultDigest({
  columns,
  deterministic,
}: {
  columns: readonly ResultColumn[]
  deterministic: boolean
}): ResultDigest {
  return deterministic ? createRowDigest(columns) : createBatchDigest(columns)
}

function createRowDigest(columns: readonly ResultColumn[]): ResultDigest {
  const rows: (readonly Value[])[] = []
  return {
    add({ rows: count, values }) {
      if (values?.length !== count || rows.length + count > limits.deterministicRows) {
        throw new RangeError(`a deterministic result has values and at most ${limits.deterministicRows} rows`)
      }
      rows.push(...values)
    },
    finish: () => hashRows({ columns, rows, primitives }),
  }
}

function createBatchDigest(columns: readonly ResultColumn[]): ResultDigest {
  const batchHashes: Uint8Array[] = []
  return {
    add: ({ arrow }) => void batchHashes.push(hash('sha256', arrow, 'buffer')),
    finish: () => hashBatches({ columns, batchHashes, primitives }),
  }
}
