import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  columnEdges,
  elementHeightPx,
  maxHeightPx,
  placeAfterScroll,
  placeAt,
  topShowingRow,
  trueHeightPx,
  visibleColumns,
  visibleRows,
} from './grid-geometry.ts'

const anyGeometry = fc.record({
  rowCount: fc.oneof(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: 50_000_000 })),
  rowHeightPx: fc.constantFrom(28, 32),
  viewportPx: fc.integer({ min: 60, max: 2000 }),
})

describe('scrolling', () => {
  test('a small table is not scaled', () => {
    const geometry = { rowCount: 1000, rowHeightPx: 28, viewportPx: 500 }
    expect(elementHeightPx(geometry)).toBe(28_000)
    expect(placeAfterScroll(geometry, { barPx: 0, topPx: 0 }, 20_000)).toEqual({ barPx: 20_000, topPx: 20_000 })
  })

  test('the element never grows beyond what browsers can', () => {
    fc.assert(fc.property(anyGeometry, (geometry) => elementHeightPx(geometry) <= maxHeightPx))
  })

  test('a wheel step moves by its own pixels, however tall the table', () => {
    const geometry = { rowCount: 5_000_000, rowHeightPx: 28, viewportPx: 500 }
    const place = placeAt(geometry, 70_000_000)
    expect(placeAfterScroll(geometry, place, place.barPx + 100).topPx).toBeCloseTo(70_000_100)
  })

  test('both ends of the bar are both ends of the table', () => {
    fc.assert(
      fc.property(anyGeometry, fc.double({ min: 0, max: 1, noNaN: true }), (geometry, at) => {
        const bar = Math.max(0, elementHeightPx(geometry) - geometry.viewportPx)
        const top = Math.max(0, trueHeightPx(geometry) - geometry.viewportPx)
        const place = placeAt(geometry, at * top)
        expect(placeAfterScroll(geometry, place, 0).topPx).toBe(0)
        expect(placeAfterScroll(geometry, place, bar).topPx).toBe(top)
      }),
    )
  })

  test('any walk of scrolls stays inside of the table, and settling does not move what is seen', () => {
    const steps = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 20 })
    fc.assert(
      fc.property(anyGeometry, steps, (geometry, walk) => {
        const bar = Math.max(0, elementHeightPx(geometry) - geometry.viewportPx)
        const top = Math.max(0, trueHeightPx(geometry) - geometry.viewportPx)
        let place = placeAt(geometry, 0)
        for (const step of walk) {
          place = placeAfterScroll(geometry, place, step * bar)
          expect(place.topPx).toBeGreaterThanOrEqual(0)
          expect(place.topPx).toBeLessThanOrEqual(top)
          expect(placeAt(geometry, place.topPx).topPx).toBe(place.topPx)
        }
      }),
    )
  })

  test('every row can be brought into view, and is then drawn', () => {
    fc.assert(
      fc.property(anyGeometry, fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(), (geometry, at, pick) => {
        fc.pre(geometry.rowCount > 0)
        const row = pick % geometry.rowCount
        const top = Math.max(0, trueHeightPx(geometry) - geometry.viewportPx)
        const topPx = topShowingRow(geometry, at * top, row)
        expect(topPx).toBeLessThanOrEqual(row * geometry.rowHeightPx)
        expect(topPx + geometry.viewportPx).toBeGreaterThanOrEqual(
          Math.min((row + 1) * geometry.rowHeightPx, topPx + geometry.viewportPx),
        )
        const { start, end } = visibleRows(geometry, topPx)
        expect(row).toBeGreaterThanOrEqual(start)
        expect(row).toBeLessThan(end)
        expect(end - start).toBeLessThanOrEqual(geometry.viewportPx / geometry.rowHeightPx + 4)
      }),
    )
  })
})

test('the columns that are drawn cover the view, and no more than they must', () => {
  const widths = fc.array(fc.integer({ min: 40, max: 600 }), { minLength: 1, maxLength: 1024 })
  fc.assert(
    fc.property(widths, fc.double({ min: 0, max: 1, noNaN: true }), (widthsPx, at) => {
      const edges = columnEdges(widthsPx)
      const total = edges.at(-1) ?? 0
      const leftPx = at * Math.max(0, total - 800)
      const { start, end } = visibleColumns(edges, { leftPx, viewportPx: 800 })
      expect(edges[start]).toBeLessThanOrEqual(leftPx)
      expect(edges[end]).toBeGreaterThanOrEqual(Math.min(total, leftPx + 800))
      expect(end - start).toBeLessThanOrEqual(800 / 40 + 4)
    }),
  )
})
