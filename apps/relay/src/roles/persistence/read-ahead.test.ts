import { describe, expect, it } from 'vitest'
import { readAhead } from './read-ahead.ts'

async function* numbers(count: number, made: number[], failAt = Infinity): AsyncGenerator<number, void, undefined> {
  try {
    for (let index = 0; index < count; index++) {
      await Promise.resolve()
      if (index === failAt) throw new Error('broken')
      made.push(index)
      yield index
    }
  } finally {
    made.push(-1)
  }
}
const settled = () => new Promise((resolve) => setImmediate(resolve))

describe('readAhead', () => {
  const options = { sizeOf: () => 10, stop: () => undefined, signal: new AbortController().signal }

  it('keeps order and ends', async () => {
    const items: number[] = []
    for await (const item of readAhead({ ...options, source: numbers(100, []), maxBytes: 35 })) items.push(item)
    expect(items).toEqual(Array.from({ length: 100 }, (_, index) => index))
  })

  it('works ahead up to its bytes and no further', async () => {
    const made: number[] = []
    const ahead = readAhead({ ...options, source: numbers(100, made), maxBytes: 30 })
    await ahead.next()
    await settled()
    expect(made).toHaveLength(4)
    await ahead.next()
    await settled()
    expect(made).toHaveLength(5)
    await ahead.return()
  })

  it('finishes what is small while nobody reads on', async () => {
    const made: number[] = []
    const ahead = readAhead({ ...options, source: numbers(3, made), maxBytes: 100 })
    await ahead.next()
    await settled()
    expect(made).toEqual([0, 1, 2, -1])
    await ahead.return()
  })

  it('throws what the source threw, after what came before', async () => {
    const items: number[] = []
    const read = async () => {
      for await (const item of readAhead({ ...options, source: numbers(9, [], 3), maxBytes: 100 })) items.push(item)
    }
    await expect(read()).rejects.toThrow('broken')
    expect(items).toEqual([0, 1, 2])
  })

  it('ends a source that it holds back, without its reader, and yields nothing more, once it is aborted', async () => {
    const made: number[] = []
    const gone = new AbortController()
    const ahead = readAhead({ ...options, source: numbers(100, made), maxBytes: 30, signal: gone.signal })
    await ahead.next()
    await settled()
    expect(made).toEqual([0, 1, 2, 3])
    gone.abort()
    await settled()
    expect(made).toEqual([0, 1, 2, 3, -1])
    expect(await ahead.next()).toEqual({ done: true, value: undefined })
  })

  it('stops the work of a source whose reader leaves', async () => {
    const made: number[] = []
    let stops = 0
    for await (const item of readAhead({ ...options, source: numbers(9, made), maxBytes: 30, stop: () => stops++ })) {
      if (item === 1) break
    }
    expect(stops).toBe(1)
    expect(made.at(-1)).toBe(-1)
  })
})
