import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createRefreshTimer } from './refresh-timer.ts'

let isVisible = true
const look = vi.fn()
const timer = createRefreshTimer({ look, isVisible: () => isVisible })

beforeEach(() => {
  vi.useFakeTimers()
  look.mockClear()
  isVisible = true
})
afterEach(() => {
  timer.end()
  vi.useRealTimers()
})

test('looks after its time, and never where none is given', () => {
  timer.schedule(undefined, 0)
  vi.advanceTimersByTime(1e9)
  expect(look).not.toHaveBeenCalled()
  timer.schedule(5000, 0)
  vi.advanceTimersByTime(4999)
  expect(look).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1)
  expect(look).toHaveBeenCalledTimes(1)
})

test('what falls due while nobody can see it waits until somebody can', () => {
  timer.schedule(5000, 0)
  isVisible = false
  vi.advanceTimersByTime(60_000)
  timer.wake()
  expect(look).not.toHaveBeenCalled()
  isVisible = true
  timer.wake()
  timer.wake()
  expect(look).toHaveBeenCalledTimes(1)
})

test('waits longer after each failure, up to a bound', () => {
  timer.schedule(5000, 2)
  vi.advanceTimersByTime(19_999)
  expect(look).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1)
  expect(look).toHaveBeenCalledTimes(1)
  timer.schedule(5000, 1000)
  vi.advanceTimersByTime(5000 * 32)
  expect(look).toHaveBeenCalledTimes(2)
})

test('once ended it looks no more', () => {
  timer.schedule(5000, 0)
  isVisible = false
  vi.advanceTimersByTime(5000)
  timer.end()
  isVisible = true
  timer.wake()
  vi.advanceTimersByTime(60_000)
  expect(look).not.toHaveBeenCalled()
})
