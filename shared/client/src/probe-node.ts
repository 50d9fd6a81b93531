/**
 * One small question to a persistence node, as anyone may ask it: does it answer, from which snapshot, and how large are
 * its tables. What it says is signed by it and sealed to the asker; the head is signed by the dataset's publisher.
 */
import { timedOut } from '@enigma/network'
import {
  type ErrorCode,
  limits,
  MarketplaceError,
  type NodeRecord,
  probeStatement,
  queryCodes,
  type SnapshotHead,
} from '@enigma/protocol'
import type { Connection } from '@libp2p/interface'
import { type AttemptBatch, type AttemptEnd, type AttemptParameters, attemptQuery } from './query/attempt.ts'
import { readBatch } from './query/batch.ts'
import type { QueryRequest } from './query/query-request.ts'
import { readTableSizes, type TableSize } from './read-table-sizes.ts'

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
  /** What that snapshot holds, by its own word, signed. */
  tables: readonly TableSize[] | undefined
  /** Why it said none of this. */
  failure: ErrorCode | undefined
}

const nodeTimeoutMs = 10_000
const request: QueryRequest = {
  free: 'probe',
  sql: probeStatement,
  parameters: [],
  snapshot: { kind: 'latest' },
  maxRows: limits.tables,
  maxBytes: limits.chunkBytes,
  minBlock: 0,
}
/** Of a node that gave no answer. */
export const nothingSaid = { roundTripMs: undefined, engine: undefined, head: undefined, tables: undefined } as const
const refusals: ReadonlySet<ErrorCode> = new Set(queryCodes)

/** Asks; a node that cannot be reached or believed is a result, too. */
export async function probeNode(parameters: ProbeNodeParameters): Promise<NodeProbe> {
  try {
    const { end, tables, roundTripMs } = await ask(parameters)
    const { engineId: engine } = end.receipt.receipt
    return { isReachable: true, roundTripMs, engine, head: end.head.head, tables, failure: undefined }
  } catch (error) {
    if (!(error instanceof MarketplaceError)) throw error
    const isReachable = refusals.has(error.code)
    return { ...nothingSaid, isReachable, failure: error.code }
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
    const batches: AttemptBatch[] = []
    let next: IteratorResult<AttemptBatch, AttemptEnd>
    for (next = await attempt.next(); next.done !== true; next = await attempt.next()) batches.push(next.value)
    const { columns } = next.value
    const rows = batches.flatMap(({ data, rowCount }) => readBatch(data, rowCount).rows())
    return { end: next.value, tables: readTableSizes({ columns, rows }), roundTripMs: parts.nowMs() - startedMs }
  } catch (error) {
    throw timeout.aborted ? timedOut('answer', nodeTimeoutMs) : error
  }
}
