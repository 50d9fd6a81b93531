/** The points of a chart: read in slices, thinned where there are more than can be seen, and said so. */
import { cellText, isNumericType, isTimeType, scaleOf } from './cell.ts'
import type { CellValue, ResultColumn, RowSource } from './result-set.ts'
import type { Slices } from './slices.ts'

export const chartKinds = ['line', 'bar', 'scatter'] as const
export type ChartKind = (typeof chartKinds)[number]

/** Columns by their places. `series`: one line for each of its values; then only the first of `ys` is drawn. */
export type ChartChoice = { kind: ChartKind; x: number; ys: readonly number[]; series: number | undefined }

/** `x` is a number, Unix milliseconds, or the place of a category. */
export type ChartPoint = { x: number; y: number }
export type ChartSeries = { name: string; points: readonly ChartPoint[] }
export type ChartData = {
  kind: ChartKind
  xKind: 'number' | 'time' | 'category'
  xName: string
  yName: string
  categories: readonly string[]
  series: readonly ChartSeries[]
  xDomain: readonly [number, number]
  yDomain: readonly [number, number]
  /** What is not drawn, in sentences. */
  notes: readonly string[]
}

export const maxSeries = 6
const maxCategories = 60
const maxScatterPoints = 4000
/** A line is thinned to four points for each of these parts, so that no peak is lost. */
const lineParts = 500
const stepRows = 512

/** A chart to begin with: time or the first number along x; undefined where nothing could be drawn. */
export function suggestChart({ columns, rowCount }: Pick<RowSource, 'columns' | 'rowCount'>): ChartChoice | undefined {
  const find = (fits: (column: ResultColumn) => boolean, except = -1) =>
    columns.findIndex((column, at) => at !== except && fits(column))
  const isNumber = ({ type }: ResultColumn) => isNumericType(type)
  const time = find(({ type }) => isTimeType(type))
  const text = find(({ type }) => type === 'text')
  const firstNumber = find(isNumber)
  if (firstNumber < 0) return undefined
  if (time >= 0) return { kind: 'line', x: time, ys: [firstNumber], series: text < 0 ? undefined : text }
  if (text >= 0 && rowCount <= maxCategories) return { kind: 'bar', x: text, ys: [firstNumber], series: undefined }
  const secondNumber = find(isNumber, firstNumber)
  if (secondNumber < 0) return { kind: 'bar', x: text < 0 ? firstNumber : text, ys: [firstNumber], series: undefined }
  return { kind: 'scatter', x: firstNumber, ys: [secondNumber], series: undefined }
}

type Reading = {
  series: Map<string, PointCollector>
  collector: () => PointCollector
  categories: Map<string, number>
  read: number
  left: number
  skipped: number
}

/** Reads the points of a choice. */
export async function readChart({
  rows,
  choice,
  slices,
}: {
  rows: RowSource
  choice: ChartChoice
  slices: Slices
}): Promise<ChartData> {
  const xColumn = rows.columns[choice.x] ?? { name: '', type: 'text' }
  const xKind = xKindOf(choice.kind, xColumn.type)
  const step = choice.kind === 'scatter' ? Math.max(1, Math.ceil(rows.rowCount / maxScatterPoints)) : 1
  const isThinned = choice.kind === 'line' && xKind !== 'category' && rows.rowCount > 4 * lineParts
  const domain = isThinned ? await xDomainOf({ rows, choice, slices }) : undefined
  const reading: Reading = {
    collector: () =>
      domain === undefined ? allPoints(choice.kind === 'line' && xKind !== 'category') : lineOf(domain),
    ...{ series: new Map(), categories: new Map(), read: 0, left: 0, skipped: 0 },
  }
  for (let row = 0; row < rows.rowCount; row += step) {
    if (row % stepRows < step && slices.isDue()) await slices.pause()
    readRow({ rows, row, choice, xKind, xType: xColumn.type, reading })
  }
  const series = [...reading.series].map(([name, collector]) => ({ name, points: collector.points() }))
  const drawn = series.reduce((sum, { points }) => sum + points.length, 0)
  return {
    ...{ kind: choice.kind, xKind, xName: xColumn.name, categories: [...reading.categories.keys()], series },
    yName: choice.ys.map((y) => rows.columns[y]?.name ?? '').join(', '),
    xDomain: domainOf(series, 'x', false),
    yDomain: domainOf(series, 'y', choice.kind === 'bar'),
    notes: notesOf({ step, drawn, reading, rowCount: rows.rowCount }),
  }
}

type PointCollector = { add: (point: ChartPoint) => void; points: () => readonly ChartPoint[] }

function allPoints(isOrdered: boolean): PointCollector {
  const points: ChartPoint[] = []
  return {
    add: (point) => void points.push(point),
    points: () => (isOrdered ? points.toSorted((a, b) => a.x - b.x) : points),
  }
}

