/** Which columns a view shows: those that the page names, else what the rows themselves suggest. */
import { isNumericType } from '@enigma/result/cell'
import { type ChartChoice, suggestChart } from '@enigma/result/chart-data'
import type { RowSource } from '@enigma/result/result-set'
import { MarketplaceError } from '@enigma/protocol'
import type { WidgetLook } from '../core/options.ts'

type Look = Pick<WidgetLook, 'view' | 'x' | 'ys'>

/** The columns of a chart; throws `setting-invalid` where they cannot be drawn. */
export function chooseChart({ view, x, ys }: Look, rows: RowSource): ChartChoice {
  const kind = view === 'bar' ? 'bar' : 'line'
  const suggested = suggestChart(rows)
  const named = ys.map((name) => placeOf(rows, 'y', name))
  for (const place of named) requireNumber(rows, place)
  const chosenYs = named.length > 0 ? named : (suggested?.ys ?? [])
  if (chosenYs.length === 0)
    throw invalid('There is no column of numbers to draw; add one to the query or use view="table".')
  const chosenX = x === '' ? xBeside(rows, chosenYs, suggested) : placeOf(rows, 'x', x)
  const isSuggested = x === '' && named.length === 0 && kind === 'line'
  return { kind, x: chosenX, ys: chosenYs, series: isSuggested ? suggested?.series : undefined }
}

/** The column of a single value: the first that `y` names, else the first of numbers, else the first. */
export function chooseValue({ ys: [name] }: Pick<Look, 'ys'>, rows: RowSource): number {
  if (name !== undefined) return placeOf(rows, 'y', name)
  return Math.max(
    0,
    rows.columns.findIndex(({ type }) => isNumericType(type)),
  )
}

function xBeside(rows: RowSource, ys: readonly number[], suggested: ChartChoice | undefined): number {
  if (suggested !== undefined && !ys.includes(suggested.x)) return suggested.x
  const other = rows.columns.findIndex((_, at) => !ys.includes(at))
  return Math.max(0, other)
}

function placeOf({ columns }: RowSource, attribute: 'x' | 'y', name: string): number {
  const place = columns.findIndex((column) => column.name === name)
  if (place >= 0) return place
  const names = columns.map((column) => column.name).join(', ')
  throw invalid(`The attribute ${attribute} names no column of the result; it has ${names.slice(0, 200)}.`)
}

function requireNumber({ columns }: RowSource, place: number): void {
  const { name = '', type = '' } = columns[place] ?? {}
  if (!isNumericType(type))
    throw invalid(`The column ${name.slice(0, 80)} is ${type}; the attribute y takes columns of numbers.`)
}

function invalid(message: string): MarketplaceError {
  return new MarketplaceError({ code: 'setting-invalid', message })
}
