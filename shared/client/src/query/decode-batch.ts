/** Batches of rows: inflation bounded by what the batch claims, Arrow decoded to the protocol's values. */
import { arrowTypeOf, limits, MarketplaceError, type ResultColumn, type Value } from '@enigma/protocol'
import { type Column, type Table, tableFromColumns } from '@uwdata/flechette'
import { bufferCountOf, readColumn } from './arrow-column.ts'
import { readRecordBatch } from './arrow-message.ts'

/** Rows of one batch; provisional until the query has ended and its receipt was verified. */
export type Batch = {
  columns: readonly ResultColumn[]
  rowCount: number
  /** The Arrow table; values of its columns are physical: see `Value` of @enigma/protocol. */
  table: Table
  /** The attempt that it came from, counted from 1. */
  attempt: number
  /** Whether rows of earlier attempts are void and these begin anew. */
  isRestart: boolean
  /** The rows as arrays of values in column order. */
  rows: () => Value[][]
}

/** Inflates a deflate-raw batch of exactly `inflatedBytes`; throws `answer-invalid`. */
export async function inflateBatch({
  arrow,
  inflatedBytes,
}: {
  arrow: Uint8Array
  inflatedBytes: number
}): Promise<Uint8Array> {
  if (inflatedBytes > limits.batchBytes) throw invalid()
  const inflated = new Uint8Array(inflatedBytes)
  let length = 0
  const source = new Blob([new Uint8Array(arrow)]).stream().pipeThrough(new DecompressionStream('deflate-raw'))
  try {
    for await (const chunk of source) {
      if (length + chunk.length > inflatedBytes) throw invalid()
      inflated.set(chunk, length)
      length += chunk.length
    }
  } catch (cause) {
    throw invalid(cause)
  }
  if (length !== inflatedBytes) throw invalid()
  return inflated
}

/**
 * Decodes an inflated batch into the columns that the schema part named; throws `answer-invalid` when it holds anything
 * else. Whatever a hostile node sent, the table can be read to its end.
 */
export function decodeArrow({
  bytes,
  columns,
  rows,
}: {
  bytes: Uint8Array
  columns: readonly ResultColumn[]
  rows: number
}): Table {
  const types = columns.map(({ type }) => arrowTypeOf(type))
  const counts = types.map(bufferCountOf)
  try {
    const batch = readRecordBatch(bytes, {
      nodes: types.length,
      buffers: counts.reduce((sum, count) => sum + count, 0),
    })
    if (types.length === 0 || batch.length !== rows)
      throw new RangeError('a batch has no columns, or another number of rows')
    let next = 0
    const entries = types.map((type, index): [string, Column<unknown>] => {
      const node = batch.nodes[index]
      if (node?.length !== rows) throw new RangeError('a column has another number of rows')
      const buffers = batch.buffers.slice(next, (next += counts[index] ?? 0))
      return [columns[index]?.name ?? '', readColumn({ type, rows, nullCount: node.nullCount, buffers })]
    })
    return tableFromColumns(entries)
  } catch (cause) {
    throw invalid(cause)
  }
}

/** The rows of a table. */
export function rowsOfTable(table: Table): Value[][] {
  const columns = table.children.map((column) => [...column] as Value[])
  return Array.from({ length: table.numRows }, (_, row) => columns.map((values) => values[row] ?? null))
}

function invalid(cause?: unknown): MarketplaceError {
  return new MarketplaceError({ code: 'answer-invalid', message: 'The node sent a batch that cannot be read.', cause })
}
