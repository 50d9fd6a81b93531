/**
 * Where an answer is decoded. A short one on this thread, at once, while no worker is ready; of a longer one this thread
 * decodes nothing: it waits for the worker, which begins now at the latest.
 */
import type { DecoderSource } from '../types.ts'
import type { Chunk, DecodeAnswer } from './decode-answer.ts'

/** An answer that has not ended within these, once it has begun, is long; the way to its node may be. */
export const shortAnswerBytes = 64 * 1024
const shortAnswerMs = 100

/** Decodes by `elsewhere` what is long, by `here` what is short, and all where there is no other thread. */
export function chooseThread(here: DecodeAnswer, elsewhere: DecoderSource | undefined): DecodeAnswer {
  if (elsewhere === undefined) return here
  return async function* decodeAnswer(parameters) {
    const ready = elsewhere.current()
    if (ready !== undefined) return yield* ready(parameters)
    const { isShort, source } = await holdBack(parameters.source)
    const decode = isShort ? here : ((await elsewhere.ready()) ?? here)
    return yield* decode({ ...parameters, source })
  }
}

/** Takes what a short answer may have; `source` gives that and the rest. */
async function holdBack(source: AsyncIterable<Chunk>): Promise<{ isShort: boolean; source: AsyncIterable<Chunk> }> {
  const chunks = source[Symbol.asyncIterator]()
  const held: Promise<IteratorResult<Chunk>>[] = []
  const { promise: late, resolve } = Promise.withResolvers<'late'>()
  let timer: ReturnType<typeof setTimeout> | undefined
  let bytes = 0
  let isShort = false
  try {
    while (bytes <= shortAnswerBytes && !isShort) {
      const next = chunks.next()
      held.push(next)
      const taken = await Promise.race([next, late])
      if (taken === 'late') break
      timer ??= setTimeout(() => resolve('late'), shortAnswerMs)
      isShort = taken.done === true || taken.value.isLast
      bytes += taken.done === true ? 0 : taken.value.frame.length
    }
  } finally {
    clearTimeout(timer)
  }
  // Whoever leaves before it is taken must not leave an unhandled rejection behind.
  held.at(-1)?.catch(() => undefined)
  return { isShort, source: resume(held, chunks) }
}

async function* resume(
  held: Promise<IteratorResult<Chunk>>[],
  chunks: AsyncIterator<Chunk>,
): AsyncGenerator<Chunk, void, undefined> {
  try {
    for (;;) {
      const result = await (held.shift() ?? chunks.next())
      if (result.done === true) return
      yield result.value
    }
  } finally {
    await chunks.return?.()
  }
}
