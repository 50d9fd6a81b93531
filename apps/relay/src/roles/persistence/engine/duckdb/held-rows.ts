/** Rows that an engine has fetched and not yet sent, as DuckDB's own chunks, with the bytes that they will take. */
import { limits, MarketplaceError, type ResultColumn, type Value } from '@enigma/protocol'
import type { DuckDBDataChunk } from '@duckdb/node-api'
import { engineLimits } from '../engine-limits.ts'
import { encodeArrowBatch } from './arrow-batch.ts'
import {
  arrowColumnOf,
  type ChunkColumn,
  type ChunkSlice,
  hasTexts,
  readChunkColumn,
  textLengthAt,
} from './chunk-columns.ts'
import { type ColumnLayout, layoutOf } from './column-layouts.ts'
import { valueOf } from './column-types.ts'

/** A chunk and what of it is not sent yet; `ends[row]` are the bytes of its rows up to and with that one. */
type HeldChunk = { chunk: DuckDBDataChunk; columns: ChunkColumn[]; start: number; end: number; ends: Float64Array }

/** Bytes of a cell beside its text: a decimal's 16 are the most. */
const cellBytes = 16
/** What an Arrow message needs beside its cells, for each column. */
const columnBytes = 512

export class HeldRows {
  rows = 0
  /** An upper bound of what the rows take in a batch. */
  bytes = 0
  readonly #columns: readonly ResultColumn[]
  #chunks: HeldChunk[] = []
  /** Of the first chunk; those of one result are all alike. */
  #layouts: readonly ColumnLayout[] | undefined

  constructor(columns: readonly ResultColumn[]) {
    this.#columns = columns
  }

  add(chunk: DuckDBDataChunk): void {
    const end = chunk.rowCount
    const layouts = (this.#layouts ??= this.#columns.map((_, index) => layoutOf(chunk.getColumnVector(index).type)))
    const columns = this.#columns.map(({ type }, index) =>
      readChunkColumn(chunk, index, type, layouts[index] ?? { kind: 'values' }),
    )
    const texts = columns.filter(hasTexts)
    const ends = new Float64Array(end)
    let bytes = 0
    for (let row = 0; row < end; row++) {
      bytes += columns.length * cellBytes
      for (const column of texts) bytes += textLengthAt(column, row)
      ends[row] = bytes
    }
    this.#chunks.push({ chunk, columns, start: 0, end, ends })
    this.rows += end
    this.bytes += bytes
  }

  /** The values of all rows by row; they stay held. */
  values(): Value[][] {
    return this.#chunks.flatMap(({ chunk, start, end }) => {
      const columns = this.#columns.map(({ type }, index) =>
        chunk.getColumnValues(index).map((value) => valueOf(type, value)),
      )
      return Array.from({ length: end - start }, (_, at) => columns.map((values) => values[start + at] ?? null))
    })
  }

  /**
   * Takes up to `maxRows` rows that fit one batch, at least one, as Arrow; throws `too-large` when a row is too large for
   * any batch.
   */
  take(maxRows: number): { rows: number; arrow: Uint8Array } {
    const slices: ChunkSlice[] = []
    let rows = 0
    let room: number = engineLimits.batchBytes
    for (const next of this.#chunks) {
      if (rows >= maxRows) break
      const end = lastRowWithin(next, Math.min(maxRows - rows, next.end - next.start), room, rows === 0)
      if (end === next.start) break
      slices.push({ columns: next.columns, start: next.start, end })
      const bytes = bytesBetween(next, next.start, end)
      rows += end - next.start
      room -= bytes
      this.bytes -= bytes
      next.start = end
      if (end < next.end) break
    }
    this.rows -= rows
    const arrow = encodeArrowBatch(
      this.#columns.map(({ name, type }, index) => [name, arrowColumnOf(type, slices, index)]),
    )
    // Only now: the slices are views of memory that lives as long as its chunk.
    this.#chunks = this.#chunks.filter(({ start, end }) => start < end)
    if (arrow.length > limits.batchBytes) throw rowTooLarge()
    return { rows, arrow }
  }
}

function bytesBetween({ ends }: HeldChunk, start: number, end: number): number {
  return (end === 0 ? 0 : (ends[end - 1] ?? 0)) - (start === 0 ? 0 : (ends[start - 1] ?? 0))
}

/** The row before which a batch ends: within the rows and bytes, but after the first row of all. */
function lastRowWithin(held: HeldChunk, rows: number, room: number, isFirst: boolean): number {
  let end = held.start + (isFirst ? 1 : 0)
  const first = bytesBetween(held, held.start, end)
  if (first + held.columns.length * columnBytes > limits.batchBytes) throw rowTooLarge()
  while (end < held.start + rows && bytesBetween(held, held.start, end + 1) <= room) end++
  return end
}

function rowTooLarge(): MarketplaceError {
  const mebibytes = limits.batchBytes / 1024 ** 2
  return new MarketplaceError({
    code: 'too-large',
    message: `A row of the answer is larger than ${mebibytes} MiB; ask for fewer or shorter columns.`,
  })
}
