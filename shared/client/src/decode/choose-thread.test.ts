import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { DecoderSource } from '../types.ts'
import { chooseThread, shortAnswerBytes } from './choose-thread.ts'
import type { Chunk, DecodeAnswer } from './decode-answer.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** Says where it ran, and how many chunks it was given. */
function decoderOf(where: string, seen: string[]): DecodeAnswer {
  return async function* decode({ source }) {
    let chunks = 0
    for await (const chunk of source) chunks += chunk.frame.length > 0 ? 1 : 0
    seen.push(`${where} ${chunks}`)
    yield { kind: 'refusal', code: 'busy', message: 'Stands for the end here.' }
    return { openMs: 0, inflateMs: 0 }
  }
}

type World = { current?: boolean; ready?: boolean }

async function decode(source: AsyncIterable<Chunk>, { current = false, ready = true }: World = {}): Promise<string[]> {
  const seen: string[] = []
  const there = decoderOf('worker', seen)
  const elsewhere: DecoderSource = {
    current: () => (current ? there : undefined),
    warm: () => undefined,
    ready: () => Promise.resolve(ready ? there : undefined),
    close: () => undefined,
  }
  const answer = { source, opening: {} as never, onOpened: () => undefined, onEnd: () => undefined }
  const decoded = chooseThread(decoderOf('page', seen), elsewhere)(answer)
  const all = (async () => {
    for await (const part of decoded) expect(part.kind).toBe('refusal')
  })()
  await Promise.all([all, vi.advanceTimersByTimeAsync(1_000)])
  return seen
}

async function* chunksOf(
  count: number,
  bytes: number,
  { pauseMs = 0, wayMs = 0 } = {},
): AsyncGenerator<Chunk, void, undefined> {
  for (let at = 0; at < count; at++) {
    const waitMs = at === 0 ? wayMs : pauseMs
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs))
    yield { frame: new Uint8Array(bytes), isLast: at === count - 1 }
  }
}

test('a short answer is decoded at once on this thread', async () => {
  expect(await decode(chunksOf(3, 1000))).toEqual(['page 3'])
})

test('of a long answer this thread decodes nothing, and nothing of it is lost', async () => {
  expect(await decode(chunksOf(40, shortAnswerBytes / 8))).toEqual(['worker 40'])
})

test('a long way makes no answer long', async () => {
  expect(await decode(chunksOf(3, 1000, { wayMs: 300 }))).toEqual(['page 3'])
})

test('an answer whose end does not come at once is long', async () => {
  expect(await decode(chunksOf(3, 1000, { pauseMs: 150 }))).toEqual(['worker 3'])
})

test('a worker that is ready decodes everything; one that never is, nothing', async () => {
  expect(await decode(chunksOf(1, 10), { current: true })).toEqual(['worker 1'])
  expect(await decode(chunksOf(40, shortAnswerBytes / 8), { ready: false })).toEqual(['page 40'])
})

test('an answer that fails fails as it would', async () => {
  async function* broken(): AsyncGenerator<Chunk, void, undefined> {
    yield { frame: new Uint8Array(10), isLast: false }
    await Promise.resolve()
    throw new Error('the stream ended')
  }
  await expect(decode(broken())).rejects.toThrow('the stream ended')
})
