/** When a table has many small segments, which of them become one: a geometric rule, so that old rows are rarely moved. */

const growth = 4

/**
 * The index from which on segments are merged into one, or undefined while there are at most `maxSegments`. A segment
 * joins the tail behind it when it has at most four times the tail's rows.
 */
export function segmentsToMerge({
  rows: rowsOfSegments,
  maxSegments,
}: {
  rows: readonly number[]
  maxSegments: number
}): number | undefined {
  if (rowsOfSegments.length <= maxSegments) return undefined
  let from = rowsOfSegments.length - 1
  let tailRows = rowsOfSegments[from] ?? 0
  while (from > 0) {
    const rows = rowsOfSegments[from - 1] ?? 0
    if (rows > growth * tailRows && from < maxSegments) break
    from -= 1
    tailRows += rows
  }
  return from
}
