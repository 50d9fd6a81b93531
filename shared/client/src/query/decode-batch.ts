/** Batches of rows: inflation bounded by what the batch claims, Arrow decoded to the protocol's values. */
import { type ColumnType, decimalOf, limits, MarketplaceError, type ResultColumn, type Value } from '@enigma/protocol'
import { type Table, tableFromIPC, Type } from '@uwdata/flechette'

/** Rows of one batch; provisional until the query has ended and its receipt was verified. */
export type Batch = {
  columns: readonly ResultColumn[]
  rowCount: number
  /** The Arrow table; values of its columns are physical: see `Value` of @enigma/protocol. */
  table: Table
  /** The attempt that it came from, counted from 1. */
  attempt: number
  /** Whether rows of earlier attempts are void and these begin anew. */
  isRestart: boolean
  /** The rows as arrays of values in column order. */
  rows: () => Value[][]
}

/** Inflates a deflate-raw batch of exactly `inflatedBytes`; throws `answer-invalid`. */
export async function inflateBatch({
  arrow,
  inflatedBytes,
}: {
  arrow: Uint8Array
  inflatedBytes: number
}): Promise<Uint8Array> {
  if (inflatedBytes > limits.batchBytes) throw invalid()
  const inflated = new Uint8Array(inflatedBytes)
  let length = 0
  const source = new Blob([new Uint8Array(arrow)]).stream().pipeThrough(new DecompressionStream('deflate-raw'))
  try {
    for await (const chunk of source) {
      if (length + chunk.length > inflatedBytes) throw invalid()
      inflated.set(chunk, length)
      length += chunk.length
    }
  } catch (cause) {
    throw invalid(cause)
  }
  if (length !== inflatedBytes) throw invalid()
  return inflated
}

/** Decodes an inflated batch; throws `answer-invalid` when it is not what the schema part said. */
export function decodeArrow({
  bytes,
  columns,
  rows,
}: {
  bytes: Uint8Array
  columns: readonly ResultColumn[]
  rows: number
}): Table {
  let table: Table
  try {
    table = tableFromIPC(bytes, { useBigInt: true, useDecimalInt: true })
  } catch (cause) {
    throw invalid(cause)
  }
  if (table.numRows !== rows || table.numCols !== columns.length) throw invalid()
  for (const [index, { type }] of columns.entries()) {
    if (table.schema.fields[index]?.type.typeId !== physicalTypeOf(type)) throw invalid()
  }
  return table
}

/** The Arrow type that carries a column type; what a schema part says and a batch holds must be the same. */
function physicalTypeOf(type: ColumnType): number {
  if (decimalOf(type) !== undefined) return Type.Decimal
  switch (type) {
    case 'boolean':
      return Type.Bool
    case 'double':
      return Type.Float
    case 'text':
      return Type.Utf8
    case 'blob':
      return Type.Binary
    default:
      return Type.Int
  }
}

/** The rows of a table. */
export function rowsOfTable(table: Table): Value[][] {
  const columns = table.children.map((column) => [...column] as Value[])
  return Array.from({ length: table.numRows }, (_, row) => columns.map((values) => values[row] ?? null))
}

function invalid(cause?: unknown): MarketplaceError {
  return new MarketplaceError({ code: 'answer-invalid', message: 'The node sent a batch that cannot be read.', cause })
}
