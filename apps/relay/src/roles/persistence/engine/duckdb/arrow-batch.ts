/**
 * Rows by column as one self-contained Arrow IPC stream. Physical types are exact: `date` int32 days, `timestamp` int64
 * microseconds, decimals 128 bits; the answer's schema part says what they mean.
 */
import { type ColumnType, decimalOf, type ResultColumn, type Value } from '@enigma/protocol'
import {
  binary,
  bool,
  columnFromArray,
  type DataType,
  decimal,
  float64,
  int32,
  int64,
  tableFromColumns,
  tableToIPC,
  utf8,
} from '@uwdata/flechette'

/** Encodes a batch; `columnValues` has one array for each column. */
export function encodeArrowBatch({
  columns,
  columnValues,
}: {
  columns: readonly ResultColumn[]
  columnValues: readonly (readonly Value[])[]
}): Uint8Array {
  const entries = columns.map(({ name, type }, index) => {
    const values = columnValues[index] ?? []
    return [name, columnFromArray([...values], physicalType(type))] as const
  })
  const bytes = tableToIPC(
    tableFromColumns([...entries.map(([name, column]) => [name, column] as [string, typeof column])]),
    {
      format: 'stream',
    },
  )
  if (bytes === null) throw new TypeError('the Arrow encoder returned nothing')
  return bytes
}

function physicalType(type: ColumnType): DataType {
  const exact = decimalOf(type)
  if (exact !== undefined) return decimal(exact.precision, exact.scale, 128)
  switch (type) {
    case 'boolean':
      return bool()
    case 'integer':
    case 'date':
      return int32()
    case 'bigint':
    case 'timestamp':
      return int64()
    case 'double':
      return float64()
    case 'blob':
      return binary()
    default:
      return utf8()
  }
}
