/**
 * Columns of DuckDB's chunks as Arrow columns without a JavaScript value for each cell: DuckDB's memory of integers,
 * floats, times and texts is copied as it lies. What has another form there goes by its values.
 */
import { arrowTypeOf, type ColumnType, type Value } from '@enigma/protocol'
import { Batch, batchType, Column, columnFromArray, type DataType } from '@uwdata/flechette'
import { type DuckDBDataChunk, DuckDBTypeId } from '@duckdb/node-api'
import duckdb from '@duckdb/node-bindings'
import { valueOf } from './column-types.ts'

/** A column of a chunk; `bytes` lie as DuckDB keeps them, `validity` has a bit for each row, or all rows are valid. */
export type ChunkColumn = { validity: Uint8Array | undefined } & (
  { kind: 'fixed' | 'flags' | 'texts'; bytes: Uint8Array; width: number } | { kind: 'values'; values: readonly Value[] }
)
/** Rows of a chunk, from `start` to before `end`. */
export type ChunkSlice = { columns: readonly ChunkColumn[]; start: number; end: number }

/** Bytes of a row in DuckDB's memory for the types whose Arrow values are the same. */
const widths: Partial<Record<DuckDBTypeId, number>> = {
  [DuckDBTypeId.INTEGER]: 4,
  [DuckDBTypeId.DATE]: 4,
  [DuckDBTypeId.BIGINT]: 8,
  [DuckDBTypeId.TIMESTAMP]: 8,
  [DuckDBTypeId.TIMESTAMP_TZ]: 8,
  [DuckDBTypeId.DOUBLE]: 8,
  [DuckDBTypeId.HUGEINT]: 16,
}
/** A text or blob in DuckDB's memory: its length, then up to 12 bytes of its own or 4 bytes and a pointer. */
const textBytes = 16
const inlineBytes = 12

/** A view of a column; it is valid as long as its chunk. */
export function readChunkColumn(chunk: DuckDBDataChunk, index: number, type: ColumnType): ChunkColumn {
  const { typeId } = chunk.getColumnVector(index).type
  const vector = duckdb.data_chunk_get_vector(chunk.chunk, index)
  const rows = chunk.rowCount
  // DuckDB has no validity bytes for a column in which nothing is null; the bindings' type leaves that out.
  const validityBytes = duckdb.vector_get_validity(vector, Math.ceil(rows / 64) * 8) as Uint8Array | null
  const validity = validityBytes ?? undefined
  const raw = (kind: 'fixed' | 'flags' | 'texts', width: number): ChunkColumn => {
    return { kind, validity, width, bytes: duckdb.vector_get_data(vector, rows * width) }
  }
  const width = widths[typeId]
  if (width !== undefined) return raw('fixed', width)
  if (typeId === DuckDBTypeId.BOOLEAN) return raw('flags', 1)
  if (typeId === DuckDBTypeId.VARCHAR || typeId === DuckDBTypeId.BLOB) return raw('texts', textBytes)
  return { kind: 'values', validity, values: chunk.getColumnValues(index).map((value) => valueOf(type, value)) }
}

/** The bytes that a row's text or blob takes at most beside its offset; other columns have none. */
export function textLengthAt(column: ChunkColumn, row: number): number {
  if (column.kind === 'values') {
    const value = column.values[row]
    return typeof value === 'string' ? value.length * 3 : value instanceof Uint8Array ? value.length : 0
  }
  return column.kind === 'texts' && isValid(column, row) ? readLength(column.bytes, row * textBytes) : 0
}

/** One Arrow column of the rows of all slices. */
export function arrowColumnOf(type: ColumnType, slices: readonly ChunkSlice[], index: number): Column<unknown> {
  const parts = slices.map(({ columns, start, end }): ColumnPart => {
    const column = columns[index]
    if (column === undefined) throw new TypeError('a chunk without a column')
    return { column, start, end }
  })
  const arrowType = arrowTypeOf(type)
  const kind = parts[0]?.column.kind
  if (kind === undefined || kind === 'values') return columnFromArray(parts.flatMap(valuesOf), arrowType)
  const length = parts.reduce((rows, { start, end }) => rows + end - start, 0)
  const { validity, nullCount } = joinValidity(parts, length)
  const body =
    kind === 'texts'
      ? joinTexts(parts, length)
      : { values: kind === 'flags' ? joinFlags(parts, length) : joinFixed(arrowType, parts, length) }
  const BatchOfType = batchType(arrowType) as unknown as new (options: object) => Batch<unknown>
  return new Column([new BatchOfType({ type: arrowType, length, nullCount, validity, ...body })], arrowType)
}

