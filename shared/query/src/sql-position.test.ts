import fc from 'fast-check'
import { expect, test } from 'vitest'
import { positionDetails, positionOfByte, positionOfDetails } from './sql-position.ts'

test('bytes become characters, whatever the text', () => {
  const text = fc.string({ unit: 'binary' })
  fc.assert(
    fc.property(text, text, (before, after) => {
      const byte = new TextEncoder().encode(before).length
      expect(positionOfByte(before + after, byte)).toBe(Array.from(before).length)
    }),
  )
})

test('a byte outside of the text is its end', () => {
  expect(positionOfByte('é', 99)).toBe(1)
  expect(positionOfByte('é', -1)).toBe(0)
})

test('details are read back, with and without more', () => {
  fc.assert(
    fc.property(fc.nat(99_999), fc.string(), (position, more) => {
      expect(positionOfDetails(positionDetails(position, more))).toBe(position)
    }),
  )
  expect(positionOfDetails('Candidate bindings: "position 3"')).toBeUndefined()
})
