/**
 * A line, an area, bars or a sparkline as plain SVG. Arrow keys walk along the points and say each; the same values
 * stand as a table behind it.
 */
import type { ChartData, ChartPoint } from '@enigma/result/chart-data'
import { type ChartLayout, layoutChart, type PlacedPoint } from '@enigma/result/chart-layout'
import { oneLine } from '@enigma/result/cell'
import type { WidgetView } from '../element-types.ts'
import { draw, make } from './dom.ts'
import type { LocalText } from './local-text.ts'

export type ChartViewParameters = {
  data: ChartData
  view: Exclude<WidgetView, 'table' | 'value'>
  texts: LocalText
  /** Told of the point that the reader is at. */
  say: (text: string) => void
}

export type ChartView = { element: HTMLElement; end: () => void }

type Margin = { top: number; right: number; bottom: number; left: number }
const chartMargin: Margin = { top: 10, right: 14, bottom: 24, left: 58 }
const sparkMargin: Margin = { top: 3, right: 3, bottom: 3, left: 3 }
const [leastWidthPx, leastHeightPx] = [80, 24]
const maxMarkLength = 14
const dayMs = 86_400_000
const maxNameLength = 60

/** Draws the chart anew whenever its place changes; `end` stops that. */
export function createChartView(parameters: ChartViewParameters): ChartView {
  const { data, view, texts, say } = parameters
  const isSpark = view === 'sparkline'
  const margin = isSpark ? sparkMargin : chartMargin
  const text = `${data.yName} by ${data.xName}${data.xKind === 'time' ? ' (UTC)' : ''}`
  const plot = make('div', { class: 'plot' })
  const pointed = make('output', { class: 'pointed', 'aria-live': 'off' })
  const element = make('figure', { part: 'chart', class: isSpark ? 'chart spark' : 'chart' })
  if (!isSpark) element.append(make('figcaption', { class: 'legend' }, ...legendOf(data), pointed))
  element.append(plot)
  let layout: ChartLayout | undefined
  let marker: SVGElement | undefined

  const point = (placed: PlacedPoint | undefined) => {
    pointed.textContent = placed === undefined ? '' : pointText(parameters, placed)
    if (placed === undefined || layout === undefined) {
      marker?.setAttribute('class', 'gone')
      return
    }
    marker?.setAttribute('class', `marker c${placed.at}`)
    marker?.setAttribute('cx', String(layout.xAt(placed.point.x)))
    marker?.setAttribute('cy', String(layout.yAt(placed.point.y)))
  }
  const redraw = () => {
    const widthPx = Math.max(leastWidthPx, plot.clientWidth - margin.left - margin.right)
    const heightPx = Math.max(leastHeightPx, plot.clientHeight - margin.top - margin.bottom)
    const laid = layoutChart({ data, widthPx, heightPx, locale: texts.locale, writeTime: texts.mark })
    layout = laid
    marker = draw('circle', { r: 4.5, class: 'gone' })
    const group = draw('g', { transform: `translate(${margin.left} ${margin.top})` })
    if (!isSpark) group.append(...axesOf(data, laid, { widthPx, heightPx }))
    group.append(...data.series.flatMap((_, at) => seriesOf(data, view, laid, at)), marker)
    const size = { width: widthPx + margin.left + margin.right, height: heightPx + margin.top + margin.bottom }
    const label = `${text}, as ${view}; arrow keys walk along its points`
    const svg = draw(
      'svg',
      { ...size, role: 'img', tabindex: isSpark ? undefined : 0, 'aria-label': label, dir: 'ltr' },
      group,
    )
    const hadFocus = plot.firstElementChild?.matches(':focus') === true
    if (!isSpark)
      listen(svg, { data, margin, layout: laid, point, onPoint: (placed) => say(pointText(parameters, placed)) })
    plot.replaceChildren(svg)
    if (hadFocus) svg.focus()
  }
  const observer = new ResizeObserver(redraw)
  observer.observe(plot)
  return { element, end: () => observer.disconnect() }
}

type ListenParameters = {
  data: ChartData
  margin: Margin
  layout: ChartLayout
  point: (placed: PlacedPoint | undefined) => void
  onPoint: (placed: PlacedPoint) => void
}

