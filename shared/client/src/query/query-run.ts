/**
 * A running query: attempts by one path after the other until one ends with a verified receipt. Rows are provisional
 * until then; a failed attempt's rows are void, and the first batch of the next one says so (`isRestart`).
 */
import {
  type AnswerEnd,
  type ErrorCode,
  type Hex,
  limits,
  MarketplaceError,
  type NodeRecord,
  type Receipt,
  type ResultColumn,
  type SignedHead,
  type SignedReceipt,
  type Value,
} from '@enigma/protocol'
import { aborted } from '@enigma/network'
import type { Connection } from '@libp2p/interface'
import { type Connections, transportOf } from '../connections.ts'
import type { Datasets, LocatedDataset } from '../datasets.ts'
import { DecoderLostError } from '../decode/worker-decoder.ts'
import type { AskingParts, Authority, QueryPath, QueryStage, QueryTrace, Transport } from '../types.ts'
import { type AttemptEnd, attemptQuery, type ClientTimings } from './attempt.ts'
import { type Batch, readBatch } from './batch.ts'
import { connectPath } from './connect-path.ts'
import type { QueryParameters, QueryRequest } from './query-request.ts'
import { createQueryTracer, type QueryTracer } from './query-trace.ts'

const maxAttempts = 6
const defaultMaxBytes = 256 * 1024 * 1024
/** For finding and reaching another relay and node once one has failed. */
const failoverMs = 10_000
/** The first wait before a node that is merely not ready is asked again; it doubles. */
const firstBackoffMs = 200

/** After these another path may answer; every other refusal is the node's last word. */
const retryable: ReadonlySet<ErrorCode> = new Set([
  'unreadable',
  'busy',
  'no-route',
  'version-mismatch',
  'timeout',
  'answer-invalid',
  'receipt-invalid',
  'snapshot-invalid',
  'manifest-mismatch',
  'unconfirmed',
  'chain-behind',
  'no-relay',
  'no-node',
  'node-record-stale',
  'wrong-audience',
  'chain-unavailable',
  'dataset-unknown',
  'snapshot-unknown',
] satisfies ErrorCode[])

/** Of these, the ones that pass by themselves: asked again after a short wait. */
const passing: ReadonlySet<ErrorCode> = new Set([
  'busy',
  'chain-behind',
  'chain-unavailable',
  'unconfirmed',
  'manifest-mismatch',
  'dataset-unknown',
  'snapshot-unknown',
  'no-node',
] satisfies ErrorCode[])

/** Of these, the ones that a path has and not its node. */
const pathCodes: ReadonlySet<ErrorCode> = new Set([
  'unreadable',
  'busy',
  'no-route',
  'version-mismatch',
  'timeout',
  'answer-invalid',
] satisfies ErrorCode[])

/** What is known once a query has ended well. */
export type QueryResult = {
  /** Also of a result without rows. */
  columns: readonly ResultColumn[]
  rowCount: number
  /** Whether the row or byte limit cut the result. */
  isTruncated: boolean
  receipt: SignedReceipt
  head: SignedHead
  /** The verified receipt's content. */
  facts: Receipt
  node: NodeRecord
  path: QueryPath
  transport: Transport
  attempts: number
  /** The node's own stages, this client's, and from the query's start to the first rows and to the end. */
  timings: AnswerEnd['timings'] & ClientTimings & { totalMs: number; firstRowsMs: number }
  /** The path hop by hop, and how long each stage took. */
  trace: QueryTrace
}

/** Iterate for provisional batches as they come, or `collect` the final rows. Either may be used, once. */
export type QueryRun = AsyncIterable<Batch> & {
  /** Resolves when the loop has ended well; rejects with what ended it. */
  readonly result: Promise<QueryResult>
  /** Runs to the end and returns the verified rows. */
  collect: () => Promise<QueryResult & { rows: Value[][] }>
}

/** Of a query of which rows were shown, the next attempt asks the same. */
export type AuthorizedAttempt = Authority & {
  asked?: Pick<QueryParameters, 'sql' | 'parameters' | 'maxRows' | 'maxBytes'> | undefined
}

export type StartQueryParameters = {
  parts: AskingParts
  connections: Connections
  datasets: Datasets
  query: Omit<QueryParameters, 'account'>
  /**
   * By what the attempt of a number, the first being 1, is asked, and what it asks where that is not the query as it was;
   * undefined for samples.
   */
  authorize: ((attempt: number, state: { hasRows: boolean }) => Promise<AuthorizedAttempt>) | undefined
  /** Refusals after which another attempt is authorized anew. */
  renewable?: ReadonlySet<ErrorCode> | undefined
  /** The only nodes to ask, where the grant names them. */
  signers?: readonly Hex[] | undefined
}

