/** Both ends of the port, with answers that are really sealed; the worker is a thread only in browsers. */
import { createAnswerSealer, createReplyKeyPair, webPrimitives } from '@enigma/crypto'
import type { AnswerPart } from '@enigma/protocol'
import { columnFromArray, int64, tableFromColumns, tableToIPC } from '@uwdata/flechette'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { readBatch } from '../query/batch.ts'
import { inflateByStream } from '../query/decode-batch.ts'
import { type Chunk, createDecoder, type DecodedPart, type Opening } from './decode-answer.ts'
import { type BeginMessage, ready } from './decode-messages.ts'
import { serveDecoder } from './serve-decoder.ts'
import { createWorkerDecoder, DecoderLostError, type DecodeWorker } from './worker-decoder.ts'

const binding = { requestHash: `0x${'01'.repeat(32)}`, signer: `0x${'02'.repeat(20)}` } as const
const decode = createDecoder({ primitives: webPrimitives, inflate: inflateByStream, nowMs: () => performance.now() })
const batches = 5
const batchRows = 1000

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }))
afterEach(() => void vi.useRealTimers())

/** A worker that serves, or one that never says anything after it was ready. */
function startWorker({ isSilent = false } = {}) {
  const target = new EventTarget()
  const worker: DecodeWorker = {
    addEventListener: (type, listener) => target.addEventListener(type, listener),
    postMessage(begin: unknown) {
      if (!isSilent) void serveDecoder(decode, begin as BeginMessage)
    },
    terminate: vi.fn(),
  }
  const source = createWorkerDecoder({ create: () => worker })
  expect(source.current()).toBeUndefined()
  source.warm()
  expect(source.current()).toBeUndefined()
  target.dispatchEvent(new MessageEvent('message', { data: ready }))
  const current = source.current()
  if (current === undefined) throw new Error('the worker is not ready')
  return { source, worker, current, break: () => target.dispatchEvent(new Event('error')) }
}

async function answer(): Promise<{ frames: Uint8Array[]; opening: Opening }> {
  const replyKeyPair = await createReplyKeyPair()
  const sealer = await createAnswerSealer({ ...binding, replyKey: replyKeyPair.publicKeyHex, chunkBytes: 4096 })
  const frames = [sealer.header]
  frames.push(...(await sealer.sealPart({ kind: 'schema', columns: [{ name: 'id', type: 'bigint' }], seq: 7 })))
  for (let at = 0; at < batches; at++) frames.push(...(await sealer.sealPart(await batchPart(at))))
  frames.push(...(await sealer.sealLast({ kind: 'refusal', code: 'too-slow', message: 'Stands for the end here.' })))
  return { frames, opening: { ...binding, replyKeyPair } }
}

async function batchPart(at: number): Promise<AnswerPart> {
  const ids = Array.from({ length: batchRows }, (_, row) => BigInt(at * batchRows + row))
  const bytes = tableToIPC(tableFromColumns([['id', columnFromArray(ids, int64())]]), { format: 'stream' })
  if (bytes === null) throw new TypeError('the Arrow encoder returned nothing')
  // Small answers come as they are.
  if (at % 2 === 1)
    return { kind: 'batch', rows: batchRows, inflatedBytes: bytes.length, arrow: bytes, encoding: 'raw' }
  const stream = new Blob([new Uint8Array(bytes)]).stream().pipeThrough(new CompressionStream('deflate-raw'))
  const arrow = new Uint8Array(await new Response(stream).arrayBuffer())
  return { kind: 'batch', rows: batchRows, inflatedBytes: bytes.length, arrow }
}

async function* chunksOf(frames: readonly Uint8Array[], hangs = false): AsyncGenerator<Chunk, void, undefined> {
  for (const [at, frame] of frames.entries()) yield { frame, isLast: at === frames.length - 1 }
  if (hangs) await new Promise(() => undefined)
  else await Promise.resolve()
}

async function countOf(parts: AsyncIterable<DecodedPart>): Promise<number> {
  const kinds: string[] = []
  for await (const { kind } of parts) kinds.push(kind)
  return kinds.length
}

