/**
 * One small question to a persistence node, as anyone may ask it: does it answer, and from which snapshot. What it says is
 * signed by it and sealed to the asker; the head is signed by the dataset's publisher.
 */
import { timedOut } from '@enigma/network'
import {
  type ErrorCode,
  limits,
  MarketplaceError,
  type NodeRecord,
  queryCodes,
  type SnapshotHead,
} from '@enigma/protocol'
import type { Connection } from '@libp2p/interface'
import { type AttemptEnd, type AttemptParameters, attemptQuery } from './query/attempt.ts'
import type { QueryRequest } from './query/query-request.ts'

export type ProbeNodeParameters = Pick<AttemptParameters, 'parts' | 'located' | 'streams'> & {
  node: NodeRecord
  /** The first hop of the way to it. */
  connect: (signal: AbortSignal) => Promise<Connection>
  signal: AbortSignal | undefined
}

export type NodeProbe = {
  /** Whether it answered now, be it by a refusal. */
  isReachable: boolean
  /** From the question to its verified answer, in milliseconds. */
  roundTripMs: number | undefined
  /** By its own word, signed. */
  engine: string | undefined
  /** Of the snapshot that it answers from; the publisher's signature was verified. */
  head: SnapshotHead | undefined
  /** Why it gave no rows. */
  failure: ErrorCode | undefined
}

const nodeTimeoutMs = 10_000
/** One row of one number; a batch of it is a few hundred bytes. */
const request: QueryRequest = {
  sql: 'SELECT 1',
  parameters: [],
  snapshot: { kind: 'latest' },
  maxRows: 1,
  maxBytes: limits.chunkBytes,
  minBlock: 0,
}
const refusals: ReadonlySet<ErrorCode> = new Set(queryCodes)

/** Asks; a node that cannot be reached or believed is a result, too. */
export async function probeNode(parameters: ProbeNodeParameters): Promise<NodeProbe> {
  try {
    const { end, roundTripMs } = await ask(parameters)
    const { engineId: engine } = end.receipt.receipt
    return { isReachable: true, roundTripMs, engine, head: end.head.head, failure: undefined }
  } catch (error) {
    if (!(error instanceof MarketplaceError)) throw error
    const isReachable = refusals.has(error.code)
    return { isReachable, roundTripMs: undefined, engine: undefined, head: undefined, failure: error.code }
  }
}

async function ask({ parts, located, streams, node, connect, signal: outer }: ProbeNodeParameters) {
  const timeout = AbortSignal.timeout(nodeTimeoutMs)
  const signal = outer === undefined ? timeout : AbortSignal.any([outer, timeout])
  try {
    const connection = await connect(signal)
    const startedMs = parts.nowMs()
    const attempt = attemptQuery({
      ...{ parts, located, node, connection, streams, request, authority: undefined, signal },
      onStage: () => undefined,
    })
    let next: IteratorResult<unknown, AttemptEnd>
    do next = await attempt.next()
    while (next.done !== true)
    return { end: next.value, roundTripMs: parts.nowMs() - startedMs }
  } catch (error) {
    throw timeout.aborted ? timedOut('answer', nodeTimeoutMs) : error
  }
}
