/** What types the columns of a file have, from all of its rows: a type that is found holds every value exactly. */
import type { ColumnType, PublishColumn } from './column-type.ts'
import { fractionPattern, integerPattern, parseBoolean } from './convert-cell.ts'
import { toIdentifiers } from './identifiers.ts'
import { parseDate, parseTimestamp } from './parse-time.ts'
import { type Cell, NumberText, type RowBatch, type Source } from './source.ts'

/** What was seen in one column. */
type Seen = {
  boolean: number
  integer: number
  fraction: number
  double: number
  date: number
  timestamp: number
  text: number
  least: bigint
  most: bigint
  wholeDigits: number
  minScale: number
  maxScale: number
}

/** Digits that a double holds for certain. */
const doubleDigits = 15

export type InferredColumns = { columns: PublishColumn[]; rows: number; preview: Cell[][] }

export type InferColumnsParameters = {
  source: Source
  /** Called after each piece; waits, so that the page stays responsive. */
  onBatch: (progress: { bytesRead: number; rows: number }) => Promise<void>
}

const previewRows = 20

/** Reads the whole file once; throws `SourceError`. */
export async function inferColumns({ source, onBatch }: InferColumnsParameters): Promise<InferredColumns> {
  const seen: Seen[] = []
  const preview: Cell[][] = []
  let rows = 0
  for await (const batch of source.batches()) {
    if (source.types === undefined) look(batch, seen)
    rows += batch.rows.length
    if (preview.length < previewRows) preview.push(...batch.rows.slice(0, previewRows - preview.length))
    await onBatch({ bytesRead: batch.bytesRead, rows })
  }
  const identifiers = toIdentifiers(source.names)
  const columns = source.names.map((name, at) => ({
    source: name,
    name: identifiers[at] ?? '',
    type: source.types?.[at] ?? typeOf(seen[at], source.format === 'csv'),
    unit: '',
    description: '',
  }))
  return { columns, rows, preview }
}

function look({ rows }: RowBatch, seen: Seen[]): void {
  for (const row of rows) {
    for (let at = 0; at < row.length; at++) {
      const cell = row[at] ?? null
      if (cell !== null) lookAt(cell, (seen[at] ??= nothingSeen()))
    }
  }
}

function nothingSeen(): Seen {
  const kinds = { boolean: 0, integer: 0, fraction: 0, double: 0, date: 0, timestamp: 0, text: 0 }
  return { ...kinds, least: 0n, most: 0n, wholeDigits: 0, minScale: 99, maxScale: 0 }
}

function lookAt(cell: Cell, seen: Seen): void {
  if (typeof cell === 'boolean') seen.boolean += 1
  else if (cell instanceof NumberText) lookAtNumber(cell.text, seen)
  else if (typeof cell === 'string') lookAtText(cell, seen)
  else seen.text += 1
}

/** A text that begins like a number, a time or a truth value is looked at closer. */
function lookAtText(text: string, seen: Seen): void {
  if (seen.text > 0) return
  const trimmed = text.trim()
  if (/^[\d-]/.test(trimmed)) {
    if (parseDate(trimmed) !== undefined) seen.date += 1
    else if (trimmed.length > 10 && parseTimestamp(trimmed) !== undefined) seen.timestamp += 1
    else lookAtNumber(trimmed, seen)
  } else if (parseBoolean(trimmed) !== undefined) seen.boolean += 1
  else seen.text += 1
}

function lookAtNumber(text: string, seen: Seen): void {
  if (integerPattern.test(text) && text.length < 60) {
    seen.integer += 1
    const value = BigInt(text)
    if (value < seen.least) seen.least = value
    if (value > seen.most) seen.most = value
    seen.wholeDigits = Math.max(seen.wholeDigits, text.replace('-', '').length)
  } else if (fractionPattern.test(text) && text.length < 60) {
    seen.fraction += 1
    const point = text.indexOf('.')
    const scale = text.length - point - 1
    seen.wholeDigits = Math.max(seen.wholeDigits, text.slice(0, point).replace('-', '').length)
    seen.minScale = Math.min(seen.minScale, scale)
    seen.maxScale = Math.max(seen.maxScale, scale)
  } else if (/^-?\d+(\.\d+)?[eE][+-]?\d+$/.test(text) && Number.isFinite(Number(text))) seen.double += 1
  else seen.text += 1
}

function typeOf(seen: Seen | undefined, isText: boolean): ColumnType {
  if (seen === undefined || seen.text > 0) return 'text'
  const { boolean, integer, fraction, double, date, timestamp } = seen
  const numbers = integer + fraction + double
  const kinds = [boolean, numbers, date + timestamp].filter((count) => count > 0)
  if (kinds.length !== 1) return 'text'
  if (boolean > 0) return 'boolean'
  if (date + timestamp > 0) return timestamp > 0 ? 'timestamp' : 'date'
  return numberTypeOf(seen, isText)
}

function numberTypeOf(seen: Seen, isText: boolean): ColumnType {
  const { integer, fraction, double, least, most, wholeDigits, minScale, maxScale } = seen
  if (double > 0) return 'double'
  if (fraction === 0) return integerTypeOf(least, most, wholeDigits)
  const digits = wholeDigits + maxScale
  const isMoney = isText && integer === 0 && minScale === maxScale
  if (digits <= doubleDigits && !isMoney) return 'double'
  if (digits > 38) return 'double'
  return digits <= 18 ? `decimal(18,${maxScale})` : `decimal(38,${maxScale})`
}

function integerTypeOf(least: bigint, most: bigint, digits: number): ColumnType {
  const fits = (bits: bigint) => least >= -(1n << bits) && most < 1n << bits
  if (fits(31n)) return 'integer'
  if (fits(63n)) return 'bigint'
  return digits <= 38 ? 'decimal(38,0)' : 'double'
}