/** The pointer shows the nearest point; the keyboard walks over the points of one series and from series to series. */
function listen(svg: SVGSVGElement, { data, margin, layout, point, onPoint }: ListenParameters): void {
  let [at, index] = [0, -1]
  svg.addEventListener('pointermove', ({ clientX, clientY }) => {
    const box = svg.getBoundingClientRect()
    point(layout.nearest(clientX - box.left - margin.left, clientY - box.top - margin.top))
  })
  svg.addEventListener('pointerleave', () => point(undefined))
  svg.addEventListener('blur', () => point(undefined))
  svg.addEventListener('keydown', (event) => {
    const last = (data.series[at]?.points.length ?? 1) - 1
    const moves: Record<string, () => void> = {
      ArrowRight: () => (index = Math.min(last, index + 1)),
      ArrowLeft: () => (index = Math.max(0, index - 1)),
      Home: () => (index = 0),
      End: () => (index = last),
      ArrowDown: () => (at = Math.min(data.series.length - 1, at + 1)),
      ArrowUp: () => (at = Math.max(0, at - 1)),
    }
    const move = moves[event.key]
    if (move === undefined) return
    event.preventDefault()
    move()
    const series = data.series[at]
    index = Math.max(0, Math.min(index, (series?.points.length ?? 1) - 1))
    const found = series?.points[index]
    if (series === undefined || found === undefined) return
    const placed = { series, at, point: found }
    point(placed)
    onPoint(placed)
  })
}

function legendOf({ series, yName }: ChartData): HTMLElement[] {
  if (series.length < 2)
    return [make('span', { class: 'muted' }, make('bdi', { dir: 'auto' }, oneLine(yName, maxNameLength)))]
  return series.map(({ name }, at) =>
    make(
      'span',
      { class: 'key' },
      draw(
        'svg',
        { width: 18, height: 8, 'aria-hidden': 'true' },
        draw('path', { d: 'M1 4H17', class: `line c${at}` }),
      ),
      make('bdi', { dir: 'auto' }, oneLine(name, maxNameLength)),
    ),
  )
}

type Size = { widthPx: number; heightPx: number }

function axesOf(data: ChartData, layout: ChartLayout, { widthPx, heightPx }: Size): SVGElement[] {
  const rules = layout.yTicks.flatMap(({ value, text }) => {
    const y = layout.yAt(value)
    return [
      draw('line', { x1: 0, x2: widthPx, y1: y, y2: y, class: 'rule' }),
      draw('text', { x: -8, y, dy: '0.32em', 'text-anchor': 'end' }, text),
    ]
  })
  const marks = layout.xTicks.map(({ value, text }) =>
    draw(
      'text',
      { x: layout.xAt(value), y: heightPx + 17, 'text-anchor': 'middle' },
      oneLine(text, data.xKind === 'category' ? maxMarkLength : maxNameLength),
    ),
  )
  return [...rules, ...marks, draw('line', { x1: 0, x2: widthPx, y1: heightPx, y2: heightPx, class: 'base' })]
}

function seriesOf(data: ChartData, view: ChartViewParameters['view'], layout: ChartLayout, at: number): SVGElement[] {
  const isDot = data.series[at]?.points.length === 1 && view !== 'bar'
  const shape = view === 'bar' ? 'bar' : isDot ? 'dot' : 'line'
  const path = draw('path', { d: layout.pathOf(at), class: `${shape} c${at}` })
  return view === 'area' ? [draw('path', { d: layout.areaOf(at), class: `area c${at}` }), path] : [path]
}

/** Where a point lies along x, as the reader reads it. */
export function placeText({ data, texts }: Pick<ChartViewParameters, 'data' | 'texts'>, { x }: ChartPoint): string {
  if (data.xKind === 'category') return isolate(data.categories[x] ?? '')
  if (data.xKind === 'number') return texts.number(x)
  // Of a date, or at midnight: the day says it all.
  return x % dayMs === 0 ? texts.value('date', x / dayMs) : texts.value('timestamp', BigInt(Math.round(x * 1000)))
}

function pointText(parameters: ChartViewParameters, { series, point }: PlacedPoint): string {
  const name = parameters.data.series.length > 1 ? `${isolate(oneLine(series.name, maxNameLength))}: ` : ''
  return `${placeText(parameters, point)} · ${name}${parameters.texts.number(point.y)}`
}

/** Letters of another direction do not move what stands beside them (Unicode's first strong isolate). */
function isolate(text: string): string {
  return `\u2068${text}\u2069`
}
