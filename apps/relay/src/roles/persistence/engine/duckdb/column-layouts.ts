/** How DuckDB lays the values of a column out in memory, and what of that Arrow needs. */
import { DuckDBDecimalType, DuckDBEnumType, type DuckDBType, DuckDBTypeId } from '@duckdb/node-api'

/** Columns whose memory can be read as it lies; `width` is the bytes of a row. */
export type RawLayout =
  /** The same bytes as Arrow's. */
  | { kind: 'fixed'; width: number }
  /** Integers of fewer bytes than Arrow's `to`, decimals too. */
  | { kind: 'integers'; width: IntegerWidth; to: 4 | 8 | 16; signed: boolean }
  | { kind: 'floats'; width: 4 }
  /** A byte for each boolean. */
  | { kind: 'flags'; width: 1 }
  /** Texts and blobs: the length, then up to 12 bytes of its own or 4 bytes and a pointer. */
  | { kind: 'texts'; width: 16 }
  /** An enum's members in UTF-8, and which one a row has. */
  | { kind: 'choices'; width: 1 | 2 | 4; choices: readonly Uint8Array[] }
/** What is neither goes by JavaScript values: lists, structs, intervals, UUIDs and what else becomes text. */
export type ColumnLayout = RawLayout | { kind: 'values' }

export type IntegerWidth = 1 | 2 | 4 | 8

const layouts: Partial<Record<DuckDBTypeId, ColumnLayout>> = {
  [DuckDBTypeId.BOOLEAN]: { kind: 'flags', width: 1 },
  [DuckDBTypeId.TINYINT]: { kind: 'integers', width: 1, to: 4, signed: true },
  [DuckDBTypeId.SMALLINT]: { kind: 'integers', width: 2, to: 4, signed: true },
  [DuckDBTypeId.INTEGER]: { kind: 'fixed', width: 4 },
  [DuckDBTypeId.UTINYINT]: { kind: 'integers', width: 1, to: 4, signed: false },
  [DuckDBTypeId.USMALLINT]: { kind: 'integers', width: 2, to: 4, signed: false },
  [DuckDBTypeId.UINTEGER]: { kind: 'integers', width: 4, to: 8, signed: false },
  [DuckDBTypeId.BIGINT]: { kind: 'fixed', width: 8 },
  [DuckDBTypeId.UBIGINT]: { kind: 'integers', width: 8, to: 16, signed: false },
  [DuckDBTypeId.HUGEINT]: { kind: 'fixed', width: 16 },
  [DuckDBTypeId.FLOAT]: { kind: 'floats', width: 4 },
  [DuckDBTypeId.DOUBLE]: { kind: 'fixed', width: 8 },
  [DuckDBTypeId.VARCHAR]: { kind: 'texts', width: 16 },
  [DuckDBTypeId.BLOB]: { kind: 'texts', width: 16 },
  [DuckDBTypeId.DATE]: { kind: 'fixed', width: 4 },
  [DuckDBTypeId.TIMESTAMP]: { kind: 'fixed', width: 8 },
  [DuckDBTypeId.TIMESTAMP_TZ]: { kind: 'fixed', width: 8 },
}

/** The layout of a column of that type. */
export function layoutOf(type: DuckDBType): ColumnLayout {
  if (type instanceof DuckDBDecimalType) return decimalLayout(type.width)
  if (type instanceof DuckDBEnumType) return enumLayout(type)
  return layouts[type.typeId] ?? { kind: 'values' }
}

/** DuckDB keeps a decimal in the smallest integer that holds its digits; Arrow's here has 128 bits. */
function decimalLayout(digits: number): ColumnLayout {
  if (digits > 18) return { kind: 'fixed', width: 16 }
  return { kind: 'integers', width: digits <= 4 ? 2 : digits <= 9 ? 4 : 8, to: 16, signed: true }
}

/** How many bytes an index of a member has. */
const indexWidths: Partial<Record<DuckDBTypeId, 1 | 2 | 4>> = {
  [DuckDBTypeId.UTINYINT]: 1,
  [DuckDBTypeId.USMALLINT]: 2,
  [DuckDBTypeId.UINTEGER]: 4,
}

function enumLayout({ values, internalTypeId }: DuckDBEnumType): ColumnLayout {
  const width = indexWidths[internalTypeId]
  const encoder = new TextEncoder()
  if (width === undefined) return { kind: 'values' }
  return { kind: 'choices', width, choices: values.map((value) => encoder.encode(value)) }
}
