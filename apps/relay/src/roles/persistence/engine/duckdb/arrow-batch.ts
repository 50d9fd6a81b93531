/**
 * Rows by column as one self-contained Arrow IPC stream. Physical types are exact: `date` int32 days, `timestamp` int64
 * microseconds, decimals 128 bits; the answer's schema part says what they mean.
 */
import { arrowTypeOf, type ResultColumn, type Value } from '@enigma/protocol'
import { columnFromArray, tableFromColumns, tableToIPC } from '@uwdata/flechette'

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
    return [name, columnFromArray([...values], arrowTypeOf(type))] as const
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
