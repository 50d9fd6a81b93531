/** The Arrow type that carries a column type; exact: `date` int32 days, `timestamp` int64 microseconds, decimals 128 bits. */
import { binary, bool, type DataType, decimal, float64, int32, int64, utf8 } from '@uwdata/flechette'
import { type ColumnType, decimalOf } from './columns.ts'

/** The physical type of a column in every batch of an answer; its schema part says what the values mean. */
export function arrowTypeOf(type: ColumnType): DataType {
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
