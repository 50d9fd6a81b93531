import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { segmentsToMerge } from './segments-to-merge.ts'

describe('segmentsToMerge', () => {
  it('leaves a large segment alone when the small ones behind it can be merged', () => {
    expect(segmentsToMerge({ rows: [1_000_000, 5, 5, 5, 5], maxSegments: 4 })).toBe(1)
    expect(segmentsToMerge({ rows: [1_000_000, 5, 5, 5], maxSegments: 4 })).toBeUndefined()
  })

  it('always brings the number of segments down to the limit', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(1_000_000), { maxLength: 200 }),
        fc.integer({ min: 1, max: 64 }),
        (rows, maxSegments) => {
          const from = segmentsToMerge({ rows, maxSegments })
          expect((from ?? rows.length - 1) + 1).toBeLessThanOrEqual(maxSegments)
        },
      ),
    )
  })

  it('moves each row seldom: minutes of two months are written fewer than 12 times each', () => {
    let segments: number[] = []
    let written = 0
    const minutes = 60 * 24 * 60
    for (let minute = 0; minute < minutes; minute++) {
      segments.push(6)
      const from = segmentsToMerge({ rows: segments, maxSegments: 64 })
      if (from === undefined) continue
      const merged = segments.slice(from).reduce((sum, rows) => sum + rows, 0)
      written += merged
      segments = [...segments.slice(0, from), merged]
    }
    expect(written / (minutes * 6)).toBeLessThan(12)
  })
})
