/**
 * Columns of DuckDB's chunks as Arrow columns without a JavaScript value for each cell: DuckDB's memory is copied as it
 * lies, in more bytes where Arrow has more. What has another form there goes by its values.
 */
import { arrowTypeOf, type ColumnType, type Value } from '@enigma/protocol'
import { Batch, batchType, Column, columnFromArray, type DataType } from '@uwdata/flechette'
import type { DuckDBDataChunk } from '@duckdb/node-api'
import duckdb from '@duckdb/node-bindings'
import type { ColumnLayout, RawLayout } from './column-layouts.ts'
import { valueOf } from './column-types.ts'
import { widenIntegers } from './widen-integers.ts'

/** A column of a chunk; `bytes` lie as DuckDB keeps them, `validity` has a bit for each row, or all rows are valid. */
export type ChunkColumn = { validity: Uint8Array | undefined } & (
  { layout: RawLayout; bytes: Uint8Array } | { layout: { kind: 'values' }; values: readonly Value[] }
)
/** Rows of a chunk, from `start` to before `end`. */
export type ChunkSlice = { columns: readonly ChunkColumn[]; start: number; end: number }

const textBytes = 16
const inlineBytes = 12

/** A view of a column; it is valid as long as its chunk. */
export function readChunkColumn(
  chunk: DuckDBDataChunk,
  index: number,
  type: ColumnType,
  layout: ColumnLayout,
): ChunkColumn {
  const vector = duckdb.data_chunk_get_vector(chunk.chunk, index)
  const rows = chunk.rowCount
  // DuckDB has no validity bytes for a column in which nothing is null; the bindings' type leaves that out.
  const validityBytes = duckdb.vector_get_validity(vector, Math.ceil(rows / 64) * 8) as Uint8Array | null
  const validity = validityBytes ?? undefined
  if (layout.kind === 'values') {
    return { layout, validity, values: chunk.getColumnValues(index).map((value) => valueOf(type, value)) }
  }
  return { layout, validity, bytes: duckdb.vector_get_data(vector, rows * layout.width) }
}

/** Whether its cells take bytes beside an offset, as `textLengthAt` tells. */
export function hasTexts({ layout: { kind } }: ChunkColumn): boolean {
  return kind === 'texts' || kind === 'choices' || kind === 'values'
}

/** The bytes that a row's text or blob takes at most beside its offset; other columns have none. */
export function textLengthAt(column: ChunkColumn, row: number): number {
  if ('values' in column) {
    const value = column.values[row]
    return typeof value === 'string' ? value.length * 3 : value instanceof Uint8Array ? value.length : 0
  }
  const { layout, bytes } = column
  if (!isValid(column, row)) return 0
  if (layout.kind === 'choices') return choiceAt(layout, bytes, row).length
  return layout.kind === 'texts' ? readInteger(bytes, row * textBytes, 4) : 0
}

/** One Arrow column of the rows of all slices. */
export function arrowColumnOf(type: ColumnType, slices: readonly ChunkSlice[], index: number): Column<unknown> {
  const parts = slices.map(({ columns, start, end }): ColumnPart => {
    const column = columns[index]
    if (column === undefined) throw new TypeError('a chunk without a column')
    return { column, start, end }
  })
  const arrowType = arrowTypeOf(type)
  const layout = parts[0]?.column.layout
  if (layout === undefined || layout.kind === 'values') return columnFromArray(parts.flatMap(valuesOf), arrowType)
  const length = parts.reduce((rows, { start, end }) => rows + end - start, 0)
  const { validity, nullCount } = joinValidity(parts, length)
  const body = joinBody(layout, arrowType, parts, length)
  const BatchOfType = batchType(arrowType) as unknown as new (options: object) => Batch<unknown>
  return new Column([new BatchOfType({ type: arrowType, length, nullCount, validity, ...body })], arrowType)
}

type ColumnPart = { column: ChunkColumn; start: number; end: number }
type Body = { values: ArrayBufferView; offsets?: Int32Array }

