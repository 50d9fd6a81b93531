/**
 * Arrow IPC: one stream of record batches, with the logical types that other programs know: dates, timestamps in UTC,
 * decimals of 128 bits. Each batch is encoded for itself, so that no step takes long.
 */
import {
  Batch,
  batchType,
  binary,
  bool,
  Column,
  columnFromValues,
  type DataType,
  dateDay,
  decimal,
  float64,
  int32,
  int64,
  tableFromColumns,
  tableFromIPC,
  tableToIPC,
  TimeUnit,
  timestamp,
  utf8,
} from '@uwdata/flechette'
import { scaleOf } from './cell.ts'
import type { CellValue, ResultColumn, RowSource } from './result-set.ts'
import { distinctNames } from './json.ts'

const batchRows = 4096

export type ArrowOptions = {
  /** Times as the numbers that they are: for ourselves, to be read back exactly. */
  isPhysical?: boolean
}

/** The stream's pieces. */
export function* arrowPieces(
  rows: RowSource,
  { isPhysical = false }: ArrowOptions = {},
): Generator<Uint8Array<ArrayBuffer>> {
  const names = distinctNames(rows.columns.map(({ name }) => name))
  // A table without rows still says what its columns are.
  const starts = Array.from({ length: Math.max(1, Math.ceil(rows.rowCount / batchRows)) }, (_, at) => at * batchRows)
  let end: Uint8Array<ArrayBuffer> | undefined
  for (const start of starts) {
    const length = Math.min(batchRows, rows.rowCount - start)
    const columns = rows.columns.map(({ type }, column) =>
      columnOf(typesOf(type, isPhysical), length, (row) => rows.value(start + row, column)),
    )
    const stream = tableToIPC(tableFromColumns(columns.map((column, at) => [names[at] ?? '', column])), {
      format: 'stream',
    })
    if (stream === null) throw new TypeError('no bytes were written')
    const messages = splitMessages(stream as Uint8Array<ArrayBuffer>)
    end = messages.at(-1)
    // Schema, batches, end: only the first stream's schema and the last one's end are needed.
    yield* messages.slice(start === 0 ? 0 : 1, -1)
  }
  if (end !== undefined) yield end
}

type ArrowTypes = { physical: DataType; logical: DataType }

/** The types that values are written in, and those that readers see; where they differ the bytes are the same. */
function typesOf(type: string, isPhysical: boolean): ArrowTypes {
  const same = (each: DataType) => ({ physical: each, logical: each })
  if (type === 'timestamp' && !isPhysical) {
    return { physical: int64(), logical: timestamp(TimeUnit.MICROSECOND, 'UTC') }
  }
  if (type === 'date' && !isPhysical) return { physical: int32(), logical: dateDay() }
  if (type === 'timestamp') return same(int64())
  if (type === 'date') return same(int32())
  if (type === 'boolean') return same(bool())
  if (type === 'integer') return same(int32())
  if (type === 'bigint') return same(int64())
  if (type === 'double') return same(float64())
  if (type === 'blob') return same(binary())
  const precision = /^decimal\((\d{1,2}),/.exec(type)?.[1]
  return same(precision === undefined ? utf8() : decimal(Number(precision), scaleOf(type), 128))
}

function columnOf(
  { physical, logical }: ArrowTypes,
  length: number,
  value: (row: number) => CellValue,
): Column<unknown> {
  const column = columnFromValues(
    (visit: (value: CellValue) => void) => {
      for (let row = 0; row < length; row++) visit(value(row))
    },
    physical,
    { useBigInt: true, useDecimalInt: true },
  )
  if (physical === logical) return column
  const BatchOfType = batchType(logical, {}) as unknown as new (options: object) => Batch<unknown>
  const batches = column.data.map(
    ({ length: rows, nullCount, validity, values }) =>
      new BatchOfType({ type: logical, length: rows, nullCount, validity, values }),
  )
  return new Column(batches, logical)
}

/** Encapsulated messages: marker, metadata's length, metadata, body. The end of the stream is one without metadata. */
function splitMessages(stream: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>[] {
  const view = new DataView(stream.buffer, stream.byteOffset, stream.length)
  const messages: Uint8Array<ArrayBuffer>[] = []
  let at = 0
  while (at + 8 <= stream.length) {
    const metadataBytes = view.getInt32(at + 4, true)
    const end = at + 8 + metadataBytes + (metadataBytes === 0 ? 0 : bodyBytesOf(view, at + 8))
    messages.push(stream.subarray(at, end))
    at = end
  }
  return messages
}

/** The field `bodyLength` of the flatbuffer `Message`. */
function bodyBytesOf(view: DataView, metadata: number): number {
  const table = metadata + view.getUint32(metadata, true)
  const fields = table - view.getInt32(table, true)
  const bodyLengthEntry = 4 + 2 * 3
  const offset = bodyLengthEntry < view.getUint16(fields, true) ? view.getUint16(fields + bodyLengthEntry, true) : 0
  return offset === 0 ? 0 : Number(view.getBigInt64(table + offset, true))
}

/** Reads a stream of ours back as rows; throws when it is another one. */
export function readPhysicalArrow(bytes: Uint8Array, columns: readonly ResultColumn[]): RowSource {
  const table = tableFromIPC(bytes, { useBigInt: true, useDecimalInt: true })
  if (table.numCols !== columns.length) throw new RangeError('the stream has other columns')
  const readers = table.children.map((column) => column as Column<CellValue>)
  return {
    columns,
    rowCount: table.numRows,
    value: (row, column) => (row < table.numRows ? (readers[column]?.at(row) ?? null) : null),
  }
}
