/** What keys do in the grid, as the ARIA grid pattern has it. */

/** A cell; row −1 is the heading. */
export type CellPlace = { row: number; column: number }

export type GridKey = { key: string; isMod: boolean }
export type GridSize = { rowCount: number; columnCount: number; pageRows: number }

/** Where a key leads from a cell; undefined when it is no key that moves. */
export function moveByKey({ key, isMod }: GridKey, place: CellPlace, size: GridSize): CellPlace | undefined {
  const lastRow = size.rowCount - 1
  const lastColumn = size.columnCount - 1
  switch (key) {
    case 'ArrowUp':
      return within({ ...place, row: isMod ? -1 : place.row - 1 }, size)
    case 'ArrowDown':
      return within({ ...place, row: isMod ? lastRow : place.row + 1 }, size)
    case 'ArrowLeft':
      return within({ ...place, column: isMod ? 0 : place.column - 1 }, size)
    case 'ArrowRight':
      return within({ ...place, column: isMod ? lastColumn : place.column + 1 }, size)
    case 'Home':
      return within(isMod ? { row: 0, column: 0 } : { ...place, column: 0 }, size)
    case 'End':
      return within({ row: isMod ? lastRow : place.row, column: lastColumn }, size)
    case 'PageUp':
      return within({ ...place, row: place.row === 0 ? -1 : Math.max(0, place.row - size.pageRows) }, size)
    case 'PageDown':
      return within({ ...place, row: Math.max(0, place.row) + size.pageRows }, size)
    default:
      return undefined
  }
}

/** The nearest cell that exists. */
export function within({ row, column }: CellPlace, { rowCount, columnCount }: GridSize): CellPlace {
  return {
    row: Math.max(-1, Math.min(rowCount - 1, row)),
    column: Math.max(0, Math.min(columnCount - 1, column)),
  }
}

export type CellSelection = { rowStart: number; rowEnd: number; columnStart: number; columnEnd: number }

/** The cells between two corners, both included; headings are never among them. */
export function selectionOf(anchor: CellPlace, active: CellPlace): CellSelection {
  return {
    rowStart: Math.max(0, Math.min(anchor.row, active.row)),
    rowEnd: Math.max(0, anchor.row, active.row),
    columnStart: Math.min(anchor.column, active.column),
    columnEnd: Math.max(anchor.column, active.column),
  }
}
