/** Batches of rows: inflation bounded by what the batch claims, Arrow read in place. */
import { type AnswerPart, limits, MarketplaceError, type ResultColumn } from '@enigma/protocol'
import { readRecordBatch } from './arrow-message.ts'
import { bufferCountOf, type ColumnData, columnOf } from './column-data.ts'
import { readChunks } from './read-chunks.ts'

/** Inflates deflate-raw bytes; rejects when they are none, or give more than `maxBytes`. */
export type InflateRaw = (bytes: Uint8Array, maxBytes: number) => Promise<Uint8Array>

/** Bytes that the platform inflates before this side may stop it: of them come at most 16 MiB. */
const pieceBytes = 16 * 1024

/** Inflates by the web platform's stream. */
export const inflateByStream: InflateRaw = async (bytes, maxBytes) => {
  const inflated = new Uint8Array(maxBytes)
  let length = 0
  const inflating = streamOf(bytes).pipeThrough(new DecompressionStream('deflate-raw'))
  for await (const chunk of readChunks(inflating)) {
    if (length + chunk.length > maxBytes) throw new RangeError('more bytes than allowed')
    inflated.set(chunk, length)
    length += chunk.length
  }
  return inflated.subarray(0, length)
}

/** Piece by piece as they are taken. Not by a `Blob`, whose bytes go by way of the browser's own process and back. */
function streamOf(bytes: Uint8Array): ReadableStream<Uint8Array<ArrayBuffer>> {
  let at = 0
  return new ReadableStream({
    pull(controller) {
      if (at < bytes.length) controller.enqueue(new Uint8Array(bytes.subarray(at, (at += pieceBytes))))
      else controller.close()
    },
  })
}

type EncodedBatch = Pick<Extract<AnswerPart, { kind: 'batch' }>, 'arrow' | 'inflatedBytes' | 'encoding'>

/** A batch's Arrow, of exactly `inflatedBytes`; throws `answer-invalid`. */
export async function inflateBatch(
  { arrow, inflatedBytes, encoding }: EncodedBatch,
  inflate: InflateRaw,
): Promise<Uint8Array> {
  if (inflatedBytes > limits.batchBytes) throw invalid()
  const inflated =
    encoding === 'raw'
      ? arrow
      : await inflate(arrow, inflatedBytes).catch((cause: unknown) => {
          throw invalid(cause)
        })
  if (inflated.length !== inflatedBytes) throw invalid()
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
