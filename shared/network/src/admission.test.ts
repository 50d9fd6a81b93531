import { expect, test } from 'vitest'
import { createConcurrencyLimiter, createRateLimiter, createSeenSet } from './admission.ts'

test('places are limited by key and together, and given back once', () => {
  const limiter = createConcurrencyLimiter({ perKey: 2, total: 3 })
  const leave = limiter.enter('a')
  limiter.enter('a')
  expect(limiter.enter('a')).toBeUndefined()
  limiter.enter('b')
  expect(limiter.enter('c')).toBeUndefined()
  leave?.()
  leave?.()
  expect(limiter.active).toBe(2)
  expect(limiter.enter('c')).toBeTypeOf('function')
})

test('tokens come back with time, up to the burst', () => {
  let now = 0
  const limiter = createRateLimiter({ perSecond: 2, burst: 3, nowMs: () => now })
  const take = () => limiter.take('a')
  expect([take(), take(), take(), take()]).toEqual([true, true, true, false])
  expect(limiter.take('b')).toBe(true)
  now = 499
  expect(take()).toBe(false)
  now = 500
  expect([take(), take()]).toEqual([true, false])
  now = 1_000_000
  expect([take(), take(), take(), take()]).toEqual([true, true, true, false])
})

test('of many keys the one seen longest ago is forgotten', () => {
  const limiter = createRateLimiter({ perSecond: 1, burst: 1, maxKeys: 2, nowMs: () => 0 })
  expect(['a', 'b', 'c', 'a', 'c'].map((key) => limiter.take(key))).toEqual([true, true, true, true, false])
})

test('a key is new once, and again after its time', () => {
  let now = 0
  const seen = createSeenSet({ ttlMs: 100, maxEntries: 10, nowMs: () => now })
  expect([seen.add('a'), seen.add('a')]).toEqual([true, false])
  now = 99
  expect(seen.add('a')).toBe(false)
  now = 100
  expect(seen.add('a')).toBe(true)
})

test('no more entries than the bound', () => {
  const seen = createSeenSet({ ttlMs: 100, maxEntries: 2, nowMs: () => 0 })
  expect(['a', 'b', 'c', 'c', 'a'].map((key) => seen.add(key))).toEqual([true, true, true, false, true])
})