type ColumnPart = { column: ChunkColumn; start: number; end: number }

function bytesOf({ column }: ColumnPart): Uint8Array {
  if (column.kind === 'values') throw new TypeError('a column changed its kind between chunks')
  return column.bytes
}

function isValid({ validity }: ChunkColumn, row: number): boolean {
  return validity === undefined || (((validity[row >> 3] ?? 0) >> (row & 7)) & 1) === 1
}

function readLength(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24)) >>> 0
  )
}

function valuesOf({ column, start, end }: ColumnPart): readonly Value[] {
  if (column.kind !== 'values') throw new TypeError('a column changed its kind between chunks')
  return column.values.slice(start, end)
}

function joinValidity(parts: readonly ColumnPart[], length: number): { validity: Uint8Array; nullCount: number } {
  if (parts.every(({ column }) => column.validity === undefined)) return { validity: new Uint8Array(0), nullCount: 0 }
  const validity = new Uint8Array(Math.ceil(length / 8))
  let at = 0
  let nullCount = 0
  for (const { column, start, end } of parts) {
    for (let row = start; row < end; row++, at++) {
      if (isValid(column, row)) validity[at >> 3] = (validity[at >> 3] ?? 0) | (1 << (at & 7))
      else nullCount++
    }
  }
  return { validity, nullCount }
}

function joinFlags(parts: readonly ColumnPart[], length: number): Uint8Array {
  const bits = new Uint8Array(Math.ceil(length / 8))
  let at = 0
  for (const part of parts) {
    const bytes = bytesOf(part)
    for (let row = part.start; row < part.end; row++, at++) {
      if (isValid(part.column, row) && bytes[row] !== 0) bits[at >> 3] = (bits[at >> 3] ?? 0) | (1 << (at & 7))
    }
  }
  return bits
}

/** Values of one width. Nulls become zero, so that nothing leaves DuckDB's memory but values of the answer. */
function joinFixed(type: DataType, parts: readonly ColumnPart[], length: number): ArrayBufferView {
  const { column } = parts[0] ?? {}
  const width = column === undefined || column.kind === 'values' ? 0 : column.width
  const joined = new Uint8Array(length * width)
  let at = 0
  for (const part of parts) {
    joined.set(bytesOf(part).subarray(part.start * width, part.end * width), at)
    for (let row = part.start; row < part.end; row++, at += width) {
      if (!isValid(part.column, row)) joined.fill(0, at, at + width)
    }
  }
  const { values: ArrayType } = type as unknown as { values: new (buffer: ArrayBuffer) => ArrayBufferView }
  return new ArrayType(joined.buffer)
}

/** Texts or blobs end to end, and where each begins. */
function joinTexts(parts: readonly ColumnPart[], length: number): { offsets: Int32Array; values: Uint8Array } {
  const offsets = new Int32Array(length + 1)
  let at = 0
  let total = 0
  for (const { column, start, end } of parts) {
    for (let row = start; row < end; row++) offsets[++at] = total += textLengthAt(column, row)
  }
  const values = new Uint8Array(total)
  at = 0
  for (const part of parts) {
    const bytes = bytesOf(part)
    for (let row = part.start; row < part.end; row++, at++) {
      const from = offsets[at] ?? 0
      copyText(bytes, row * textBytes, (offsets[at + 1] ?? 0) - from, values, from)
    }
  }
  return { offsets, values }
}

function copyText(bytes: Uint8Array, at: number, length: number, into: Uint8Array, to: number): void {
  if (length > inlineBytes) {
    into.set(duckdb.get_data_from_pointer(bytes.buffer as ArrayBuffer, bytes.byteOffset + at + 8, length), to)
  } else {
    for (let index = 0; index < length; index++) into[to + index] = bytes[at + 4 + index] ?? 0
  }
}
