import { expect, test, vi } from 'vitest'
import { createRoundQueue } from './round-queue.ts'

function setUp() {
  const queue = createRoundQueue({ atOnce: 2 })
  const begun: string[] = []
  const ends = new Map<string, () => void>()
  const add = (key: string, { isFirst = false, isWhole = true, name = key } = {}) => {
    const run = () => {
      begun.push(name)
      const { promise, resolve } = Promise.withResolvers<undefined>()
      ends.set(key, () => resolve(undefined))
      return promise.then(() => undefined)
    }
    queue.add({ key, isFirst, isWhole, run })
  }
  return { queue, begun, add, end: (key: string) => ends.get(key)?.() }
}

test('two run at once, and one a peer', async () => {
  const { queue, begun, add, end } = setUp()
  for (const key of ['a', 'a', 'b', 'c', 'd']) add(key)
  expect(begun).toEqual(['a', 'b'])
  end('a')
  await vi.waitFor(() => expect(begun).toEqual(['a', 'b', 'c']))
  const stopped = queue.stop()
  end('b')
  end('c')
  await stopped
  expect(begun).toEqual(['a', 'b', 'c'])
})

test('those that go first do not wait for strangers', async () => {
  const { queue, begun, add, end } = setUp()
  for (const key of ['a', 'b', 'c', 'gone']) add(key)
  add('known', { isFirst: true })
  queue.cancel('gone')
  end('a')
  await vi.waitFor(() => expect(begun).toEqual(['a', 'b', 'known']))
  end('b')
  await vi.waitFor(() => expect(begun).toEqual(['a', 'b', 'known', 'c']))
})

test('a whole round takes the place of a part, not the other way round', async () => {
  const { begun, add, end } = setUp()
  for (const key of ['a', 'b']) add(key)
  add('c', { isWhole: false, name: 'part of c' })
  add('c', { name: 'all of c' })
  add('c', { isWhole: false, name: 'part of c' })
  end('a')
  await vi.waitFor(() => expect(begun).toEqual(['a', 'b', 'all of c']))
})
