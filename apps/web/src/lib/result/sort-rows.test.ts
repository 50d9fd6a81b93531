import fc from 'fast-check'
import { expect, test } from 'vitest'
import { rowsOf, testSlices } from '@enigma/result/fixtures/rows-of'
import type { CellValue } from '@enigma/result/result-set'
import { sortRows } from './sort-rows.ts'

async function sorted(values: readonly CellValue[], direction: 'ascending' | 'descending'): Promise<CellValue[]> {
  const rows = rowsOf(
    ['v'],
    values.map((value) => [value]),
  )
  const order = await sortRows({ rows, column: 0, direction, slices: testSlices() })
  return Array.from(order, (row) => values[row] ?? null)
}

test.each([
  [
    [3, null, 1, NaN, 2, -Infinity],
    [-Infinity, 1, 2, 3, NaN, null],
    [NaN, 3, 2, 1, -Infinity, null],
  ],
  [
    ['b', 'a', null, 'B'],
    ['B', 'a', 'b', null],
    ['b', 'a', 'B', null],
  ],
  [
    [2n ** 70n, 1n, -(2n ** 80n)],
    [-(2n ** 80n), 1n, 2n ** 70n],
    [2n ** 70n, 1n, -(2n ** 80n)],
  ],
  [
    [true, false, null],
    [false, true, null],
    [true, false, null],
  ],
])('%o', async (values, ascending, descending) => {
  expect(await sorted(values, 'ascending')).toEqual(ascending)
  expect(await sorted(values, 'descending')).toEqual(descending)
})

test('bytes sort as bytes, the shorter first', async () => {
  const bytes = [[2], [1, 255], [1]].map((each) => new Uint8Array(each))
  expect(await sorted(bytes, 'ascending')).toEqual([bytes[2], bytes[1], bytes[0]])
})

test('equal rows stay as they were, over any number of runs', async () => {
  const values = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 9 })
  await fc.assert(
    fc.asyncProperty(values, fc.integer({ min: 1, max: 3000 }), async (few, times) => {
      const rows = rowsOf(
        ['v'],
        Array.from({ length: few.length * times }, (_, at) => [few[at % few.length] ?? 0]),
      )
      const order = await sortRows({ rows, column: 0, direction: 'descending', slices: testSlices() })
      const expected = Array.from(order.keys()).sort(
        (a, b) => Number(rows.value(b, 0)) - Number(rows.value(a, 0)) || a - b,
      )
      expect(Array.from(order)).toEqual(expected)
    }),
    { numRuns: 30 },
  )
})

test('it is left as soon as nobody wants it', async () => {
  const rows = rowsOf(['v'], [[1], [2]])
  const signal = AbortSignal.abort(new Error('left'))
  await expect(sortRows({ rows, column: 0, direction: 'ascending', slices: testSlices({ signal }) })).rejects.toThrow(
    'left',
  )
})
