import { expect, test, vi } from 'vitest'
import { createFairTurns } from './fair-turns.ts'

/** Jobs that end when the test says so, and the order in which they began. */
function setUp(change: Partial<Parameters<typeof createFairTurns>[0]> = {}) {
  const began: string[] = []
  const ends = new Map<string, () => void>()
  const turns = createFairTurns({ atOnce: 2, perLane: 2, perSecond: 1000, burst: 100, nowMs: () => 0, ...change })
  const run = (lane: string, name: string) =>
    turns.run(lane, async () => {
      began.push(name)
      await new Promise<void>((resolve) => ends.set(name, resolve))
    })
  return { began, run, end: (name: string) => ends.get(name)?.() }
}

test('a long line of one asker delays nobody else by more than what is under way', async () => {
  const { began, run, end } = setUp()
  for (let index = 0; index < 100; index++) void run('flood', `flood ${index}`)
  const other = run('other', 'other')
  expect(began).toEqual(['flood 0', 'flood 1'])
  end('flood 0')
  await vi.waitFor(() => expect(began.at(-1)).toMatch(/other|flood 2/))
  end(began.at(-1) ?? '')
  await vi.waitFor(() => expect(began).toContain('other'))
  end('other')
  await other
  expect(began.length).toBeLessThan(6)
})

test('one asker has only so many under way', () => {
  const { began, run } = setUp({ atOnce: 5, perLane: 1 })
  void run('flood', 'first')
  void run('flood', 'second')
  void run('other', 'third')
  expect(began).toEqual(['first', 'third'])
})

test('no more begin than the rate allows, and the rest when it does', async () => {
  const clock = { ms: 0 }
  const { began, run } = setUp({ atOnce: 9, perLane: 9, burst: 1, nowMs: () => clock.ms })
  void run('one', 'first')
  void run('one', 'second')
  expect(began).toEqual(['first'])
  clock.ms = 10
  await vi.waitFor(() => expect(began).toEqual(['first', 'second']))
})

test('one that fails gives its place back and tells whoever asked', async () => {
  const turns = createFairTurns({ atOnce: 1, perLane: 1, perSecond: 9, burst: 9, nowMs: () => 0 })
  await expect(turns.run('one', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  await expect(turns.run('one', () => Promise.resolve())).resolves.toBeUndefined()
})
