import { expect, test } from 'vitest'
import { createPageTurn } from './page-turn.ts'

function scene() {
  const pauses: (() => void)[] = []
  const inTurn = createPageTurn(
    () =>
      new Promise((resolve) => {
        pauses.push(resolve)
      }),
  )
  return { inTurn, pauses, next: () => pauses.shift()?.() }
}

test('a hundred pieces at once: one in each turn, in their order', async () => {
  const { inTurn, pauses, next } = scene()
  const done: number[] = []
  const all = Promise.all(Array.from({ length: 100 }, (_, at) => inTurn(() => done.push(at))))
  for (let turn = 1; turn <= 100; turn++) {
    if (turn > 1) {
      await expect.poll(() => pauses.length).toBe(1)
      next()
    }
    await expect.poll(() => done.length).toBe(turn)
  }
  await all
  expect(done).toEqual(done.toSorted((a, b) => a - b))
})

test('who is alone waits for nobody, also after a failure', async () => {
  const { inTurn, pauses } = scene()
  await expect(inTurn(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
  await expect.poll(() => inTurn(() => 'rows')).toBe('rows')
  expect(pauses).toEqual([])
})
