/** The rows of a file as segments: converted, checked, written as Parquet, hashed. What does not fit is told row by row. */
import { type ColumnValue, type PublishColumn, wordsOfType } from './column-type.ts'
import { convertCell } from './convert-cell.ts'
import { maxKeyedRows } from './limits.ts'
import { createSegmentWriter } from './segment-writer.ts'
import { type Cell, type Source, SourceError } from './source.ts'

/** A segment is hashed as a whole: this bounds the memory for it. */
const segmentBytes = 32 * 1024 * 1024
const segmentRows = 1_000_000
const shownProblems = 20

/** Takes the rows of a segment in order and gives their Merkle root. */
export type RowHasher = {
  addRow: (values: readonly ColumnValue[]) => void
  finish: () => Promise<{ root: `0x${string}` }>
}

export type BuiltSegment = { file: Blob; hash: `0x${string}`; bytes: number; rows: number; root: `0x${string}` }

export type BuildSegmentsParameters = {
  source: Source
  columns: readonly PublishColumn[]
  /** Names of the columns that tell rows apart; empty for none. */
  key: readonly string[]
  /** Keys that are published already (`keyOf`): their rows are left out. */
  known?: ReadonlySet<string> | undefined
  maxRows: number
  maxBytes: number
  createHasher: () => RowHasher
  sha256: (bytes: Uint8Array<ArrayBuffer>) => Promise<`0x${string}`>
  /** Called after each piece; waits, so that the page stays responsive. */
  onBatch: (progress: { bytesRead: number; rows: number }) => Promise<void>
}

export type BuiltSegments = { segments: BuiltSegment[]; rows: number; skipped: number }

/** Builds; throws `RowsError` for rows that do not fit, `SourceError` for a file that cannot be read. */
export async function buildSegments(parameters: BuildSegmentsParameters): Promise<BuiltSegments> {
  const { source, onBatch, maxRows, maxBytes } = parameters
  const checker = createRowChecker(parameters)
  const segments: BuiltSegment[] = []
  let open = openSegment(parameters)
  let skipped = 0
  let row = 0
  const totals = () => ({
    rows: segments.reduce((sum, each) => sum + each.rows, open.rows),
    bytes: segments.reduce((sum, each) => sum + each.bytes, open.bytes),
  })
  for await (const { rows, bytesRead } of source.batches()) {
    for (const cells of rows) {
      const values = checker.convert(cells, ++row)
      if (values === undefined) continue
      if (values === 'known') skipped += 1
      else open.add(values)
    }
    if (open.isFull) {
      segments.push(await open.close())
      open = openSegment(parameters)
    }
    const { rows: total, bytes } = totals()
    if (total > maxRows)
      throw new SourceError(`The file has more than ${maxRows} rows, which is the most that is taken.`)
    if (bytes > maxBytes) throw tooManyBytes(maxBytes)
    await onBatch({ bytesRead, rows: row })
  }
  checker.finish()
  if (row === 0) throw new SourceError('The file names columns and holds no rows; choose one with rows.')
  if (open.rows > 0) segments.push(await open.close())
  const rows = segments.reduce((sum, each) => sum + each.rows, 0)
  if (segments.reduce((sum, each) => sum + each.bytes, 0) > maxBytes) throw tooManyBytes(maxBytes)
  return { segments, rows, skipped }
}

function tooManyBytes(maxBytes: number): SourceError {
  return new SourceError(
    `Packed, the rows have more than ${Math.floor(maxBytes / 1e6)} MB, which is the most that is taken; publish fewer rows or columns.`,
  )
}

