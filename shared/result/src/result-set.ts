/** Rows of an answer as they lie in their batches: nothing is copied, a value is read where it stands. */

/** One value as the SDK reads it: see `Value` of @enigma/protocol. Decimals are unscaled bigints, dates are days. */
export type CellValue = null | boolean | number | bigint | string | Uint8Array

/** A column of a result: its name as the query gave it, and its SQL type. */
export type ResultColumn = { name: string; type: string }

export type ResultBatch = { rowCount: number; value: (row: number, column: number) => CellValue }

/** What the grid, the charts and the exports read from. */
export type RowSource = {
  readonly columns: readonly ResultColumn[]
  readonly rowCount: number
  value: (row: number, column: number) => CellValue
}

/** Batches in their order, read as one table. */
export class ResultSet implements RowSource {
  readonly columns: readonly ResultColumn[]
  readonly #batches: ResultBatch[] = []
  /** The first row of each batch. */
  readonly #starts: number[] = []
  #rowCount = 0
  /** Where the last value was read: the next one is mostly near. */
  #recent = 0

  constructor(columns: readonly ResultColumn[]) {
    this.columns = columns
  }

  get rowCount(): number {
    return this.#rowCount
  }

  append(batch: ResultBatch): void {
    if (batch.rowCount === 0) return
    this.#batches.push(batch)
    this.#starts.push(this.#rowCount)
    this.#rowCount += batch.rowCount
  }

  /** A value; null outside of the table. */
  value(row: number, column: number): CellValue {
    const at = this.#batchOf(row)
    const start = this.#starts[at] ?? 0
    return this.#batches[at]?.value(row - start, column) ?? null
  }

  /** The rows that are here now, as a source that later batches do not change. */
  view(): RowSource {
    return { columns: this.columns, rowCount: this.#rowCount, value: (row, column) => this.value(row, column) }
  }

  #batchOf(row: number): number {
    const recent = this.#starts[this.#recent] ?? 0
    const next = this.#starts[this.#recent + 1] ?? this.#rowCount
    if (row >= recent && row < next) return this.#recent
    let low = 0
    let high = this.#starts.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#starts[middle] ?? 0) <= row) low = middle + 1
      else high = middle
    }
    this.#recent = Math.max(0, low - 1)
    return this.#recent
  }
}

/** The same rows in another order. */
export function reorder(rows: RowSource, order: Uint32Array): RowSource {
  return {
    columns: rows.columns,
    rowCount: order.length,
    value: (row, column) => rows.value(order[row] ?? -1, column),
  }
}
