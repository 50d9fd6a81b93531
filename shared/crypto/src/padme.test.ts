import fc from 'fast-check'
import { expect, test } from 'vitest'
import { padmeLength } from './padme.ts'

test('Padmé lengths hold the message, cost at most 12 %, grow with it and are their own padding', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 40 }), (length) => {
      const padded = padmeLength(length)
      expect(padded).toBeGreaterThanOrEqual(Math.max(length, 1024))
      if (length > 1024) expect(padded / length).toBeLessThan(1.12)
      expect(padmeLength(padded)).toBe(padded)
      expect(padmeLength(length + 1)).toBeGreaterThanOrEqual(padded)
    }),
    { numRuns: 5000 },
  )
})

test('few sizes are left', () => {
  const sizes = new Set(Array.from({ length: 100_000 }, (_, length) => padmeLength(length)))
  expect(sizes.size).toBeLessThan(150)
  expect([padmeLength(0), padmeLength(1024), padmeLength(1025)]).toEqual([1024, 1024, 1088])
})
