import { expect, test, vi } from 'vitest'
import { createSharedWork } from './shared-work.ts'

type Begin = Parameters<ReturnType<typeof createSharedWork<string, number>>>[0]['begin']

function scene() {
  const share = createSharedWork<string, number>()
  const work = Promise.withResolvers<string>()
  let ended: AbortSignal | undefined
  const begin = vi.fn<Begin>(({ signal, onStep }) => {
    ended = signal
    onStep(1)
    return work.promise
  })
  const ask = (signal: AbortSignal, onStep: (step: number) => void = () => undefined, key = 'a') =>
    share({ key, signal, onStep, begin })
  return { ask, begin, work, ended: () => ended }
}

const signal = () => new AbortController().signal

test('the same work is done once for all who want it, other work apart', async () => {
  const { ask, begin, work } = scene()
  const all = [ask(signal()), ask(signal()), ask(signal(), undefined, 'b')]
  work.resolve('rows')
  expect(await Promise.all(all)).toEqual(['rows', 'rows', 'rows'])
  expect(begin).toHaveBeenCalledTimes(2)
  await ask(signal())
  expect(begin).toHaveBeenCalledTimes(3)
})

test('one who leaves takes nothing from the others; the last one ends the work', async () => {
  const { ask, begin, ended } = scene()
  const [first, second] = [new AbortController(), new AbortController()]
  const both = [ask(first.signal), ask(second.signal)]
  first.abort(new Error('gone'))
  await expect(both[0]).rejects.toThrow('gone')
  expect(ended()?.aborted).toBe(false)
  second.abort(new Error('gone too'))
  await expect(both[1]).rejects.toThrow('gone too')
  expect(ended()?.aborted).toBe(true)
  void ask(signal()).catch(() => undefined)
  expect(begin).toHaveBeenCalledTimes(2)
})

test('a failure reaches everyone, and the next one begins anew', async () => {
  const { ask, begin, work } = scene()
  const both = [ask(signal()), ask(signal())]
  work.reject(new Error('refused'))
  for (const each of both) await expect(each).rejects.toThrow('refused')
  await expect(ask(signal())).rejects.toThrow('refused')
  expect(begin).toHaveBeenCalledTimes(2)
})

test('whoever has left already begins nothing', async () => {
  const { ask, begin } = scene()
  await expect(ask(AbortSignal.abort(new Error('before')))).rejects.toThrow('before')
  expect(begin).not.toHaveBeenCalled()
})
