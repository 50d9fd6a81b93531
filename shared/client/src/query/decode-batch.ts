/** Batches of rows: inflation bounded by what the batch claims, Arrow read in place. */
import { limits, MarketplaceError, type ResultColumn } from '@enigma/protocol'
import { readRecordBatch } from './arrow-message.ts'
import { bufferCountOf, type ColumnData, columnOf } from './column-data.ts'
import { readChunks } from './read-chunks.ts'

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
    for await (const chunk of readChunks(source)) {
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
 * Reads an inflated batch as the columns that the schema part named; throws `answer-invalid` when it holds anything else.
 * Whatever a hostile node sent, every value of every row can be read.
 */
export function decodeArrow({
  bytes,
  columns,
  rows,
}: {
  bytes: Uint8Array
  columns: readonly ResultColumn[]
  rows: number
}): ColumnData[] {
  const counts = columns.map(({ type }) => bufferCountOf(type))
  try {
    const batch = readRecordBatch(bytes, {
      nodes: columns.length,
      buffers: counts.reduce((sum, count) => sum + count, 0),
    })
    if (columns.length === 0 || batch.length !== rows)
      throw new RangeError('a batch has no columns, or another number of rows')
    let next = 0
    return columns.map(({ type }, index) => {
      const node = batch.nodes[index]
      if (node?.length !== rows) throw new RangeError('a column has another number of rows')
      const buffers = batch.buffers.slice(next, (next += counts[index] ?? 0))
      return columnOf({ type, rowCount: rows, nullCount: node.nullCount, buffers })
    })
  } catch (cause) {
    throw invalid(cause)
  }
}

function invalid(cause?: unknown): MarketplaceError {
  return new MarketplaceError({ code: 'answer-invalid', message: 'The node sent a batch that cannot be read.', cause })
}
