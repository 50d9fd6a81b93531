/**
 * The record batch of an Arrow IPC stream, read before any of it is believed: offsets and lengths of a hostile node end
 * in a RangeError, never in a long loop or a large allocation. The schema message is passed over, because the answer's
 * signed schema part says what the columns are.
 */

/** What a record batch message claims, and its buffers as views of the stream's own bytes. */
export type RecordBatch = {
  length: number
  /** One for each column. */
  nodes: { length: number; nullCount: number }[]
  buffers: Uint8Array[]
}

const continuation = 0xffff_ffff
const schemaHeader = 1
const recordBatchHeader = 3
/** Bytes of a field node, and of a buffer's place: two int64. */
const structBytes = 16

/** Reads the only record batch of a stream: schema, batch, end; throws a RangeError when it is anything else. */
export function readRecordBatch(bytes: Uint8Array, expected: { nodes: number; buffers: number }): RecordBatch {
  const schema = readMessage(bytes, 0)
  if (schema.header !== schemaHeader || schema.bodyBytes !== 0) throw new RangeError('no schema comes first')
  const batch = readMessage(bytes, schema.end)
  if (batch.header !== recordBatchHeader) throw new RangeError('no record batch follows')
  const { view } = batch
  const [length, nodes, buffers, compression] = [0, 1, 2, 3].map((index) => batch.slot(index))
  if (compression !== undefined) throw new RangeError('its buffers are compressed')
  const body = bytes.subarray(batch.end - batch.bodyBytes, batch.end)
  return {
    length: length === undefined ? 0 : readLong(view, length),
    nodes: readPairs(view, nodes, expected.nodes).map(([rows, nullCount]) => ({ length: rows, nullCount })),
    buffers: readPairs(view, buffers, expected.buffers).map(([offset, size]) => {
      if (offset + size > body.length) throw new RangeError('a buffer lies outside of the body')
      return body.subarray(offset, offset + size)
    }),
  }
}

type Message = {
  header: number
  /** The metadata, which is one flatbuffer. */
  view: DataView
  /** Where a field of the header's table stands in the metadata; undefined when it has its default. */
  slot: (index: number) => number | undefined
  bodyBytes: number
  /** Where the message ends in the stream. */
  end: number
}

/** A message: the continuation marker, the metadata's length, the metadata, the body. */
function readMessage(bytes: Uint8Array, at: number): Message {
  const prefix = viewOf(bytes, at, 8)
  if (prefix.getUint32(0, true) !== continuation) throw new RangeError('a message begins without its marker')
  const metadataBytes = prefix.getUint32(4, true)
  const view = viewOf(bytes, at + 8, metadataBytes)
  const message = tableAt(view, 0)
  const [header, table, body] = [1, 2, 3].map((index) => message(index))
  if (header === undefined || table === undefined) throw new RangeError('a message has no header')
  const bodyBytes = body === undefined ? 0 : readLong(view, body)
  const end = at + 8 + metadataBytes + bodyBytes
  if (end > bytes.length) throw new RangeError('a message is cut')
  return { header: view.getUint8(header), view, slot: tableAt(view, table), bodyBytes, end }
}

/** Follows the offset at `at` to a flatbuffer table; gives where its fields stand. */
function tableAt(view: DataView, at: number): (index: number) => number | undefined {
  const table = at + view.getUint32(at, true)
  const fields = table - view.getInt32(table, true)
  const size = view.getUint16(fields, true)
  return (index) => {
    const entry = 4 + 2 * index
    const offset = entry + 2 <= size ? view.getUint16(fields + entry, true) : 0
    return offset === 0 ? undefined : table + offset
  }
}

/** A vector of exactly `count` structs of two int64. */
function readPairs(view: DataView, at: number | undefined, count: number): [number, number][] {
  const start = at === undefined ? undefined : at + view.getUint32(at, true)
  if ((start === undefined ? 0 : view.getUint32(start, true)) !== count)
    throw new RangeError('a vector has another length')
  return Array.from({ length: count }, (_, index) => {
    const pair = (start ?? 0) + 4 + index * structBytes
    return [readLong(view, pair), readLong(view, pair + 8)]
  })
}

/** An int64 that is a size: neither negative nor above 2^53. */
function readLong(view: DataView, at: number): number {
  const value = Number(view.getBigInt64(at, true))
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError('a size is out of range')
  return value
}

function viewOf(bytes: Uint8Array, at: number, length: number): DataView {
  if (at + length > bytes.length) throw new RangeError('the stream is cut')
  return new DataView(bytes.buffer, bytes.byteOffset + at, length)
}