function joinBody(layout: RawLayout, arrowType: DataType, parts: readonly ColumnPart[], length: number): Body {
  switch (layout.kind) {
    case 'texts':
    case 'choices':
      return joinTexts(parts, length)
    case 'flags':
      return { values: joinFlags(parts, length) }
    case 'floats':
      return { values: Float64Array.from(new Float32Array(joinFixed(layout.width, parts, length).buffer)) }
    case 'integers':
      return {
        values: asValues(arrowType, widenIntegers({ ...layout, bytes: joinFixed(layout.width, parts, length) })),
      }
    case 'fixed':
      return { values: asValues(arrowType, joinFixed(layout.width, parts, length)) }
  }
}

/** The array that flechette reads this type's values from. */
function asValues(type: DataType, { buffer }: Uint8Array<ArrayBuffer>): ArrayBufferView {
  const { values: ArrayType } = type as unknown as { values: new (buffer: ArrayBuffer) => ArrayBufferView }
  return new ArrayType(buffer)
}

function bytesOf({ column }: ColumnPart): Uint8Array {
  if ('values' in column) throw new TypeError('a column changed its layout between chunks')
  return column.bytes
}

function isValid({ validity }: ChunkColumn, row: number): boolean {
  return validity === undefined || (((validity[row >> 3] ?? 0) >> (row & 7)) & 1) === 1
}

/** An unsigned integer of up to four bytes. */
function readInteger(bytes: Uint8Array, at: number, width: 1 | 2 | 4): number {
  let value = 0
  for (let byte = width - 1; byte >= 0; byte--) value = value * 256 + (bytes[at + byte] ?? 0)
  return value
}

function choiceAt({ choices, width }: Extract<RawLayout, { kind: 'choices' }>, bytes: Uint8Array, row: number) {
  const choice = choices[readInteger(bytes, row * width, width)]
  if (choice === undefined) throw new TypeError('an enum without its member')
  return choice
}

function valuesOf({ column, start, end }: ColumnPart): readonly Value[] {
  if (!('values' in column)) throw new TypeError('a column changed its layout between chunks')
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
function joinFixed(width: number, parts: readonly ColumnPart[], length: number): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(length * width)
  let at = 0
  for (const part of parts) {
    joined.set(bytesOf(part).subarray(part.start * width, part.end * width), at)
    if (part.column.validity !== undefined) clearNulls(joined.subarray(at), width, part)
    at += (part.end - part.start) * width
  }
  return joined
}

function clearNulls(joined: Uint8Array, width: number, { column, start, end }: ColumnPart): void {
  for (let row = start, at = 0; row < end; row++, at += width) {
    if (!isValid(column, row)) joined.fill(0, at, at + width)
  }
}

/** Texts or blobs end to end, and where each begins. */
function joinTexts(parts: readonly ColumnPart[], length: number): Required<Body> & { offsets: Int32Array } {
  const offsets = new Int32Array(length + 1)
  let at = 0
  let total = 0
  for (const { column, start, end } of parts) {
    for (let row = start; row < end; row++) offsets[++at] = total += textLengthAt(column, row)
  }
  const values = new Uint8Array(total)
  at = 0
  for (const part of parts) {
    for (let row = part.start; row < part.end; row++, at++) {
      const from = offsets[at] ?? 0
      copyCell(part.column, row, (offsets[at + 1] ?? 0) - from, values, from)
    }
  }
  return { offsets, values }
}

function copyCell(column: ChunkColumn, row: number, length: number, into: Uint8Array, to: number): void {
  if (length === 0 || 'values' in column) return
  const { layout, bytes } = column
  if (layout.kind === 'choices') into.set(choiceAt(layout, bytes, row), to)
  else copyText(bytes, row * textBytes, length, into, to)
}

function copyText(bytes: Uint8Array, at: number, length: number, into: Uint8Array, to: number): void {
  if (length > inlineBytes) {
    into.set(duckdb.get_data_from_pointer(bytes.buffer as ArrayBuffer, bytes.byteOffset + at + 8, length), to)
  } else {
    for (let index = 0; index < length; index++) into[to + index] = bytes[at + 4 + index] ?? 0
  }
}
