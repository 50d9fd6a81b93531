import { expect, test } from 'vitest'
import { createTurns } from './turns.ts'

test('so many at once, the others in their order, also after failures and departures', async () => {
  const inTurn = createTurns(2)
  const begun: number[] = []
  const works = Array.from({ length: 6 }, () => Promise.withResolvers<undefined>())
  const leaver = new AbortController()
  const asked = works.map(({ promise }, at) =>
    inTurn(at === 3 ? leaver.signal : new AbortController().signal, () => {
      begun.push(at)
      return promise
    }),
  )
  const settled = Promise.allSettled(asked)
  expect(begun).toEqual([0, 1])
  leaver.abort(new Error('left'))
  works[0]?.reject(new Error('failed'))
  await expect(asked[0]).rejects.toThrow('failed')
  await expect.poll(() => begun).toEqual([0, 1, 2])
  for (const { resolve } of works) resolve(undefined)
  expect((await settled).map(({ status }) => status)).toEqual([
    ...['rejected', 'fulfilled', 'fulfilled', 'rejected', 'fulfilled', 'fulfilled'],
  ])
  expect(begun).toEqual([0, 1, 2, 4, 5])
  await expect(inTurn(AbortSignal.abort(new Error('late')), () => Promise.resolve())).rejects.toThrow('late')
  expect(await inTurn(new AbortController().signal, () => Promise.resolve('free'))).toBe('free')
})
