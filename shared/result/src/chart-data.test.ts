import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type ChartKind, maxSeries, readChart, suggestChart } from './chart-data.ts'
import { numberTicks, timeTicks } from './chart-ticks.ts'
import { rowsOf, testSlices } from './fixtures/rows-of.ts'
import type { CellValue } from './result-set.ts'

const columns = [
  { name: 'time', type: 'timestamp' },
  { name: 'product', type: 'text' },
  { name: 'close', type: 'decimal(18,2)' },
  { name: 'volume', type: 'bigint' },
]
const chartOf = (rows: readonly CellValue[][], kind: ChartKind, series?: number) =>
  readChart({
    rows: rowsOf(columns, rows),
    choice: { kind, x: kind === 'bar' ? 1 : 0, ys: [2], series },
    slices: testSlices(),
  })

describe('a chart', () => {
  test('is suggested by the columns', () => {
    expect(suggestChart({ columns, rowCount: 9 })).toMatchObject({ kind: 'line', x: 0, ys: [2], series: 1 })
    expect(suggestChart({ columns: columns.slice(1), rowCount: 9 })).toMatchObject({ kind: 'bar', x: 0, ys: [1] })
    expect(suggestChart({ columns: columns.slice(2), rowCount: 9 })).toMatchObject({ kind: 'scatter', x: 0, ys: [1] })
    expect(suggestChart({ columns: columns.slice(0, 2), rowCount: 9 })).toBeUndefined()
  })

  test('draws exact decimals at their value, in the order of time', async () => {
    const data = await chartOf(
      [
        [2_000_000n, 'AAPL', 150n, null],
        [1_000_000n, 'AAPL', 250n, null],
        [1_500_000n, 'SPX', null, null],
      ],
      'line',
      1,
    )
    expect(data.series).toEqual([
      {
        name: 'AAPL',
        points: [
          { x: 1000, y: 2.5 },
          { x: 2000, y: 1.5 },
        ],
      },
    ])
    expect(data).toMatchObject({ xKind: 'time', xDomain: [1000, 2000], yDomain: [1.5, 2.5] })
    expect(data.notes).toHaveLength(1)
  })

  test('of bars begins at zero', async () => {
    const data = await chartOf([[0n, 'a', 500n, null]], 'bar')
    expect(data).toMatchObject({ xKind: 'category', categories: ['a'], yDomain: [0, 5] })
  })

  test('is bounded, however many rows and series there are, and keeps every peak', async () => {
    const rows = Array.from({ length: 20_000 }, (_, at): CellValue[] => [
      BigInt(at) * 1000n,
      `series ${at % 9}`,
      at === 7777 ? 10_000_000n : BigInt(at % 100),
      1n,
    ])
    const line = await chartOf(rows, 'line')
    expect(line.series[0]?.points.length).toBeLessThanOrEqual(2000)
    expect(line.yDomain[1]).toBe(100_000)
    const split = await chartOf(rows, 'line', 1)
    expect(split.series).toHaveLength(maxSeries)
    expect(split.notes.join(' ')).toContain('series')
    const scatter = await chartOf(rows, 'scatter')
    expect(scatter.series[0]?.points.length).toBeLessThanOrEqual(4000)
    expect(scatter.notes.join(' ')).toContain('One row in 5')
  })
})

describe('marks', () => {
  test.each([
    [
      [0, 10],
      ['0', '2', '4', '6', '8', '10'],
    ],
    [
      [0.001, 0.0034],
      ['0.0010', '0.0015', '0.0020', '0.0025', '0.0030'],
    ],
    [
      [0, 3_000_000],
      ['0', '1M', '2M', '3M'],
    ],
  ] as const)('of %j', ([low, high], texts) => {
    expect(numberTicks([low, high], 5).map(({ text }) => text)).toEqual(texts)
  })

  test.each([
    ['2018-02-06T10:00Z', '2018-02-06T10:20Z', ['10:00', '10:05', '10:10', '10:15', '10:20']],
    ['2018-02-06T12:00Z', '2018-02-08T12:00Z', ['12:00', '02-07', '12:00', '02-08', '12:00']],
    ['2013-01-01', '2018-01-01', ['2014', '2016', '2018']],
    ['2018-01-01', '2018-05-02', ['2018-01', '2018-02', '2018-03', '2018-04', '2018-05']],
  ])('from %s to %s', (from, to, texts) => {
    expect(timeTicks([Date.parse(from), Date.parse(to)], 4).map(({ text }) => text)).toEqual(texts)
  })

  test('whatever the domain, they are few and inside', () => {
    const domain = fc
      .tuple(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.double({ noNaN: true, noDefaultInfinity: true }))
      .map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const)
    fc.assert(
      fc.property(domain, ([low, high]) => {
        for (const ticks of [numberTicks([low, high], 6), timeTicks([low, high], 6)]) {
          expect(ticks.length).toBeLessThanOrEqual(100)
          for (const { value } of ticks) expect(value).toBeLessThanOrEqual(high + Math.abs(high) * 1e-9)
        }
      }),
    )
  })
})
