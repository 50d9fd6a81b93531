import { expect, test, vi } from 'vitest'
import { askTogether } from './ask-together.ts'

const failing = () => Promise.reject(new Error('unreachable'))

test('all are heard where none is slow', async () => {
  const heard: number[] = []
  const work = (item: number) => (item === 2 ? failing() : Promise.resolve(item))
  await askTogether({ items: [1, 2, 3], work, onAnswer: (item) => heard.push(item) > 0, graceMs: 60_000 })
  expect(heard).toEqual([1, 3])
})

test('a silent one is waited for no longer than a grace after a good answer, and is heard when it comes', async () => {
  const slow = Promise.withResolvers<string>()
  const heard: string[] = []
  const work = (item: string) => (item === 'slow' ? slow.promise : Promise.resolve(item))
  await askTogether({ items: ['slow', 'quick'], work, onAnswer: (item) => heard.push(item) > 0, graceMs: 1 })
  expect(heard).toEqual(['quick'])
  slow.resolve('late')
  await vi.waitFor(() => expect(heard).toEqual(['quick', 'late']))
})

test('an answer that is no good begins no grace', async () => {
  const slow = Promise.withResolvers<string>()
  const work = (item: string) => (item === 'slow' ? slow.promise : Promise.resolve(item))
  const heard: string[] = []
  const onAnswer = (item: string) => heard.push(item) > 0 && item === 'newer'
  let isOver = false
  const asked = askTogether({ items: ['slow', 'older'], work, onAnswer, graceMs: 0 }).then(() => (isOver = true))
  await vi.waitFor(() => expect(heard).toEqual(['older']))
  await new Promise((resolve) => setImmediate(resolve))
  expect(isOver).toBe(false)
  slow.resolve('newer')
  await asked
  expect(heard).toEqual(['older', 'newer'])
})

test('where all fail, every reason is told; where nobody is asked, that is a failure, too', async () => {
  const nothing = { onAnswer: () => true, graceMs: 0 }
  await expect(askTogether({ items: [1, 2], work: failing, ...nothing })).rejects.toMatchObject({
    errors: [{ message: 'unreachable' }, { message: 'unreachable' }],
  })
  await expect(askTogether({ items: [], work: failing, ...nothing })).rejects.toBeInstanceOf(AggregateError)
})