const none = { onOpened: () => undefined, onEnd: () => undefined }

test('an answer comes out of the worker as it does on this thread', async () => {
  const { frames, opening } = await answer()
  const { current } = startWorker()
  const onOpened = vi.fn()
  const parts: DecodedPart[] = []
  for await (const part of current({
    source: chunksOf(frames.map((frame) => frame.slice())),
    opening,
    ...none,
    onOpened,
  }))
    parts.push(part)
  const local: DecodedPart[] = []
  for await (const part of decode({ source: chunksOf(frames), opening, ...none })) local.push(part)
  expect(parts.map(({ kind }) => kind)).toEqual(['schema', ...Array<string>(batches).fill('batch'), 'refusal'])
  expect(parts).toEqual(local)
  expect(onOpened).toHaveBeenCalledOnce()
  const ids = parts.flatMap((part) => (part.kind === 'batch' ? readBatch(part.data, part.rows).rows() : []))
  expect(ids).toEqual(Array.from({ length: batches * batchRows }, (_, id) => [BigInt(id)]))
})

test('frames that share a buffer are left as they are', async () => {
  const { frames, opening } = await answer()
  const all = new Uint8Array(frames.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  const views = frames.map((frame) => {
    all.set(frame, at)
    return all.subarray(at, (at += frame.length))
  })
  const parts = await countOf(startWorker().current({ source: chunksOf(views), opening, ...none }))
  expect(parts).toBe(batches + 2)
  expect(all.length).toBeGreaterThan(0)
})

test('a changed chunk is refused as on this thread', async () => {
  const { frames, opening } = await answer()
  frames[3]![0]! ^= 1
  const run = countOf(startWorker().current({ source: chunksOf(frames), opening, ...none }))
  await expect(run).rejects.toMatchObject({ name: 'MarketplaceError', code: 'answer-invalid' })
})

test.each(['error', 'silence'] as const)(
  'a worker lost by %s ends the answer, and none is asked again',
  async (how) => {
    const { frames, opening } = await answer()
    const started = startWorker({ isSilent: how === 'silence' })
    const onEnd = vi.fn()
    // The schema's chunk, and then nothing more comes.
    const decoded = started.current({ source: chunksOf(frames.slice(0, 2), true), opening, ...none, onEnd })
    const lost = expect(countOf(decoded)).rejects.toThrow(DecoderLostError)
    if (how === 'error') started.break()
    await vi.advanceTimersByTimeAsync(4_000)
    await vi.advanceTimersByTimeAsync(4_000)
    await lost
    expect(onEnd).toHaveBeenCalled()
    expect(started.worker.terminate).toHaveBeenCalledOnce()
    expect(started.source.current()).toBeUndefined()
  },
)

test('whoever leaves ends the source', async () => {
  const { frames, opening } = await answer()
  const onEnd = vi.fn()
  for await (const part of startWorker().current({ source: chunksOf(frames, true), opening, ...none, onEnd })) {
    if (part.kind === 'batch') break
  }
  expect(onEnd).toHaveBeenCalled()
})

test('a page that may have no worker decodes itself', () => {
  const source = createWorkerDecoder({
    create() {
      throw new TypeError('refused by the policy')
    },
  })
  source.warm()
  expect(source.current()).toBeUndefined()
})

test('a page that may have no worker is not kept waiting for it', async () => {
  const source = createWorkerDecoder({
    create() {
      throw new TypeError('refused by the policy')
    },
  })
  await expect(source.ready()).resolves.toBeUndefined()
})

test('whoever waits for the worker gets it once it is ready', async () => {
  const target = new EventTarget()
  const source = createWorkerDecoder({
    create: () => ({
      addEventListener: (type, listener) => target.addEventListener(type, listener),
      postMessage: () => undefined,
      terminate: () => undefined,
    }),
  })
  const waiting = source.ready()
  target.dispatchEvent(new MessageEvent('message', { data: ready }))
  await expect(waiting).resolves.toBe(source.current())
  expect(source.current()).toBeDefined()
})
