import { expect, test } from 'vitest'
import { createFairLine } from './fair-line.ts'

const anyone = () => true

test('lanes take turns, each in its own order', () => {
  const line = createFairLine<string>()
  for (const item of ['a1', 'a2', 'a3']) line.push('a', item)
  line.push('b', 'b1')
  line.push('c', 'c1')
  expect(line.size).toBe(5)
  expect(Array.from({ length: 6 }, () => line.take(anyone))).toEqual(['a1', 'b1', 'c1', 'a2', 'a3', undefined])
})

test('who may not go keeps the place', () => {
  const line = createFairLine<string>()
  line.push('a', 'a1')
  line.push('b', 'b1')
  expect(line.take((lane) => lane !== 'a')).toBe('b1')
  expect(line.take((lane) => lane !== 'a')).toBeUndefined()
  expect(line.take(anyone)).toBe('a1')
})

test('who leaves is not served, and leaving late has no effect', () => {
  const line = createFairLine<string>()
  const leave = line.push('a', 'a1')
  const leaveLate = line.push('a', 'a2')
  leave()
  expect(line.take(anyone)).toBe('a2')
  leaveLate()
  line.push('a', 'a3')
  leaveLate()
  expect(line.clear()).toEqual(['a3'])
  expect(line.size).toBe(0)
})
