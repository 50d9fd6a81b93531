/** Where a chart's points lie: scales, marks of the axes and paths of plain SVG, in pixels of the plot. */
import type { ChartData, ChartPoint, ChartSeries } from './chart-data.ts'
import { numberTicks, type Tick, timeTicks, type WriteTime } from './chart-ticks.ts'

/** A mark of the axis along x takes this many pixels. */
const xTickPx = 90
const barShare = 0.8
/** How far a pointer may be from a point, and how much less its height counts on a line. */
const reachPx = 60
const lineReach = 8

export type ChartLayoutParameters = {
  data: ChartData
  /** Of the plot alone, without its margins. */
  widthPx: number
  heightPx: number
  locale?: string
  writeTime?: WriteTime
}

export type ChartLayout = {
  xAt: (x: number) => number
  yAt: (y: number) => number
  xTicks: readonly Tick[]
  yTicks: readonly Tick[]
  /** The path of a series: a line, bars, or dots as lines without a length. */
  pathOf: (index: number) => string
  /** The closed path between a line and the lowest value, or zero. */
  areaOf: (index: number) => string
  /** The point that lies nearest to a place of the plot, within reach. */
  nearest: (leftPx: number, topPx: number) => PlacedPoint | undefined
}

export type PlacedPoint = { series: ChartSeries; at: number; point: ChartPoint }

/** Lays a chart out. */
export function layoutChart(parameters: ChartLayoutParameters): ChartLayout {
  const { data, widthPx, heightPx, locale } = parameters
  const yDomain = roomyDomain(data)
  const xDomain = data.xKind === 'category' ? categoryDomain(data) : data.xDomain
  const xAt = (x: number) => ((x - xDomain[0]) / (xDomain[1] - xDomain[0])) * widthPx
  const yAt = (y: number) => heightPx - ((y - yDomain[0]) / (yDomain[1] - yDomain[0])) * heightPx
  const zeroAt = yAt(Math.max(yDomain[0], Math.min(yDomain[1], 0)))
  const scales = { data, xAt, yAt, zeroAt, widthPx }
  return {
    ...{ xAt, yAt },
    xTicks: xTicksOf(parameters),
    yTicks: numberTicks(yDomain, Math.max(2, Math.min(5, Math.floor(heightPx / 40))), locale),
    pathOf(index) {
      const points = data.series[index]?.points ?? []
      if (data.kind === 'bar') return barsPath(scales, index)
      return data.kind === 'line' && points.length > 1 ? linePath(scales, points) : dotsPath(scales, points)
    },
    areaOf(index) {
      const points = data.series[index]?.points ?? []
      const [first, last] = [points[0], points.at(-1)]
      if (first === undefined || last === undefined) return ''
      return `${linePath(scales, points)}L${round(xAt(last.x))} ${round(zeroAt)}L${round(xAt(first.x))} ${round(zeroAt)}Z`
    },
    nearest: (leftPx, topPx) => nearestOf(scales, leftPx, topPx),
  }
}

type Scales = Pick<ChartLayout, 'xAt' | 'yAt'> & { data: ChartData; zeroAt: number; widthPx: number }

const round = (value: number) => Math.round(value * 10) / 10

/** Bars stand on zero; everything else has some air. */
function roomyDomain({ kind, yDomain: [low, high] }: ChartData): readonly [number, number] {
  const room = (high - low) * 0.05
  return [kind === 'bar' && low >= 0 ? low : low - room, high + room]
}

function categoryDomain({ categories }: ChartData): readonly [number, number] {
  return [-0.5, Math.max(0.5, categories.length - 0.5)]
}

function xTicksOf({ data, widthPx, locale, writeTime }: ChartLayoutParameters): Tick[] {
  const count = Math.max(2, Math.floor(widthPx / xTickPx))
  if (data.xKind === 'time') return timeTicks(data.xDomain, count, writeTime)
  if (data.xKind === 'number') return numberTicks(data.xDomain, count, locale)
  const step = Math.max(1, Math.ceil(data.categories.length / count))
  return data.categories.flatMap((text, value) => (value % step === 0 ? [{ value, text }] : []))
}

function linePath({ xAt, yAt }: Scales, points: readonly ChartPoint[]): string {
  return points.map(({ x, y }, at) => `${at === 0 ? 'M' : 'L'}${round(xAt(x))} ${round(yAt(y))}`).join('')
}

/** Round ends of lines without a length are dots: one element for all of them. */
function dotsPath({ xAt, yAt }: Scales, points: readonly ChartPoint[]): string {
  return points.map(({ x, y }) => `M${round(xAt(x))} ${round(yAt(y))}h0`).join('')
}

function barsPath({ data, xAt, yAt, zeroAt, widthPx }: Scales, index: number): string {
  const { series, categories } = data
  const width = Math.max(1, ((widthPx / Math.max(1, categories.length)) * barShare) / Math.max(1, series.length))
  return (series[index]?.points ?? [])
    .map(({ x, y }) => {
      const left = xAt(x) - (width * series.length) / 2 + index * width
      return `M${round(left)} ${round(zeroAt)}V${round(yAt(y))}h${round(width)}V${round(zeroAt)}Z`
    })
    .join('')
}

function nearestOf({ data, xAt, yAt }: Scales, leftPx: number, topPx: number): PlacedPoint | undefined {
  let least = reachPx
  let found: PlacedPoint | undefined
  data.series.forEach((series, at) => {
    for (const point of series.points) {
      const fall = (yAt(point.y) - topPx) / (data.kind === 'scatter' ? 1 : lineReach)
      const distance = Math.hypot(xAt(point.x) - leftPx, fall)
      if (distance < least) {
        least = distance
        found = { series, at, point }
      }
    }
  })
  return found
}
