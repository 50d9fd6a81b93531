/** A file that rows are read from in bounded pieces, as often as they are needed. */
import type { ColumnType } from './column-type.ts'

/** A number of a JSON file as it stands there: a double would lose digits. */
export class NumberText {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  toJSON(): number {
    return Number(this.text)
  }
}

/** What a file holds in one place: text in CSV, JSON's scalars, and values of a column's type in Parquet. */
export type Cell = null | boolean | number | bigint | string | Uint8Array | NumberText

/** Rows in the order of `names`; a row that is shorter has no value in the rest. */
export type RowBatch = { rows: Cell[][]; bytesRead: number }

export type Source = {
  format: 'csv' | 'json' | 'parquet'
  /** Names of the columns as the file has them; those of JSON are all known once it was read to its end. */
  readonly names: readonly string[]
  /** Where the file itself says the columns' types. */
  readonly types?: readonly ColumnType[]
  totalBytes: number
  /** Reads from the start; throws `SourceError`. */
  batches: () => AsyncGenerator<RowBatch, void, undefined>
}

/** Something about the file that its owner can mend; the message says how. */
export class SourceError extends Error {
  override readonly name = 'SourceError'
}

/** The part of `Blob` that readers need. */
export type SourceFile = Pick<Blob, 'size' | 'slice'> & { name: string }
