/** Sorts the rows that are loaded by one column: a stable merge sort in slices over keys that are read once. */
import type { CellValue, RowSource } from '@enigma/result/result-set'
import type { Slices } from '@enigma/result/slices'

export type SortDirection = 'ascending' | 'descending'

export type SortRowsParameters = {
  rows: RowSource
  column: number
  direction: SortDirection
  slices: Slices
}

/** Rows that are sorted at once before they are merged; small enough for a slice. */
const runRows = 2048
/** Steps between two looks at the clock. */
const stepRows = 512

/** The rows' numbers in order; nulls come last in either direction, equal rows stay as they were. */
export async function sortRows({ rows, column, direction, slices }: SortRowsParameters): Promise<Uint32Array> {
  const { compare } = await readKeys(rows, column, slices)
  const sign = direction === 'ascending' ? 1 : -1
  const inOrder = (a: number, b: number) => compare(a, b, sign) || a - b
  let order = Uint32Array.from({ length: rows.rowCount }, (_, row) => row)
  for (let start = 0; start < order.length; start += runRows) {
    if (slices.isDue()) await slices.pause()
    order.subarray(start, start + runRows).sort(inOrder)
  }
  let target = new Uint32Array(order.length)
  for (let width = runRows; width < order.length; width *= 2) {
    for (let start = 0; start < order.length; start += 2 * width) {
      await merge({ from: order, to: target, start, width, inOrder, slices })
    }
    ;[order, target] = [target, order]
  }
  return order
}

type Keys = { compare: (a: number, b: number, sign: number) => number }

/** Reads every key once; numbers and exact bigints into one flat array, anything else as it is. */
async function readKeys(rows: RowSource, column: number, slices: Slices): Promise<Keys> {
  const numbers = new Float64Array(rows.rowCount)
  const isNull = new Uint8Array(rows.rowCount)
  for (let row = 0; row < rows.rowCount; row++) {
    if (row % stepRows === 0 && slices.isDue()) await slices.pause()
    const value = rows.value(row, column)
    const number = numberOf(value)
    if (number === undefined) return readOtherKeys(rows, column, slices)
    if (value === null) isNull[row] = 1
    numbers[row] = number
  }
  return {
    compare(a, b, sign) {
      const nulls = (isNull[a] ?? 0) - (isNull[b] ?? 0)
      return nulls === 0 ? sign * compareNumbers(numbers[a] ?? 0, numbers[b] ?? 0) : nulls
    },
  }
}

async function readOtherKeys(rows: RowSource, column: number, slices: Slices): Promise<Keys> {
  const values: CellValue[] = []
  for (let row = 0; row < rows.rowCount; row++) {
    if (row % stepRows === 0 && slices.isDue()) await slices.pause()
    values.push(rows.value(row, column))
  }
  return {
    compare(a, b, sign) {
      const [left = null, right = null] = [values[a], values[b]]
      if (left === null || right === null) return Number(left === null) - Number(right === null)
      return sign * compareValues(left, right)
    },
  }
}

/** A value that a double holds exactly, nulls as 0; undefined when there is none. */
function numberOf(value: CellValue): number | undefined {
  if (value === null) return 0
  if (typeof value === 'number') return value
  if (typeof value === 'boolean') return Number(value)
  if (typeof value !== 'bigint') return undefined
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : undefined
}

/** As SQL does: what is no number is larger than every number. */
function compareNumbers(a: number, b: number): number {
  if (a < b) return -1
  if (a > b) return 1
  return a === b ? 0 : Number(Number.isNaN(a)) - Number(Number.isNaN(b))
}

/** Two values of one column. */
export function compareValues(a: NonNullable<CellValue>, b: NonNullable<CellValue>): number {
  if (typeof a === 'number' && typeof b === 'number') return compareNumbers(a, b)
  if (a instanceof Uint8Array && b instanceof Uint8Array) return compareBytes(a, b)
  if (a < b) return -1
  return a > b ? 1 : 0
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length)
  for (let at = 0; at < length; at++) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

type MergeParameters = {
  from: Uint32Array
  to: Uint32Array
  start: number
  width: number
  inOrder: (a: number, b: number) => number
  slices: Slices
}

/** Merges two sorted runs that lie side by side. */
async function merge({ from, to, start, width, inOrder, slices }: MergeParameters): Promise<void> {
  const middle = Math.min(start + width, from.length)
  const end = Math.min(middle + width, from.length)
  let [left, right] = [start, middle]
  for (let at = start; at < end; at++) {
    if (at % stepRows === 0 && slices.isDue()) await slices.pause()
    const isLeft = right >= end || (left < middle && inOrder(from[left] ?? 0, from[right] ?? 0) <= 0)
    to[at] = (isLeft ? from[left++] : from[right++]) ?? 0
  }
}
