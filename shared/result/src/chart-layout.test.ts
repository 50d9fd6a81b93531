import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ChartData, ChartPoint } from './chart-data.ts'
import { layoutChart } from './chart-layout.ts'

function chartOf(kind: ChartData['kind'], points: readonly ChartPoint[], more: Partial<ChartData> = {}): ChartData {
  const [xs, ys] = [points.map(({ x }) => x), points.map(({ y }) => y)]
  return {
    ...{ kind, xKind: 'number', xName: 'x', yName: 'y', categories: [], notes: [], series: [{ name: 'y', points }] },
    ...{ xDomain: [Math.min(...xs), Math.max(...xs)], yDomain: [Math.min(...ys), Math.max(...ys)] },
    ...more,
  }
}

const line = chartOf('line', [
  { x: 0, y: 0 },
  { x: 10, y: 100 },
])

test('the least lies on the left below, the greatest on the right above, with some air', () => {
  const layout = layoutChart({ data: line, widthPx: 100, heightPx: 110 })
  expect([layout.xAt(0), layout.xAt(10)]).toEqual([0, 100])
  expect([layout.yAt(0), layout.yAt(100)]).toEqual([105, 5])
  expect(layout.pathOf(0)).toBe('M0 105L100 5')
  expect(layout.areaOf(0)).toBe('M0 105L100 5L100 105L0 105Z')
})

test('bars stand on zero, beside each other in their category', () => {
  const data = chartOf('bar', [{ x: 0, y: 5 }], {
    ...{ xKind: 'category', categories: ['a'], yDomain: [-5, 5] },
    series: [
      { name: 'up', points: [{ x: 0, y: 5 }] },
      { name: 'down', points: [{ x: 0, y: -5 }] },
    ],
  })
  const { pathOf } = layoutChart({ data, widthPx: 100, heightPx: 110 })
  expect([pathOf(0), pathOf(1)]).toEqual(['M10 55V5h40V55Z', 'M50 55V105h40V55Z'])
})

test('a single point is a dot, and a series that is not there is nothing', () => {
  const { pathOf, areaOf } = layoutChart({
    data: chartOf('line', [{ x: 1, y: 1 }], { xDomain: [0, 2], yDomain: [0, 2] }),
    widthPx: 10,
    heightPx: 11,
  })
  expect(pathOf(0)).toBe('M5 5.5h0')
  expect([pathOf(1), areaOf(1)]).toEqual(['', ''])
})

describe('the nearest point', () => {
  test('within reach only', () => {
    const { nearest } = layoutChart({ data: line, widthPx: 1000, heightPx: 110 })
    expect(nearest(990, 20)).toMatchObject({ at: 0, point: { x: 10, y: 100 } })
    expect(nearest(500, 50)).toBeUndefined()
  })
})

test('marks are written as the reader reads them', () => {
  const data = chartOf('line', line.series[0]?.points ?? [], { xKind: 'time', xDomain: [0, 4 * 86_400_000] })
  const writeTime = (value: number, stepMs: number) => `${value / 86_400_000}/${stepMs / 86_400_000}`
  const { xTicks, yTicks } = layoutChart({ data, widthPx: 400, heightPx: 400, locale: 'de', writeTime })
  expect(xTicks.map(({ text }) => text)).toEqual(['0/1', '1/1', '2/1', '3/1', '4/1'])
  const fine = layoutChart({ data: { ...line, yDomain: [0, 1] }, widthPx: 400, heightPx: 400, locale: 'de' })
  expect(yTicks.length).toBeGreaterThan(1)
  expect(fine.yTicks.map(({ text }) => text)).toContain('0,5')
})

test('whatever the points, every path is made of finite numbers', () => {
  const number = fc.double({ noNaN: true, min: -1e12, max: 1e12 })
  const points = fc.array(fc.record({ x: number, y: number }), { minLength: 2, maxLength: 20 })
  fc.assert(
    fc.property(points, fc.constantFrom('line', 'bar', 'scatter'), (each, kind) => {
      const data = chartOf(kind, each)
      fc.pre(data.xDomain[0] < data.xDomain[1] && data.yDomain[0] < data.yDomain[1])
      const { pathOf, areaOf } = layoutChart({ data, widthPx: 300, heightPx: 100 })
      expect(pathOf(0) + areaOf(0)).not.toMatch(/NaN|Infinity/)
    }),
  )
})