/** Starts nothing until it is iterated or collected. */
export function createQueryRun(parameters: StartQueryParameters): QueryRun {
  const { promise, resolve, reject } = Promise.withResolvers<QueryResult>()
  // The loop throws the same error; one who only iterates must not crash of a promise that nobody awaits.
  promise.catch(() => undefined)
  let isStarted = false
  async function* iterate(): AsyncGenerator<Batch, void, undefined> {
    if (isStarted) throw new TypeError('a query runs once; start a new one')
    isStarted = true
    try {
      resolve(yield* runAttempts(parameters))
    } catch (error) {
      reject(error)
      throw error
    } finally {
      // Without effect unless the loop was left before its end.
      reject(new MarketplaceError({ code: 'aborted', message: 'The loop over the rows was left before their end.' }))
    }
  }
  return {
    [Symbol.asyncIterator]: iterate,
    result: promise,
    async collect() {
      let rows: Value[][] = []
      for await (const batch of iterate()) {
        if (batch.isRestart) rows = []
        rows.push(...batch.rows())
      }
      return { ...(await promise), rows }
    },
  }
}

/** What the attempts of one query share; `failover` ends the search for another path. */
type RunState = {
  tracer: QueryTracer
  firstRowsMs: number | undefined
  hasRows: boolean
  failover: AbortSignal | undefined
  /**
   * What is asked for at most: of a sample what nodes give; of others what a trial gives, once a node has refused the
   * dataset's own number of rows.
   */
  mostRows: number | undefined
}

async function* runAttempts(parameters: StartQueryParameters): AsyncGenerator<Batch, QueryResult, undefined> {
  const { parts, query } = parameters
  const { signal, path = 'blind', onProgress } = query
  const peerId = parts.host.peerId.toString()
  const state: RunState = {
    tracer: createQueryTracer({ peerId, path, onProgress, nowMs: parts.nowMs }),
    firstRowsMs: undefined,
    hasRows: false,
    failover: undefined,
    mostRows: parameters.authorize === undefined ? limits.sampleRows : undefined,
  }
  const { tracer } = state
  let failure: MarketplaceError | undefined
  for (let attempt = 1; ; attempt++) {
    try {
      return yield* runAttempt(parameters, attempt, state)
    } catch (error) {
      if (signal?.aborted) throw aborted(signal)
      // Happens once at most: whoever has lost the worker decodes on this thread from then on.
      if (error instanceof DecoderLostError) {
        tracer.enter('retry', attempt, 'The decoding worker has ended; asking again without it.')
        continue
      }
      if (askForFewer(error, query, state)) {
        attempt--
        continue
      }
      if (state.failover?.aborted === true && failure !== undefined) throw nobodyLeft(failure, attempt)
      if (!(error instanceof MarketplaceError)) throw error
      const isRenewable = attempt === 1 && parameters.renewable?.has(error.code) === true
      if (!isRenewable && !retryable.has(error.code)) throw error
      if (attempt === maxAttempts) throw nobodyLeft(error, attempt)
      failure = error
      tracer.enter('retry', attempt, `${error.shortMessage} Trying another path.`)
      state.failover ??= AbortSignal.timeout(failoverMs)
      if (passing.has(error.code)) await delay(firstBackoffMs * 2 ** (attempt - 1), signal)
    }
  }
}

/**
 * Whether the same node is asked once more, for the rows of a trial: who names no number of rows takes what there is.
 * Only the refusal tells that it is a trial, so that a subscriber never waits for a look at the chain.
 */
function askForFewer(error: unknown, { maxRows }: StartQueryParameters['query'], state: RunState): boolean {
  const isRefused = error instanceof MarketplaceError && error.code === 'limit-too-high'
  if (!isRefused || maxRows !== undefined || state.mostRows === limits.trialRows) return false
  state.mostRows = limits.trialRows
  return true
}

/** A path's failure is told as what it means for the asker: there is nobody left to ask. */
function nobodyLeft(error: MarketplaceError, attempts: number): MarketplaceError {
  if (!pathCodes.has(error.code) || error.code === 'answer-invalid') return error
  return new MarketplaceError({
    code: 'no-node',
    message: 'No relay and node answered this query; try again later.',
    details: `${attempts} attempts, the last one: ${error.shortMessage}`,
    cause: error,
  })
}

function delay(delayMs: number, signal: AbortSignal | undefined): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>()
  const end = () => resolve(undefined)
  const timer = setTimeout(end, delayMs)
  signal?.addEventListener('abort', end)
  return promise.finally(() => {
    clearTimeout(timer)
    signal?.removeEventListener('abort', end)
  })
}

