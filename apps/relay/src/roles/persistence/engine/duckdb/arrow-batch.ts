/** Columns as one self-contained Arrow IPC stream of one record batch; the answer's schema part says what they mean. */
import { arrowTypeOf, type ResultColumn, type Value } from '@enigma/protocol'
import { type Column, columnFromArray, tableFromColumns, tableToIPC } from '@uwdata/flechette'

/** Encodes columns of the same length in their order, each with its name. */
export function encodeArrowBatch(columns: readonly (readonly [name: string, column: Column<unknown>])[]): Uint8Array {
  const table = tableFromColumns(columns.map(([name, column]): [string, Column<unknown>] => [name, column]))
  const bytes = tableToIPC(table, { format: 'stream' })
  if (bytes === null) throw new TypeError('the Arrow encoder returned nothing')
  return bytes
}

/** Encodes rows of values. */
export function encodeArrowRows(columns: readonly ResultColumn[], rows: readonly (readonly Value[])[]): Uint8Array {
  return encodeArrowBatch(
    columns.map(({ name, type }, index) => {
      const values = rows.map((row) => row[index] ?? null)
      return [name, columnFromArray(values, arrowTypeOf(type))] as const
    }),
  )
}