/** Keeps the first, least, greatest and last point of each part of the domain, whatever the order of the rows. */
function lineOf([low, high]: readonly [number, number]): PointCollector {
  type Part = { first: ChartPoint; least: ChartPoint; greatest: ChartPoint; last: ChartPoint }
  const parts: (Part | undefined)[] = Array.from({ length: lineParts })
  return {
    add(point) {
      const at = Math.min(lineParts - 1, Math.floor(((point.x - low) / (high - low)) * lineParts))
      const part = parts[at]
      if (part === undefined) {
        parts[at] = { first: point, least: point, greatest: point, last: point }
        return
      }
      if (point.x < part.first.x) part.first = point
      if (point.x >= part.last.x) part.last = point
      if (point.y < part.least.y) part.least = point
      if (point.y > part.greatest.y) part.greatest = point
    },
    points: () =>
      parts.flatMap((part) => (part === undefined ? [] : [...new Set(Object.values(part))].sort((a, b) => a.x - b.x))),
  }
}

/** From the least to the greatest place along x. */
async function xDomainOf({
  rows,
  choice,
  slices,
}: {
  rows: RowSource
  choice: ChartChoice
  slices: Slices
}): Promise<readonly [number, number]> {
  const type = rows.columns[choice.x]?.type ?? ''
  let [low, high] = [Infinity, -Infinity]
  for (let row = 0; row < rows.rowCount; row++) {
    if (row % stepRows === 0 && slices.isDue()) await slices.pause()
    const x = numberOf(type, rows.value(row, choice.x))
    if (x === undefined) continue
    low = Math.min(low, x)
    high = Math.max(high, x)
  }
  return low < high ? [low, high] : [0, 1]
}

function xKindOf(kind: ChartKind, type: string): ChartData['xKind'] {
  if (kind === 'bar' || !(isNumericType(type) || isTimeType(type))) return 'category'
  return isTimeType(type) ? 'time' : 'number'
}

type RowParameters = {
  rows: RowSource
  row: number
  choice: ChartChoice
  xKind: ChartData['xKind']
  xType: string
  reading: Reading
}

function readRow({ rows, row, choice, xKind, xType, reading }: RowParameters): void {
  const xValue = rows.value(row, choice.x)
  const x = xKind === 'category' ? categoryOf(cellText(xType, xValue), reading) : numberOf(xType, xValue)
  if (x === undefined) {
    reading.skipped++
    return
  }
  const ys = choice.series === undefined ? choice.ys : choice.ys.slice(0, 1)
  for (const column of ys) {
    const { name = '', type = '' } = rows.columns[column] ?? {}
    const y = numberOf(type, rows.value(row, column))
    const seriesName = choice.series === undefined ? name : seriesOf(rows, row, choice.series)
    if (y === undefined) reading.skipped++
    else addPoint(reading, seriesName, { x, y })
  }
}

function seriesOf(rows: RowSource, row: number, column: number): string {
  return cellText(rows.columns[column]?.type ?? 'text', rows.value(row, column))
}

function addPoint(reading: Reading, name: string, point: ChartPoint): void {
  let collector = reading.series.get(name)
  if (collector === undefined) {
    if (reading.series.size >= maxSeries) {
      reading.left++
      return
    }
    collector = reading.collector()
    reading.series.set(name, collector)
  }
  reading.read++
  collector.add(point)
}

function categoryOf(text: string, { categories }: Reading): number | undefined {
  const known = categories.get(text)
  if (known !== undefined) return known
  if (categories.size >= maxCategories) return undefined
  categories.set(text, categories.size)
  return categories.size - 1
}

/** A finite number; moments as Unix milliseconds. */
function numberOf(type: string, value: CellValue): number | undefined {
  if (typeof value !== 'number' && typeof value !== 'bigint') return undefined
  const number =
    type === 'timestamp' ? Number(value) / 1000 : type === 'date' ? Number(value) * 86_400_000 : Number(value)
  return Number.isFinite(number) ? number / 10 ** scaleOf(type) : undefined
}

/** From the least to the greatest; bars begin at zero. */
function domainOf(series: readonly ChartSeries[], axis: 'x' | 'y', withZero: boolean): [number, number] {
  let [low, high] = withZero ? [0, 0] : [Infinity, -Infinity]
  for (const { points } of series) {
    for (const point of points) {
      low = Math.min(low, point[axis])
      high = Math.max(high, point[axis])
    }
  }
  if (low > high) return [0, 1]
  if (low < high) return [low, high]
  const margin = Math.abs(low) / 10 || 1
  return withZero ? [Math.min(0, low), Math.max(margin, high)] : [low - margin, high + margin]
}

type NotesParameters = { step: number; drawn: number; reading: Reading; rowCount: number }

function notesOf({ step, drawn, reading, rowCount }: NotesParameters): string[] {
  const count = (value: number) => value.toLocaleString('en')
  const notes: string[] = []
  if (step > 1) notes.push(`One row in ${count(step)} of the ${count(rowCount)} that are loaded is drawn.`)
  if (drawn < reading.read)
    notes.push(`${count(reading.read)} points are thinned to ${count(drawn)}; every peak is kept.`)
  if (reading.left > 0)
    notes.push(`Only the first ${maxSeries} series are drawn; ${count(reading.left)} points are of others.`)
  if (reading.skipped > 0) {
    const why = `null, not finite, or of more than ${maxCategories} categories`
    notes.push(`${count(reading.skipped)} values are not drawn: ${why}.`)
  }
  return notes
}
