import fc from 'fast-check'
import { expect, test } from 'vitest'
import { moveByKey, selectionOf } from './grid-keys.ts'

const size = { rowCount: 1000, columnCount: 5, pageRows: 20 }
const from = { row: 10, column: 2 }

test.each([
  ['ArrowUp', false, { row: 9, column: 2 }],
  ['ArrowDown', false, { row: 11, column: 2 }],
  ['ArrowLeft', false, { row: 10, column: 1 }],
  ['ArrowRight', false, { row: 10, column: 3 }],
  ['Home', false, { row: 10, column: 0 }],
  ['End', false, { row: 10, column: 4 }],
  ['PageDown', false, { row: 30, column: 2 }],
  ['PageUp', false, { row: 0, column: 2 }],
  ['Home', true, { row: 0, column: 0 }],
  ['End', true, { row: 999, column: 4 }],
  ['ArrowDown', true, { row: 999, column: 2 }],
  ['a', false, undefined],
])('%s (mod %s)', (key, isMod, to) => {
  expect(moveByKey({ key, isMod }, from, size)).toEqual(to)
})

test('from the first row upwards comes the heading, and from there the first row', () => {
  expect(moveByKey({ key: 'PageUp', isMod: false }, { row: 0, column: 0 }, size)).toEqual({ row: -1, column: 0 })
  expect(moveByKey({ key: 'ArrowDown', isMod: false }, { row: -1, column: 0 }, size)).toEqual({ row: 0, column: 0 })
})

test('any walk stays inside of the grid, also of an empty one', () => {
  const key = fc.constantFrom('ArrowUp', 'ArrowDown', 'ArrowLeft', 'ArrowRight', 'Home', 'End', 'PageUp', 'PageDown')
  fc.assert(
    fc.property(
      fc.array(fc.tuple(key, fc.boolean())),
      fc.nat(50),
      fc.integer({ min: 1, max: 9 }),
      (keys, rowCount, columnCount) => {
        let place = { row: -1, column: 0 }
        for (const [each, isMod] of keys) {
          place = moveByKey({ key: each, isMod }, place, { rowCount, columnCount, pageRows: 7 }) ?? place
          expect(place.row).toBeGreaterThanOrEqual(-1)
          expect(place.row).toBeLessThan(Math.max(rowCount, 0))
          expect(place.column).toBeGreaterThanOrEqual(0)
          expect(place.column).toBeLessThan(columnCount)
        }
      },
    ),
  )
})

test('a selection is the same from either corner', () => {
  const corners = [
    { row: 5, column: 4 },
    { row: 2, column: 6 },
  ] as const
  expect(selectionOf(corners[0], corners[1])).toEqual(selectionOf(corners[1], corners[0]))
  expect(selectionOf({ row: -1, column: 0 }, { row: 3, column: 0 })).toMatchObject({ rowStart: 0, rowEnd: 3 })
})
