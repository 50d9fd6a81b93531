import { expect, test } from 'vitest'
import { createPatience } from './patience.ts'

function createTestClock() {
  const clock = { now: 0 }
  return { clock, nowMs: () => clock.now }
}

test('the shortest of the limits is waited for', () => {
  const { clock, nowMs } = createTestClock()
  const patience = createPatience({ idleTimeoutMs: 100, maxQuietMs: 250, maxTotalMs: 1000, nowMs })
  expect(patience.leftMs()).toBe(100)
  clock.now = 200
  expect(patience.leftMs()).toBe(50)
  patience.progress()
  clock.now = 250
  expect(patience.leftMs()).toBe(100)
})

test('without a data frame it ends, however often the sender is alive', () => {
  const { clock, nowMs } = createTestClock()
  const patience = createPatience({ idleTimeoutMs: 100, maxQuietMs: 250, nowMs })
  for (; clock.now < 250; clock.now += 50) expect(patience.leftMs()).toBeGreaterThan(0)
  expect(() => patience.leftMs()).toThrow(expect.objectContaining({ code: 'timeout' }))
})

test('data frames do not lengthen the whole', () => {
  const { clock, nowMs } = createTestClock()
  const patience = createPatience({ idleTimeoutMs: 100, maxQuietMs: 250, maxTotalMs: 1000, nowMs })
  for (; clock.now < 1000; clock.now += 50) {
    expect(patience.leftMs()).toBeGreaterThan(0)
    patience.progress()
  }
  expect(() => patience.leftMs()).toThrow(expect.objectContaining({ code: 'timeout' }))
})
