import { rowsOf } from '@enigma/result/fixtures/rows-of'
import { expect, test } from 'vitest'
import { chooseChart, chooseValue } from './choose-chart.ts'
import { changeOf } from './value-view.ts'

const columns = [
  { name: 'symbol', type: 'text' },
  { name: 'time', type: 'timestamp' },
  { name: 'open', type: 'double' },
  { name: 'close', type: 'decimal(18,2)' },
]
const rows = rowsOf(columns, [['BTC', 0n, 1, 100n]])

test('what the rows suggest: time along x, a line for each text', () => {
  expect(chooseChart({ view: 'line', x: '', ys: [] }, rows)).toEqual({ kind: 'line', x: 1, ys: [2], series: 0 })
  expect(chooseChart({ view: 'bar', x: '', ys: [] }, rows)).toEqual({ kind: 'bar', x: 1, ys: [2], series: undefined })
})

test('what the page names', () => {
  const choice = chooseChart({ view: 'area', x: 'symbol', ys: ['open', 'close'] }, rows)
  expect(choice).toEqual({ kind: 'line', x: 0, ys: [2, 3], series: undefined })
  expect(chooseChart({ view: 'sparkline', x: '', ys: ['close'] }, rows)).toMatchObject({ x: 1, ys: [3] })
  expect(chooseValue({ ys: ['close'] }, rows)).toBe(3)
  expect(chooseValue({ ys: [] }, rows)).toBe(2)
  expect(chooseValue({ ys: [] }, rowsOf(['a'], [['x']]))).toBe(0)
})

test.each([
  [{ x: 'when', ys: [] }, /x names no column of the result; it has symbol, time, open, close/],
  [{ x: '', ys: ['volume'] }, /y names no column/],
  [{ x: '', ys: ['symbol'] }, /symbol is text/],
])('%o is refused', (look, message) => {
  expect(() => chooseChart({ view: 'line', ...look }, rows)).toThrow(message)
})

test('rows without numbers cannot be drawn', () => {
  expect(() => chooseChart({ view: 'line', x: '', ys: [] }, rowsOf(['a'], [['x']]))).toThrow(/no column of numbers/)
})

test('a change against the earlier value', () => {
  expect(changeOf('decimal(18,2)', 150n, 100n)).toEqual({ by: 0.5, share: 0.5 })
  expect(changeOf('double', -1, 0)).toEqual({ by: -1, share: undefined })
  expect(changeOf('double', 1, -2)).toEqual({ by: 3, share: 1.5 })
  for (const before of [null, NaN, 'x']) expect(changeOf('double', 1, before)).toBeUndefined()
  expect(changeOf('timestamp', 1n, 0n)).toBeUndefined()
})
