/**
 * One column of a batch as it lies in the answer's own bytes: nothing is copied, a value is made when it is read. Every
 * buffer was checked against the rows, so that reading any row stays inside of them.
 */
import { type ColumnType, decimalOf, type Value } from '@enigma/protocol'

/** The views of a batch share one buffer, which can be transferred between threads. */
export type ColumnData = {
  type: ColumnType
  rowCount: number
  nullCount: number
  /** A bit for each row, the lowest first, 0 for null; empty when no value is null. */
  validity: Uint8Array
  /**
   * `integer`, `date`: Int32Array; `bigint`, `timestamp`: BigInt64Array; `double`: Float64Array; `boolean`: a bit for each
   * row; decimals: two 64-bit words for each row, the lower first; `text` (UTF-8), `blob`: bytes of all rows.
   */
  values: Uint8Array | Int32Array | BigInt64Array | Float64Array
  /** Of `text` and `blob`: where each row's bytes begin, and where the last ones end. */
  offsets: Int32Array | undefined
}

/** Buffers that a column of a type has in a record batch. */
export function bufferCountOf(type: ColumnType): number {
  return hasOffsets(type) ? 3 : 2
}

type ColumnParameters = {
  type: ColumnType
  rowCount: number
  nullCount: number
  /** Validity, then offsets for texts and blobs, then values. */
  buffers: readonly Uint8Array[]
}

/** A column over a record batch's buffers; throws a RangeError when they do not fit the rows. */
export function columnOf({ type, rowCount, nullCount, buffers }: ColumnParameters): ColumnData {
  const [validity = none, ...others] = buffers
  if (countNulls(validity, rowCount) !== nullCount) throw new RangeError('a column has another number of nulls')
  const [bytes = none] = others.slice(-1)
  const common = { type, rowCount, nullCount, validity: nullCount === 0 ? none : validity }
  if (!hasOffsets(type)) return { ...common, values: fixedValues(type, rowCount, bytes), offsets: undefined }
  return { ...common, values: bytes, offsets: checkOffsets(others[0] ?? none, rowCount, bytes.length) }
}

/** Reads values of a column; null outside of its rows. */
export function readerOf(column: ColumnData): (row: number) => Value {
  const { validity, nullCount, rowCount } = column
  const read = presentReaderOf(column)
  const isPresent = (row: number) => ((validity[row >> 3] ?? 0) >> (row & 7)) & 1
  return (row) => (row < 0 || row >= rowCount || (nullCount > 0 && isPresent(row) === 0) ? null : read(row))
}

const none = new Uint8Array(0)
// A mark of byte order is a character of the text like any other.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

function presentReaderOf({ type, values, offsets }: ColumnData): (row: number) => Value {
  if (offsets !== undefined && values instanceof Uint8Array) {
    const bytesOf = (row: number) => values.subarray(offsets[row], offsets[row + 1])
    return type === 'text' ? (row) => decoder.decode(bytesOf(row)) : bytesOf
  }
  if (values instanceof Uint8Array) return (row) => (((values[row >> 3] ?? 0) >> (row & 7)) & 1) === 1
  if (decimalOf(type) !== undefined && values instanceof BigInt64Array) {
    return (row) => ((values[2 * row + 1] ?? 0n) << 64n) | BigInt.asUintN(64, values[2 * row] ?? 0n)
  }
  return (row) => values[row] ?? null
}

function hasOffsets(type: ColumnType): boolean {
  return type === 'text' || type === 'blob'
}

/** Nulls of the first `rows` bits; a column without validity has none. */
function countNulls(validity: Uint8Array, rows: number): number {
  if (validity.length === 0) return 0
  if (validity.length * 8 < rows) throw new RangeError('a validity buffer is too short')
  let valid = 0
  for (let row = 0; row < rows; row++) valid += ((validity[row >> 3] ?? 0) >> (row & 7)) & 1
  return rows - valid
}

/** Offsets of texts or blobs: from 0 or more, never falling, up to the end of the values at most. */
function checkOffsets(bytes: Uint8Array, rows: number, valueBytes: number): Int32Array {
  if (rows === 0) return new Int32Array(1)
  const offsets = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2).subarray(0, rows + 1)
  if (offsets.length !== rows + 1) throw new RangeError('an offsets buffer is too short')
  let last = 0
  for (const offset of offsets) {
    if (offset < last) throw new RangeError('offsets fall')
    last = offset
  }
  if (last > valueBytes) throw new RangeError('offsets leave the values')
  return offsets
}

/** Values of one width, as the typed array of their type. */
function fixedValues(type: ColumnType, rows: number, bytes: Uint8Array): ColumnData['values'] {
  if (type === 'boolean') {
    if (bytes.length * 8 < rows) throw new RangeError('a values buffer is too short')
    return bytes
  }
  const isNarrow = type === 'integer' || type === 'date'
  const ArrayType = isNarrow ? Int32Array : type === 'double' ? Float64Array : BigInt64Array
  const elements = decimalOf(type) === undefined ? rows : 2 * rows
  if (bytes.length < elements * ArrayType.BYTES_PER_ELEMENT) throw new RangeError('a values buffer is too short')
  return new ArrayType(bytes.buffer as ArrayBuffer, bytes.byteOffset, elements)
}
