/** Rows of one batch as the SDK hands them out: read where they stand, never materialised unless the caller asks. */
import type { ResultColumn, Value } from '@enigma/protocol'
import { type ColumnData, readerOf } from './column-data.ts'

/** Rows of one batch; provisional until the query has ended and its receipt was verified. */
export type Batch = {
  columns: readonly ResultColumn[]
  rowCount: number
  /** The columns' own buffers, in column order. */
  data: readonly ColumnData[]
  /** The attempt that it came from, counted from 1. */
  attempt: number
  /** Whether rows of earlier attempts are void and these begin anew. */
  isRestart: boolean
  /** One value, read where it stands; null outside of the batch. */
  value: (row: number, column: number) => Value
  /** All rows as arrays of values in column order. */
  rows: () => Value[][]
}

/** Gives columns of data the ways to read them. */
export function readBatch(data: readonly ColumnData[], rowCount: number): Pick<Batch, 'value' | 'rows'> {
  const readers = data.map(readerOf)
  return {
    value: (row, column) => readers[column]?.(row) ?? null,
    rows: () => Array.from({ length: rowCount }, (_, row) => readers.map((read) => read(row))),
  }
}
