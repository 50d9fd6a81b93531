import { expect, test } from 'vitest'
import type { SegmentFacts } from './segment-task.ts'
import { createWorkInTurns } from './work-in-turns.ts'

const task = { task: { kind: 'inspect', path: '', columns: [], maxRows: 1 }, code: 'snapshot-invalid' } as const
const facts: SegmentFacts = { rows: 1, root: '0x', skipped: 0, conflicts: 0 }

function setUp(timeoutMs: number) {
  const ends: (() => void)[] = []
  const work = createWorkInTurns({
    work: ({ signal }) =>
      new Promise((resolve, reject) => {
        ends.push(() => resolve(facts))
        signal?.addEventListener('abort', () => reject(signal.reason as Error))
      }),
    atOnce: 2,
    timeoutMs,
  })
  return { ends, work }
}
const settled = () => new Promise((resolve) => setImmediate(resolve))

test('no more than a few run, the others in order, and one that left does nothing', async () => {
  const { ends, work } = setUp(60_000)
  const left = new AbortController()
  const all = [work(task), work(task), work({ ...task, signal: left.signal }), work(task)]
  left.abort(new Error('left'))
  await settled()
  expect(ends).toHaveLength(2)
  ends[0]?.()
  await expect(all[2]).rejects.toThrow('left')
  await settled()
  expect(ends).toHaveLength(3)
  for (const end of ends) end()
  expect(await Promise.all([all[0], all[1], all[3]])).toEqual([facts, facts, facts])
  void work(task)
  await settled()
  expect(ends).toHaveLength(4)
})

test('one that takes too long is ended, and frees its place', async () => {
  const { ends, work } = setUp(20)
  const all = [work(task), work(task), work(task)].map((each) =>
    expect(each).rejects.toMatchObject({ name: 'TimeoutError' }),
  )
  await Promise.all(all)
  expect(ends).toHaveLength(3)
})
