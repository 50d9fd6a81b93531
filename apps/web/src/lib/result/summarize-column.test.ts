import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { rowsOf, testSlices } from '@enigma/result/fixtures/rows-of'
import type { CellValue } from '@enigma/result/result-set'
import { type ColumnSummary, summarizeColumn } from './summarize-column.ts'

function summarize(type: string, values: readonly CellValue[]): Promise<ColumnSummary> {
  const rows = rowsOf(
    [{ name: 'v', type }],
    values.map((value) => [value]),
  )
  return summarizeColumn({ rows, column: 0, slices: testSlices() })
}

describe('a summary', () => {
  test('of nothing', async () => {
    expect(await summarize('integer', [])).toEqual({
      ...{ rows: 0, nulls: 0, distinct: 0, isDistinctExact: true, min: null, max: null },
      ...{ mean: undefined, bars: undefined },
    })
  })

  test('of texts shows the most frequent', async () => {
    const summary = await summarize('text', ['b', 'a', null, 'b'])
    expect(summary).toMatchObject({ rows: 4, nulls: 1, distinct: 2, isDistinctExact: true, min: 'a', max: 'b' })
    expect(summary.bars).toEqual({
      kind: 'values',
      items: [
        { from: 'b', count: 2 },
        { from: 'a', count: 1 },
      ],
    })
  })

  test('of decimals has the mean of the numbers and not of their digits', async () => {
    expect(await summarize('decimal(10,2)', [150n, 250n])).toMatchObject({ mean: 2, min: 150n, max: 250n })
  })

  test('of doubles leaves out of the bounds what is no number', async () => {
    expect(await summarize('double', [NaN, Infinity, 2, 4])).toMatchObject({ min: 2, max: 4, mean: 3, distinct: 4 })
  })

  test('counts different values up to a bound and says so', async () => {
    const values = Array.from({ length: 5000 }, (_, at) => `value ${at}`)
    const summary = await summarize('text', values)
    expect(summary).toMatchObject({ distinct: 1000, isDistinctExact: false, bars: undefined })
  })
})

test('whatever the numbers, the bars hold each of them once', async () => {
  const numbers = fc.array(fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }), { nil: null }))
  await fc.assert(
    fc.asyncProperty(numbers, async (values) => {
      const { bars, nulls, rows, min, max } = await summarize('double', values)
      const total = bars?.items.reduce((sum, { count }) => sum + count, 0) ?? 0
      const width = Number(max) - Number(min)
      if (Number.isFinite(width)) expect(total).toBe(rows - nulls)
    }),
  )
})
