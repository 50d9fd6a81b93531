/** JSON: an array with one object for each row. Numbers stay numbers only where every reader keeps all their digits. */
import { decimalText, exactText, scaleOf } from './cell.ts'
import type { CellValue, RowSource } from './result-set.ts'

/** Decimal digits that a double always holds. */
const safeDigits = 15

/** Names that differ: a repeated one is numbered, so that no value is lost. */
export function distinctNames(names: readonly string[]): string[] {
  const taken = new Set<string>()
  return names.map((name) => {
    let distinct = name
    for (let number = 2; taken.has(distinct); number++) distinct = `${name}_${number}`
    taken.add(distinct)
    return distinct
  })
}

/** The file's pieces; between two of them the caller may pause. */
export function* jsonPieces(rows: RowSource, { pieceRows = 256 }: { pieceRows?: number } = {}): Generator<string> {
  const isExact: boolean[] = []
  for (let column = 0; column < rows.columns.length; column++) isExact.push(yield* fitsDoubles(rows, column))
  const keys = distinctNames(rows.columns.map(({ name }) => name)).map((name) => JSON.stringify(name))
  const types = rows.columns.map(({ type }) => type)
  const rowText = (row: number) =>
    types.map((type, at) => `${keys[at] ?? ''}:${valueText(type, rows.value(row, at), isExact[at] ?? false)}`).join(',')
  yield '['
  for (let start = 0; start < rows.rowCount; start += pieceRows) {
    let piece = ''
    const end = Math.min(rows.rowCount, start + pieceRows)
    for (let row = start; row < end; row++) piece += `${row === 0 ? '\n' : ',\n'}{${rowText(row)}}`
    yield piece
  }
  yield '\n]\n'
}

/** Whether doubles hold every value of a column of bigints; looked at in pieces, too. */
function* fitsDoubles(rows: RowSource, column: number): Generator<string, boolean> {
  const limit =
    scaleOf(rows.columns[column]?.type ?? '') === 0 ? BigInt(Number.MAX_SAFE_INTEGER) : 10n ** BigInt(safeDigits)
  for (let row = 0; row < rows.rowCount; row++) {
    if (row % 4096 === 4095) yield ''
    const value = rows.value(row, column)
    if (typeof value === 'bigint' && (value > limit || value < -limit)) return false
  }
  return true
}

function valueText(type: string, value: CellValue, isExact: boolean): string {
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'bigint' && type !== 'timestamp' && isExact) return decimalText(value, scaleOf(type))
  if (typeof value === 'number' && type !== 'date' && Number.isFinite(value)) return JSON.stringify(value)
  return JSON.stringify(exactText(type, value))
}
