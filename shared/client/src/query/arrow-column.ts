/** One column of a record batch, checked so that reading any of its rows stays inside of its buffers. */
import { Batch, batchType, Column, type DataType, Type } from '@uwdata/flechette'

/** Buffers that a column of a type has in a record batch. */
export function bufferCountOf({ typeId }: DataType): number {
  return hasOffsets(typeId) ? 3 : 2
}

type ColumnParameters = {
  type: DataType
  rows: number
  nullCount: number
  /** Validity, then offsets for texts and blobs, then values. */
  buffers: readonly Uint8Array[]
}

/** Values are physical: int64 and decimals as bigints. Throws a RangeError for buffers that do not fit the rows. */
export function readColumn({ type, rows, nullCount, buffers }: ColumnParameters): Column<unknown> {
  const [validity = none, ...others] = buffers
  if (countNulls(validity, rows) !== nullCount) throw new RangeError('a column has another number of nulls')
  const [values = none] = others.slice(-1)
  const parts = hasOffsets(type.typeId)
    ? { offsets: checkOffsets(others[0] ?? none, rows, values.length), values }
    : { values: fixedValues(type, rows, values) }
  const BatchOfType = batchType(type, { useBigInt: true, useDecimalInt: true }) as unknown as new (
    options: object,
  ) => Batch<unknown>
  return new Column([new BatchOfType({ type, length: rows, nullCount, validity, ...parts })], type)
}

const none = new Uint8Array(0)

function hasOffsets(typeId: number): boolean {
  return typeId === Type.Utf8 || typeId === Type.Binary
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

/** Values of one width, as the typed array that the type names. */
function fixedValues(type: DataType, rows: number, bytes: Uint8Array): ArrayLike<number | bigint> {
  if (type.typeId === Type.Bool) {
    if (bytes.length * 8 < rows) throw new RangeError('a values buffer is too short')
    return bytes
  }
  const ArrayType = (type as { values?: Int32ArrayConstructor }).values
  if (ArrayType === undefined) throw new RangeError('a type has no width')
  const elementsPerRow = type.typeId === Type.Decimal ? 2 : 1
  const elements = rows * elementsPerRow
  if (bytes.length < elements * ArrayType.BYTES_PER_ELEMENT) throw new RangeError('a values buffer is too short')
  return new ArrayType(bytes.buffer as ArrayBuffer, bytes.byteOffset, elements)
}