async function* runAttempt(
  parameters: StartQueryParameters,
  attempt: number,
  state: RunState,
): AsyncGenerator<Batch, QueryResult, undefined> {
  const { parts, datasets, connections, query } = parameters
  const { signal } = query
  if (signal?.aborted) throw aborted(signal)
  const { tracer } = state
  const searchSignal = bothSignals(signal, state.failover)
  const choice = { signal: searchSignal, preference: query.transport, webrtcOnly: query.webrtcOnly }
  tracer.enter('find', attempt)
  // The relay that only finds a directly asked node carries no answer: it may be reached by any transport.
  const finding = query.path === 'direct' ? { ...choice, webrtcOnly: false } : choice
  const located = await datasets.locate(query.dataset, { ...finding, isFresh: attempt > 1 })
  const node = pick(allowedNodes(located.nodes, parameters.signers), attempt)
  tracer.found(node.peerId)
  tracer.enter('connect', attempt)
  const connection = await connectPath({ connections, path: query.path, located, node, choice })
  tracer.connected(connection)
  const authority = await parameters.authorize?.(attempt, state)
  const request = requestOf({ ...query, ...authority?.asked }, located, state)
  const streams = connections.queryStreams
  const onStage = (stage: QueryStage) => tracer.enter(stage, attempt)
  const batches = attemptQuery({ parts, located, node, connection, streams, request, authority, signal, onStage })
  let isRestart = state.hasRows
  try {
    for (;;) {
      const { done, value } = await batches.next()
      state.firstRowsMs ??= tracer.elapsedMs()
      if (done === true) {
        connections.improve(connection, query.path === 'direct' ? node.multiaddrs : undefined)
        return resultOf({ end: value, node, connection, query, attempt, state })
      }
      state.hasRows = true
      state.failover = undefined
      yield { ...value, attempt, isRestart, ...readBatch(value.data, value.rowCount) }
      isRestart = false
    }
  } catch (error) {
    if (signal?.aborted !== true) leavePath(connections, connection, error)
    throw error
  } finally {
    // One who leaves the loop leaves the query: it is cancelled all the way to the node.
    await batches.return(undefined as never)
  }
}

function bothSignals(a: AbortSignal | undefined, b: AbortSignal | undefined): AbortSignal | undefined {
  return a === undefined || b === undefined ? (a ?? b) : AbortSignal.any([a, b])
}

/** A relay through which an attempt failed goes behind the others; a connection that went silent is not used again. */
function leavePath(connections: Connections, connection: Connection, error: unknown): void {
  if (!(error instanceof MarketplaceError) || !pathCodes.has(error.code)) return
  const peerId = connection.remotePeer.toString()
  const relay = connections.relays().find((each) => each.peerId === peerId)
  if (relay !== undefined) connections.demote(relay)
  if (error.code === 'timeout') connection.abort(error)
}

function allowedNodes(nodes: readonly NodeRecord[], signers: readonly Hex[] | undefined): readonly NodeRecord[] {
  return signers === undefined ? nodes : nodes.filter(({ signer }) => signers.includes(signer))
}

function pick<Item>(items: readonly Item[], attempt: number): Item {
  const item = items[(attempt - 1) % Math.max(1, items.length)]
  if (item !== undefined) return item
  throw new MarketplaceError({ code: 'no-node', message: 'No node answers for this dataset now; try again later.' })
}

function requestOf(
  query: StartQueryParameters['query'],
  { manifest }: LocatedDataset,
  { mostRows = manifest.limits.maxRows }: RunState,
): QueryRequest {
  const { sql, parameters = [], maxRows, maxBytes = defaultMaxBytes, minBlock = 0, seq } = query
  return {
    sql,
    parameters,
    snapshot: seq === undefined ? { kind: 'latest' } : { kind: 'seq', seq },
    maxRows: maxRows ?? Math.min(mostRows, manifest.limits.maxRows),
    maxBytes,
    minBlock,
  }
}

type ResultParameters = {
  end: AttemptEnd
  node: NodeRecord
  connection: Connection
  query: StartQueryParameters['query']
  attempt: number
  state: RunState
}

function resultOf({ end, node, connection, query, attempt, state }: ResultParameters): QueryResult {
  const { columns, rows, truncated, receipt, head, timings, client } = end
  const totalMs = state.tracer.elapsedMs()
  return {
    columns,
    rowCount: rows,
    isTruncated: truncated,
    receipt,
    head,
    facts: receipt.receipt,
    node,
    path: query.path ?? 'blind',
    transport: transportOf(connection),
    attempts: attempt,
    timings: { ...timings, ...client, totalMs, firstRowsMs: state.firstRowsMs ?? totalMs },
    trace: state.tracer.finish(),
  }
}
