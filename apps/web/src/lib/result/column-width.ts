/** How wide a column is drawn at first: as its heading and the rows that are looked at need, within bounds. */
import { cellText } from '@enigma/result/cell'
import type { RowSource } from '@enigma/result/result-set'

const characterPx = 7.9
const paddingPx = 24
const minPx = 84
const maxPx = 380
const lookedAt = 100

/** In pixels, for the grid's monospaced 13 px. */
export function columnWidth(
  rows: RowSource,
  column: number,
  { start, end }: { start: number; end: number } = { start: 0, end: lookedAt },
): number {
  const { name = '', type = 'text' } = rows.columns[column] ?? {}
  let characters = Math.max(name.length + 2, type === 'timestamp' ? 14 : type.length)
  for (let row = start; row < Math.min(end, rows.rowCount); row++) {
    characters = Math.max(characters, cellText(type, rows.value(row, column)).length)
  }
  return Math.round(Math.max(minPx, Math.min(maxPx, characters * characterPx + paddingPx)))
}
