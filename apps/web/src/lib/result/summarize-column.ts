/** What a column holds, over the rows that are loaded: counts, bounds, and a small histogram. */
import { isNumericType, isTimeType, scaleOf } from '@enigma/result/cell'
import type { CellValue, RowSource } from '@enigma/result/result-set'
import type { Slices } from '@enigma/result/slices'
import { compareValues } from './sort-rows.ts'

/** Values that begin at `from`, in a histogram of equal steps; or one value of a text column. */
export type SummaryBar = { from: CellValue; count: number }

export type ColumnSummary = {
  rows: number
  nulls: number
  /** Different values; when not exact, there are at least as many. */
  distinct: number
  isDistinctExact: boolean
  min: CellValue
  max: CellValue
  /** Of numbers. */
  mean: number | undefined
  /** `steps`: equal parts from min to max; `values`: the most frequent values, most frequent first. */
  bars: { kind: 'steps' | 'values'; items: readonly SummaryBar[] } | undefined
}

/** Different values that are remembered at most. */
const maxDistinct = 1000
const histogramSteps = 16
const frequentValues = 6
/** Of a long text only this much tells it from others. */
const keyCharacters = 500
const stepRows = 512

/** Reads the column once, and once more for a histogram. */
export async function summarizeColumn({
  rows,
  column,
  slices,
}: {
  rows: RowSource
  column: number
  slices: Slices
}): Promise<ColumnSummary> {
  const type = rows.columns[column]?.type ?? 'text'
  const facts = newFacts()
  for (let row = 0; row < rows.rowCount; row++) {
    if (row % stepRows === 0 && slices.isDue()) await slices.pause()
    note(facts, rows.value(row, column))
  }
  const { nulls, counts, isDistinctExact, min, max, sum, numbers } = facts
  const isContinuous = isNumericType(type) || isTimeType(type)
  return {
    ...{ rows: rows.rowCount, nulls, distinct: counts.size, isDistinctExact, min, max },
    mean: isNumericType(type) && numbers > 0 ? sum / numbers / 10 ** scaleOf(type) : undefined,
    bars: isContinuous ? await histogram({ rows, column, slices, min, max }) : frequent(facts),
  }
}

type Facts = {
  nulls: number
  counts: Map<string | number | bigint | boolean, { value: CellValue; count: number }>
  isDistinctExact: boolean
  min: CellValue
  max: CellValue
  /** Of the finite numbers. */
  sum: number
  numbers: number
}

function newFacts(): Facts {
  return { nulls: 0, counts: new Map(), isDistinctExact: true, min: null, max: null, sum: 0, numbers: 0 }
}

function note(facts: Facts, value: CellValue): void {
  if (value === null) {
    facts.nulls++
    return
  }
  countValue(facts, value)
  if (typeof value === 'number' || typeof value === 'bigint') {
    const number = Number(value)
    if (!Number.isFinite(number)) return
    facts.sum += number
    facts.numbers++
  }
  if (facts.min === null || compareValues(value, facts.min) < 0) facts.min = value
  if (facts.max === null || compareValues(value, facts.max) > 0) facts.max = value
}

function countValue(facts: Facts, value: NonNullable<CellValue>): void {
  const key = keyOf(value)
  const known = facts.counts.get(key)
  if (known !== undefined) known.count++
  else if (facts.counts.size < maxDistinct) facts.counts.set(key, { value, count: 1 })
  else facts.isDistinctExact = false
}

function keyOf(value: NonNullable<CellValue>): string | number | bigint | boolean {
  if (value instanceof Uint8Array) return `${value.length}:${String(value.subarray(0, keyCharacters))}`
  return typeof value === 'string' && value.length > keyCharacters
    ? `${value.length}:${value.slice(0, keyCharacters)}`
    : value
}

/** Only where every value was counted: otherwise others might be more frequent. */
function frequent({ counts, isDistinctExact }: Facts): ColumnSummary['bars'] {
  if (!isDistinctExact || counts.size === 0) return undefined
  const items = [...counts.values()].sort((a, b) => b.count - a.count).slice(0, frequentValues)
  return { kind: 'values', items: items.map(({ value, count }) => ({ from: value, count })) }
}

type HistogramParameters = { rows: RowSource; column: number; slices: Slices; min: CellValue; max: CellValue }

async function histogram({ rows, column, slices, min, max }: HistogramParameters): Promise<ColumnSummary['bars']> {
  if (min === null || max === null) return undefined
  const [low, high] = [Number(min), Number(max)]
  const counts = Array.from({ length: low === high ? 1 : histogramSteps }, () => 0)
  const width = (high - low) / counts.length
  for (let row = 0; row < rows.rowCount; row++) {
    if (row % stepRows === 0 && slices.isDue()) await slices.pause()
    const value = rows.value(row, column)
    if (typeof value !== 'number' && typeof value !== 'bigint') continue
    const number = Number(value)
    if (!Number.isFinite(number)) continue
    const at = width > 0 ? Math.min(counts.length - 1, Math.floor((number - low) / width)) : 0
    counts[at] = (counts[at] ?? 0) + 1
  }
  const from = (at: number): CellValue => {
    const value = low + width * at
    return typeof min === 'bigint' ? BigInt(Math.round(value)) : value
  }
  return { kind: 'steps', items: counts.map((count, at) => ({ from: from(at), count })) }
}
