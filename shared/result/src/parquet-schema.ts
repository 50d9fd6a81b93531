/** How a column of one of our types stands in a Parquet file, whether it is exported or published. */
import type { ParquetWriter } from 'hyparquet-writer'
import { scaleOf } from './cell.ts'

/** Of the version of hyparquet that the writer itself brings. */
export type SchemaElement = ConstructorParameters<typeof ParquetWriter>[0]['schema'][number]

export type SchemaElementParameters = {
  name: string
  type: string
  /** Whether timestamps are instants. The nodes' engine is given none: it would bring a zone of its own. */
  isUtc: boolean
}

/** The column's element; a type that is none of ours is text. */
export function schemaElement({ name, type, isUtc }: SchemaElementParameters): SchemaElement {
  const optional = { name, repetition_type: 'OPTIONAL' } as const
  switch (type) {
    case 'boolean':
      return { ...optional, type: 'BOOLEAN' }
    case 'integer':
      return { ...optional, type: 'INT32' }
    case 'bigint':
      return { ...optional, type: 'INT64' }
    case 'double':
      return { ...optional, type: 'DOUBLE' }
    case 'blob':
      return { ...optional, type: 'BYTE_ARRAY' }
    case 'date':
      return { ...optional, type: 'INT32', converted_type: 'DATE', logical_type: { type: 'DATE' } }
    case 'timestamp': {
      const converted = isUtc ? ({ converted_type: 'TIMESTAMP_MICROS' } as const) : {}
      const logical = { type: 'TIMESTAMP', isAdjustedToUTC: isUtc, unit: 'MICROS' } as const
      return { ...optional, type: 'INT64', ...converted, logical_type: logical }
    }
    default:
      return { ...optional, ...decimalOrText(type) }
  }
}

function decimalOrText(type: string): Omit<SchemaElement, 'name'> {
  const precision = Number(/^decimal\((\d{1,2}),/.exec(type)?.[1] ?? 0)
  if (precision === 0) return { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } }
  const scale = scaleOf(type)
  const logical = { type: 'DECIMAL', precision, scale } as const
  const stored = { converted_type: 'DECIMAL', logical_type: logical, precision, scale } as const
  return { type: 'FIXED_LEN_BYTE_ARRAY', type_length: 16, ...stored }
}
