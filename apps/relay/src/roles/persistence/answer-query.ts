/**
 * Answers one sealed query: open → decode → verify → engine (guard, execute) → deflate → seal, first rows first. Frames
 * are made a bounded way ahead of the reader, so the daemon's memory does not grow with the answer (DESIGN §6 Answer, §7).
 */
import {
  type AnswerSealer,
  createAnswerSealer,
  hashQuery,
  importPublicKey,
  openQuery,
  type Signer,
} from '@enigma/crypto'
import { nodePrimitives as primitives } from '@enigma/crypto/node'
import { type FrameGroup, remoteGroup } from '@enigma/network'
import {
  type AnswerPart,
  type Deployment,
  type ErrorCode,
  errorToRefusal,
  type Hex,
  MarketplaceError,
  type Query,
  queryCodes,
} from '@enigma/protocol'
import { createAnswerParts } from './answer-parts.ts'
import { createHolds, type Holds } from './holds.ts'
import type { OpenedSnapshot } from './opened-snapshot.ts'
import type { PersistenceLimits } from './persistence-limits.ts'
import type { QueryGate } from './query-gate.ts'
import type { QueryKeys } from './query-keys.ts'
import { readAhead } from './read-ahead.ts'
import type { Caller } from './sample-limits.ts'
import { watchStalls } from './stall-watch.ts'
import { type DecodedQuery, decodeRequest, type VerifyQuery } from './verify-query.ts'

type AnswerParameters = {
  /** An encoded `SealedQuery`. */
  sealed: Uint8Array
  remote: Caller
  /** Ends the query: the engine is freed and what was reserved is given back. */
  signal: AbortSignal
}

/**
 * Frames of an answer in groups: the header first. Throws only what goes to the asker in clear text: `unreadable` and `busy`;
 * every other refusal is the sealed last part of the stream.
 */
export type AnswerQuery = (parameters: AnswerParameters) => AsyncGenerator<FrameGroup, void, undefined>

/** What became of one query; for logs and metrics. Holds no SQL and no rows. */
export type AnswerRecord = {
  dataset: Hex
  kind: Query['kind']
  account: Hex | undefined
  /** Undefined when it was answered. */
  code: ErrorCode | undefined
  /** What failed inside the node, when it was its own fault. */
  cause: unknown
  rows: number
  bytes: number
  totalMs: number
}

export type AnswerQueryParts = {
  deployment: Deployment
  signer: Signer
  keys: Pick<QueryKeys, 'pairOf'>
  verify: VerifyQuery
  gate: QueryGate
  /** A lease on the snapshot that a query wishes for; throws `snapshot-unknown`. */
  openSnapshot: (query: Query, signal: AbortSignal, account?: string) => Promise<OpenedSnapshot>
  limits: Pick<PersistenceLimits, 'answerTimeoutMs' | 'readerStallMs' | 'readAheadBytes'>
  nowSeconds: () => number
  /** A monotonic clock. */
  nowMs: () => number
  /** Told of every query that was opened. */
  onAnswered: (record: AnswerRecord) => void
  /** Told of every query that was not: no place to verify it, or unreadable. */
  onUnopened: (error: unknown) => void
  /** Told when something could not be given back. */
  onFailure: (error: unknown) => void
}

/** One query on its way. `used` is what its budgets are debited in the end: what was started and what was handed out. */
type Run = {
  parts: AnswerQueryParts
  decoded: DecodedQuery
  /** What seals the answer; set up by its first call. */
  openSealer: () => Promise<AnswerSealer>
  caller: Caller
  signal: AbortSignal
  holds: Holds
  /** Leaves the place that it has until it is verified. */
  leaveUnverified: () => void
  /** Settles the budgets, once nothing more is sent. */
  ending: Holds
  used: { queries: 0 | 1; bytes: number }
  /** Whether the last frames were handed out. */
  isWhole: boolean
  record: AnswerRecord
}

type SealedPart = { frames: Uint8Array[]; rows: number; bytes: number; isLast: boolean }

/** Creates what answers queries at this node. */
export function createAnswerQuery(parts: AnswerQueryParts): AnswerQuery {
  return async function* answerQuery({ sealed, remote: caller, signal }) {
    const startedMs = parts.nowMs()
    const holds = createHolds({ onFailure: parts.onFailure })
    const ending = createHolds({ onFailure: parts.onFailure })
    const stop = new AbortController()
    const timer = setTimeout(() => stop.abort(), parts.limits.answerTimeoutMs)
    const ended = AbortSignal.any([signal, stop.signal])
    ended.addEventListener('abort', holds.release, { once: true })
    holds.add(() => clearTimeout(timer))
    try {
      const { decoded, openSealer, leaveUnverified } = await openRequest(parts, sealed, caller)
      holds.add(leaveUnverified)
      const run = createRun({ parts, decoded, openSealer, caller, signal: ended, holds, ending, leaveUnverified })
      try {
        const source = sealedFrames(run, () => stop.abort())
        const stallMs = parts.limits.readerStallMs
        yield* watchStalls({ source, stallMs, onStall: () => stop.abort() })
      } finally {
        if (!run.isWhole) run.record.code ??= 'aborted'
        parts.onAnswered({ ...run.record, totalMs: parts.nowMs() - startedMs })
      }
    } finally {
      ending.release()
      holds.release()
      ended.removeEventListener('abort', holds.release)
    }
  }
}

