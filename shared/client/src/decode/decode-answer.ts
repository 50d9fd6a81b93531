/** From sealed chunks to columns: opened, inflated, hashed and read, in order, a bounded number of each at once. */
import { type AnswerBinding, createAnswerOpener, type Primitives, type ReplyKeyPair, sha256 } from '@enigma/crypto'
import { type AnswerPart, MarketplaceError, type ResultColumn } from '@enigma/protocol'
import type { ColumnData } from '../query/column-data.ts'
import { decodeArrow, inflateBatch, type InflateRaw } from '../query/decode-batch.ts'
import { readAhead } from '../query/read-ahead.ts'

/** `isLast`: by what the path says, which is not relied on. */
export type Chunk = { frame: Uint8Array; isLast: boolean }

/** What opens one answer; it can be handed to a worker. */
export type Opening = AnswerBinding & { replyKeyPair: ReplyKeyPair }

type BatchPart = Extract<AnswerPart, { kind: 'batch' }>
export type DecodedBatch = {
  kind: 'batch'
  rows: number
  /** Of Arrow after inflation. */
  arrowBytes: number
  /** SHA-256 of those. */
  hash: Uint8Array
  /** Views of one buffer. */
  data: readonly ColumnData[]
}
export type DecodedPart = Exclude<AnswerPart, { kind: 'batch' | 'padding' }> | DecodedBatch

/** Milliseconds of opening chunks, and of inflating and hashing batches; both overlap. */
export type DecodeTimings = { openMs: number; inflateMs: number }

export type DecodeAnswerParameters = {
  source: AsyncIterable<Chunk>
  opening: Opening
  /** Told once, when the answer's header was opened. */
  onOpened: () => void
  /** Called once nothing more is wanted; must make a chunk that is awaited come or fail. */
  onEnd: () => void
}

/** Yields the parts of an answer; throws `answer-invalid` when it was changed or cut. */
export type DecodeAnswer = (parameters: DecodeAnswerParameters) => AsyncGenerator<DecodedPart, DecodeTimings, undefined>

/** Chunks that are opened, and batches that are inflated, while the one before is in use. */
export const chunksAhead = 4
export const batchesAhead = 2

export type CreateDecoderParameters = {
  primitives: Primitives
  inflate: InflateRaw
  /** A monotonic clock. */
  nowMs: () => number
}

/** Creates a decoder of this thread. */
export function createDecoder({ primitives, inflate, nowMs }: CreateDecoderParameters): DecodeAnswer {
  return async function* decodeAnswer({ source, opening, onOpened, onEnd }) {
    const timings: DecodeTimings = { openMs: 0, inflateMs: 0 }
    const timed = timerOf(nowMs, timings)
    const opener = createAnswerOpener({ ...opening, primitives })
    const open = ({ frame, isLast }: Chunk) => timed('openMs', () => opener.push(frame, isLast))
    const opened = readAhead({ source, map: open, depth: chunksAhead, onEnd })
    const map = (part: AnswerPart) => timed('inflateMs', () => prepare(part, primitives, inflate))
    let columns: readonly ResultColumn[] | undefined
    for await (const { part, batch } of readAhead({
      source: flatten(opened, onOpened),
      map,
      depth: batchesAhead,
      onEnd,
    })) {
      if (part.kind === 'schema') columns ??= part.columns
      if (part.kind === 'padding') continue
      if (part.kind !== 'batch' || batch === undefined) yield part as Exclude<AnswerPart, BatchPart | Padding>
      else yield batchOf(part, batch, columns)
    }
    opener.finish()
    return timings
  }
}

type Padding = Extract<AnswerPart, { kind: 'padding' }>
type Prepared = { bytes: Uint8Array; hash: Uint8Array }

async function* flatten(
  opened: AsyncIterable<readonly AnswerPart[]>,
  onOpened: () => void,
): AsyncGenerator<AnswerPart, void, undefined> {
  let isFirst = true
  for await (const parts of opened) {
    if (isFirst) onOpened()
    isFirst = false
    yield* parts
  }
}

/** What can be done before it is the part's turn. */
async function prepare(
  part: AnswerPart,
  primitives: Primitives,
  inflate: InflateRaw,
): Promise<{ part: AnswerPart; batch: Prepared | undefined }> {
  if (part.kind !== 'batch') return { part, batch: undefined }
  const bytes = ownBuffer(await inflateBatch(part, inflate))
  return { part, batch: { bytes, hash: await sha256(bytes, primitives) } }
}

/** What came raw is a view of a chunk that holds other parts too: a batch must be able to leave alone. */
function ownBuffer(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice()
}

function batchOf(
  { rows }: BatchPart,
  { bytes, hash }: Prepared,
  columns: readonly ResultColumn[] | undefined,
): DecodedBatch {
  if (columns === undefined) throw outOfTurn()
  return { kind: 'batch', rows, arrowBytes: bytes.length, hash, data: decodeArrow({ bytes, columns, rows }) }
}

/** The parts of an answer came in an order that no answer has. */
export function outOfTurn(): MarketplaceError {
  const message = 'The node sent the parts of its answer out of turn; another one is tried.'
  return new MarketplaceError({ code: 'answer-invalid', message })
}

function timerOf(nowMs: () => number, timings: DecodeTimings) {
  return async <Result>(stage: keyof DecodeTimings, work: () => Promise<Result>): Promise<Result> => {
    const started = nowMs()
    try {
      return await work()
    } finally {
      timings[stage] += nowMs() - started
    }
  }
}
