import { expect, test } from 'vitest'
import { raceInTurn } from './race-in-turn.ts'

const never = () => new Promise<never>(() => undefined)

test('one that is silent is joined by the next, and is ended when that one wins', async () => {
  let silent: AbortSignal | undefined
  const work = (item: string, signal: AbortSignal) => {
    if (item === 'answers') return Promise.resolve(7)
    silent = signal
    return never()
  }
  expect(await raceInTurn({ items: ['silent', 'answers'], work, staggerMs: 5 })).toEqual({ item: 'answers', result: 7 })
  expect(silent?.aborted).toBe(true)
})

test('one that fails is followed at once, and the winner keeps the others from being asked', async () => {
  const asked: number[] = []
  const failed: number[] = []
  const work = (item: number) => {
    asked.push(item)
    return item === 2 ? Promise.resolve(item) : Promise.reject(new Error(`${item}`))
  }
  const onFailed = (item: number) => void failed.push(item)
  await raceInTurn({ items: [1, 2, 3], work, onFailed, staggerMs: 3_600_000 })
  expect(asked).toEqual([1, 2])
  expect(failed).toEqual([1])
})

test('says every failure, in order', async () => {
  const work = (item: string) => Promise.reject(new Error(item))
  const race = raceInTurn({ items: ['a', 'b'], work })
  await expect(race).rejects.toMatchObject({ errors: [{ message: 'a' }, { message: 'b' }] })
  await expect(raceInTurn({ items: [], work })).rejects.toBeInstanceOf(AggregateError)
})

test('ends with its caller', async () => {
  const stop = new AbortController()
  const race = raceInTurn({ items: ['a'], work: (_, signal) => endOf(signal), signal: stop.signal })
  stop.abort()
  await expect(race).rejects.toMatchObject({ code: 'aborted' })
})

function endOf(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('over'))))
}
