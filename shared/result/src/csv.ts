/**
 * CSV by RFC 4180, inert in spreadsheets: what they would take for a formula is preceded by an apostrophe, unless its
 * column holds numbers. The same holds for tab-separated text on the clipboard.
 */
import { exactText, isNumericType } from './cell.ts'
import type { CellValue, RowSource } from './result-set.ts'

/** First characters that make a formula, also in their full-width forms; and those that hide one. */
const formula = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/

/** Text that no spreadsheet evaluates. */
export function inertText(text: string): string {
  return formula.test(text) ? `'${text}` : text
}

/** A cell's text before it is quoted. */
function cellOf(type: string, value: CellValue): string {
  const text = exactText(type, value)
  return isNumericType(type) ? text : inertText(text)
}

function quote(text: string): string {
  return /[",;\t\r\n]/.test(text) || text !== text.trim() ? `"${text.replaceAll('"', '""')}"` : text
}

/** The file's pieces, each of a few hundred rows at most. An empty text is `""`, a null is nothing. */
export function* csvPieces(rows: RowSource, { pieceRows = 256 }: { pieceRows?: number } = {}): Generator<string> {
  yield `${rows.columns.map(({ name }) => quote(inertText(name))).join(',')}\r\n`
  for (let start = 0; start < rows.rowCount; start += pieceRows) {
    let piece = ''
    const end = Math.min(rows.rowCount, start + pieceRows)
    for (let row = start; row < end; row++) piece += `${csvLine(rows, row)}\r\n`
    yield piece
  }
}

function csvLine(rows: RowSource, row: number): string {
  return rows.columns
    .map(({ type }, column) => {
      const value = rows.value(row, column)
      return value === '' ? '""' : quote(cellOf(type, value))
    })
    .join(',')
}

/** A range of cells as a spreadsheet pastes them; line breaks and tabs inside of a cell become spaces. */
export type CellRange = { rowStart: number; rowEnd: number; columnStart: number; columnEnd: number }

/** Pieces of tab-separated text; both ends of the range are included. */
export function* tsvPieces(
  rows: RowSource,
  range: CellRange,
  { pieceRows = 256, withHeader = false }: { pieceRows?: number; withHeader?: boolean } = {},
): Generator<string> {
  const columns = rows.columns.slice(range.columnStart, range.columnEnd + 1)
  if (withHeader) yield `${columns.map(({ name }) => tsvCell(inertText(name))).join('\t')}\n`
  for (let start = range.rowStart; start <= range.rowEnd; start += pieceRows) {
    let piece = ''
    for (let row = start; row <= Math.min(range.rowEnd, start + pieceRows - 1); row++) {
      const cells = columns.map(({ type }, at) => tsvCell(cellOf(type, rows.value(row, range.columnStart + at))))
      piece += `${cells.join('\t')}${row === range.rowEnd ? '' : '\n'}`
    }
    yield piece
  }
}

function tsvCell(text: string): string {
  return text.replace(/[\t\r\n]+/g, ' ')
}
