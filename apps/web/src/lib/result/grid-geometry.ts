/**
 * Where rows and columns of the grid lie. Browsers cap the height of an element (Chromium at 33.5 million pixels, Firefox
 * at 17.8): beyond `maxHeightPx` the scroll bar is a scale. Small scrolls then still move by as many pixels as the reader
 * scrolled; only a jump of the bar is scaled.
 */

/** Below the cap of every browser. */
export const maxHeightPx = 15_000_000

export type VerticalGeometry = {
  rowCount: number
  rowHeightPx: number
  /** Of the part in which rows are seen. */
  viewportPx: number
}

/** Where the reader is: `barPx` as the element says, `topPx` in the table's true height. */
export type ScrollPlace = { barPx: number; topPx: number }

/** Height of all rows. */
export function trueHeightPx({ rowCount, rowHeightPx }: VerticalGeometry): number {
  return rowCount * rowHeightPx
}

/** Height that the scrolled element is given. */
export function elementHeightPx(geometry: VerticalGeometry): number {
  return Math.min(trueHeightPx(geometry), maxHeightPx)
}

function ranges(geometry: VerticalGeometry): { bar: number; top: number } {
  const { viewportPx } = geometry
  return {
    bar: Math.max(0, elementHeightPx(geometry) - viewportPx),
    top: Math.max(0, trueHeightPx(geometry) - viewportPx),
  }
}

/** The place after the element scrolled to `barPx`. */
export function placeAfterScroll(geometry: VerticalGeometry, place: ScrollPlace, barPx: number): ScrollPlace {
  const { bar, top } = ranges(geometry)
  if (bar === top) return { barPx, topPx: clamp(barPx, top) }
  const distance = barPx - place.barPx
  const isJump = Math.abs(distance) > geometry.viewportPx
  // Where the bar ends the table must end, too.
  if (barPx <= 0 || barPx >= bar - 1) return { barPx, topPx: barPx <= 0 ? 0 : top }
  return { barPx, topPx: isJump ? scaled(barPx, bar, top) : clamp(place.topPx + distance, top) }
}

/** The place that shows `topPx`, with the bar where its scale says. */
export function placeAt(geometry: VerticalGeometry, topPx: number): ScrollPlace {
  const { bar, top } = ranges(geometry)
  const within = clamp(topPx, top)
  return { topPx: within, barPx: top === 0 ? 0 : Math.round(scaled(within, top, bar)) }
}

function scaled(value: number, from: number, to: number): number {
  return from === 0 ? 0 : (value / from) * to
}

function clamp(value: number, max: number): number {
  return Math.max(0, Math.min(max, value))
}

/** The rows that are seen, `end` excluded; with one more at either side. */
export function visibleRows(geometry: VerticalGeometry, topPx: number): { start: number; end: number } {
  const { rowCount, rowHeightPx, viewportPx } = geometry
  const start = Math.max(0, Math.min(rowCount, Math.floor(topPx / rowHeightPx) - 1))
  return { start, end: Math.min(rowCount, Math.ceil((topPx + viewportPx) / rowHeightPx) + 1) }
}

/** The scroll place that brings a row into view with the least movement. */
export function topShowingRow(geometry: VerticalGeometry, topPx: number, row: number): number {
  const { rowHeightPx, viewportPx } = geometry
  const begin = row * rowHeightPx
  if (begin < topPx) return begin
  return Math.max(topPx, begin + rowHeightPx - viewportPx)
}

/** Left edges of columns, and behind them the width of all. */
export function columnEdges(widthsPx: readonly number[]): number[] {
  const edges = [0]
  for (const width of widthsPx) edges.push((edges.at(-1) ?? 0) + width)
  return edges
}

/** The columns that are seen, `end` excluded, by binary search. */
export function visibleColumns(
  edges: readonly number[],
  { leftPx, viewportPx }: { leftPx: number; viewportPx: number },
): { start: number; end: number } {
  const count = edges.length - 1
  const at = (px: number) => {
    let [low, high] = [0, count]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((edges[middle + 1] ?? Infinity) <= px) low = middle + 1
      else high = middle
    }
    return low
  }
  return { start: Math.max(0, at(leftPx) - 1), end: Math.min(count, at(leftPx + viewportPx) + 2) }
}