async function openRequest(parts: AnswerQueryParts, sealed: Uint8Array, caller: Caller) {
  let leaveUnverified: (() => void) | undefined
  try {
    leaveUnverified = parts.gate.enterUnverified(caller)
    const { signedQuery, requestHash } = await openQuery({ sealed, keyPairOf: parts.keys.pairOf, primitives })
    const decoded = decodeRequest(signedQuery)
    const { replyKey } = decoded.query
    const signer = parts.signer.address.toLowerCase() as Hex
    // Refused before anything is done; its set-up waits until the engine is at work.
    await importPublicKey(replyKey, 'unreadable', primitives)
    let sealer: Promise<AnswerSealer> | undefined
    const openSealer = () => (sealer ??= createAnswerSealer({ replyKey, requestHash, signer, primitives }))
    return { decoded, openSealer, leaveUnverified }
  } catch (error) {
    leaveUnverified?.()
    parts.onUnopened(error)
    throw error
  }
}

function createRun(parameters: Omit<Run, 'used' | 'isWhole' | 'record'>): Run {
  const { dataset, kind } = parameters.decoded.query
  const record = { dataset, kind, account: undefined, code: undefined, cause: undefined, rows: 0, bytes: 0, totalMs: 0 }
  return { ...parameters, used: { queries: 0, bytes: 0 }, isWhole: false, record }
}

async function* sealedFrames(run: Run, stop: () => void): AsyncGenerator<FrameGroup, void, undefined> {
  const { signal, parts } = run
  const maxBytes = parts.limits.readAheadBytes
  const source = sealParts(run)
  const sizeOf = (part: SealedPart) => part.frames.reduce((sum, frame) => sum + frame.length, 0)
  let isFirst = true
  for await (const part of readAhead({ source, sizeOf, maxBytes, signal, stop })) {
    if (signal.aborted) return
    countPart(run, part)
    const { isLast } = part
    run.isWhole = isLast
    const header = isFirst ? [(await run.openSealer()).header] : []
    yield { frames: [...header, ...part.frames], isLast }
    isFirst = false
  }
}

/** Counts a part as it is handed out. */
function countPart({ used, record }: Run, { rows, bytes }: SealedPart): void {
  used.bytes += bytes
  record.rows += rows
  record.bytes += bytes
}

/**
 * Seals what `answerParts` makes; a refusal is the last part. Ends without one when the asker is gone; throws `busy`,
 * which comes before the first part and goes to the asker in clear text.
 */
async function* sealParts(run: Run): AsyncGenerator<SealedPart, void, undefined> {
  try {
    for await (const parts of answerParts(run)) {
      const sealer = await run.openSealer()
      const [last, ...others] = parts.toReversed()
      const isLast = last?.kind === 'end'
      const frames = isLast ? await sealer.sealLast(...others.reverse(), last) : await sealer.sealPart(...parts)
      const batches = parts.filter((part) => part.kind === 'batch')
      const rows = batches.reduce((sum, batch) => sum + batch.rows, 0)
      const bytes = batches.reduce((sum, batch) => sum + batch.inflatedBytes, 0)
      yield { frames, rows, bytes, isLast }
    }
  } catch (error) {
    if (run.signal.aborted) {
      run.record.code = 'aborted'
      return
    }
    if (isBusy(error)) {
      run.record.code = error.code
      throw error
    }
    const refusal = toQueryRefusal(error)
    Object.assign(run.record, { code: refusal.code, cause: error })
    const sealer = await run.openSealer()
    yield { frames: await sealer.sealLast({ kind: 'refusal', ...refusal }), rows: 0, bytes: 0, isLast: true }
  }
}

async function* answerParts(run: Run): AsyncGenerator<AnswerPart[], void, undefined> {
  const { parts, decoded, caller, signal, holds, used, record } = run
  const startedMs = parts.nowMs()
  // Verified or refused: neither what runs nor a refusal that nobody fetches keeps others from being verified.
  const verified = await parts.verify({ ...decoded, caller, signal }).finally(run.leaveUnverified)
  const { query, account, settle } = verified
  run.ending.add(() => settle(used))
  record.account = account
  // Visitors of an account's embeds have places of their own, so that they never keep their host from asking.
  const who = query.template === undefined ? account : `${account ?? ''} embeds`
  holds.add(enterGate(parts.gate, query.kind, caller, who))
  const snapshot = await parts.openSnapshot(query, signal, account)
  holds.add(snapshot.release)
  const verifyMs = parts.nowMs() - startedMs
  signal.throwIfAborted()
  const { sql, parameters, maxRows, maxBytes } = query
  const { timeoutMs } = snapshot
  const onStarted = () => (used.queries = 1)
  const lane = who ?? remoteGroup(caller.address)
  const running = snapshot.stream({ sql, parameters, maxRows, maxBytes, timeoutMs, signal, lane, onStarted })
  // While the engine works: what else the answer needs. A failure is thrown to who seals.
  run.openSealer().catch(() => undefined)
  const queryHash = hashQuery(query)
  const result = await running
  yield* createAnswerParts({ ...parts, query, queryHash, snapshot, result, verifyMs })
}

/** `who` is undefined where nobody pays. */
function enterGate(gate: QueryGate, kind: Query['kind'], caller: Caller, who: string | undefined): () => void {
  if (who !== undefined) return gate.enterQuery(who)
  return kind === 'probe' ? gate.enterProbe(caller) : gate.enterSample(caller)
}

function isBusy(error: unknown): error is MarketplaceError {
  return error instanceof MarketplaceError && error.code === 'busy'
}

/** What a node may tell an asker; anything else is its own fault and is told without its text. */
function toQueryRefusal(error: unknown) {
  const isForAsker = error instanceof MarketplaceError && queryCodes.some((code) => code === error.code)
  return errorToRefusal(isForAsker ? error : undefined, 'engine-failed')
}