function openSegment({ columns, createHasher, sha256 }: BuildSegmentsParameters) {
  const writer = createSegmentWriter(columns)
  const hasher = createHasher()
  const pieces: Uint8Array<ArrayBuffer>[] = []
  let bytes = 0
  const keep = (piece: Uint8Array<ArrayBuffer> | undefined) => {
    if (piece === undefined) return
    pieces.push(piece)
    bytes += piece.length
  }
  return {
    add(values: readonly ColumnValue[]) {
      hasher.addRow(values)
      keep(writer.add(values))
    },
    get rows() {
      return writer.rows
    },
    get bytes() {
      return bytes
    },
    get isFull() {
      return writer.rows >= segmentRows || bytes >= segmentBytes
    },
    async close(): Promise<BuiltSegment> {
      const { rows } = writer
      keep(writer.finish())
      const file = new Blob(pieces, { type: 'application/vnd.apache.parquet' })
      const hash = await sha256(new Uint8Array(await file.arrayBuffer()))
      const { root } = await hasher.finish()
      return { file, hash, bytes: file.size, rows, root }
    },
  }
}

/** One cell or key that does not fit. */
export type RowProblem = { row: number; column: string; sentence: string }

/** Rows that do not fit, the first of them in words. */
export class RowsError extends SourceError {
  readonly problems: readonly RowProblem[]
  readonly count: number

  constructor(problems: readonly RowProblem[], count: number) {
    const what = count === 1 ? 'One value does not fit' : `${count} values do not fit`
    super(`${what}; mend the file, or choose another type or key.`)
    this.problems = problems
    this.count = count
  }
}

/** The text by which rows with equal keys are equal; undefined where a part has no value. */
export function keyOf(values: readonly ColumnValue[]): string | undefined {
  const parts = values.map((value) => (value instanceof Uint8Array ? value.join(' ') : String(value)))
  return values.some((value) => value === null) ? undefined : JSON.stringify(parts)
}

function createRowChecker({ columns, key, known, source }: BuildSegmentsParameters) {
  const placesOf = createPlaces(source, columns)
  const keyPlaces = key.map((name) => columns.findIndex((column) => column.name === name))
  const keys = new Map<string, number>()
  const problems: RowProblem[] = []
  let count = 0
  const note = (row: number, column: string, sentence: string) => {
    count += 1
    if (problems.length < shownProblems) problems.push({ row, column, sentence })
  }
  return {
    /** The row's values; `known` where its key was published before, undefined where it does not fit. */
    convert(cells: readonly Cell[], row: number): ColumnValue[] | 'known' | undefined {
      const before = count
      const places = placesOf()
      const values = columns.map((column, at) => {
        const cell = cells[places[at] ?? -1] ?? null
        const value = convertCell(column.type, cell)
        if (value === undefined) note(row, column.source, misfit(column, cell))
        return value ?? null
      })
      if (count > before) return undefined
      if (keyPlaces.length === 0) return values
      const text = keyOf(keyPlaces.map((at) => values[at] ?? null))
      const first = text === undefined ? undefined : keys.get(text)
      if (text === undefined || first !== undefined) {
        const sentence =
          first === undefined ? 'has no value, and the key needs one' : `has the same key as row ${first}`
        note(row, key.join(', '), sentence)
        return undefined
      }
      if (keys.size >= maxKeyedRows) throw new SourceError(`A table with a key has at most ${maxKeyedRows} rows here.`)
      keys.set(text, row)
      return known?.has(text) === true ? 'known' : values
    },
    finish() {
      if (count > 0) throw new RowsError(problems, count)
      const lost = columns.find((_, at) => placesOf()[at] === -1)
      if (lost !== undefined) {
        throw new SourceError(`The file has no column ${lost.source}; choose one that has, or leave the column out.`)
      }
    },
  }
}

/** Where each column stands in a row; the names of a JSON file become known only while it is read. */
function createPlaces(source: Source, columns: readonly PublishColumn[]): () => readonly number[] {
  let places: number[] = []
  let known = -1
  return () => {
    if (source.names.length !== known) {
      known = source.names.length
      places = columns.map(({ source: name }) => source.names.indexOf(name))
    }
    return places
  }
}

function misfit({ type }: PublishColumn, cell: Cell): string {
  const text = cell instanceof Uint8Array ? 'bytes' : JSON.stringify(cell, (_key, value: unknown) => plain(value))
  return `${text.slice(0, 60)} is not ${wordsOfType(type)}`
}

function plain(value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value
}
