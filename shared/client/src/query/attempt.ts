/** One attempt of a query: signed, sealed, sent by one path, opened, and checked at its end. */
import {
  createAnswerOpener,
  createReplyKeyPair,
  createSessionKey,
  type ReplyKeyPair,
  sealQuery,
  sha256,
  signQuery,
} from '@enigma/crypto'
import { createQueryId, type FrameGroup, sendQuery, type StreamPool } from '@enigma/network'
import {
  type AnswerEnd,
  type AnswerPart,
  type Deployment,
  encodeSignedQuery,
  type Hex,
  limits,
  MarketplaceError,
  type NodeRecord,
  type Query,
  refusalToError,
  type ResultColumn,
  type Value,
  zeroHash,
} from '@enigma/protocol'
import { hashGrant } from '@enigma/crypto'
import type { Connection } from '@libp2p/interface'
import { bytesToHex } from 'viem'
import type { LocatedDataset } from '../datasets.ts'
import { deploymentOf } from '../sessions.ts'
import type { ClientParts, QueryStage, Session } from '../types.ts'
import { readBatch } from './batch.ts'
import { checkAnswer } from './check-answer.ts'
import type { ColumnData } from './column-data.ts'
import { decodeArrow, inflateBatch } from './decode-batch.ts'
import type { QueryRequest } from './query-request.ts'
import { readAhead } from './read-ahead.ts'

export type AttemptParameters = {
  parts: ClientParts
  located: LocatedDataset
  node: NodeRecord
  connection: Connection
  streams: StreamPool
  request: QueryRequest
  /** Absent for samples. */
  session: Session | undefined
  signal: AbortSignal | undefined
  onStage: (stage: QueryStage) => void
}

/** Milliseconds that this client worked for one answer; chunks and batches overlap, so they may sum to more than passed. */
export type ClientTimings = {
  /** Reply key, signature of the query, seal to the node. */
  sealMs: number
  /** Opening the chunks of the answer. */
  openMs: number
  /** Inflating and hashing the batches. */
  inflateMs: number
  /** Checking the end: result hash, receipt, head. */
  checkMs: number
}

export type AttemptEnd = CheckedEnd & { client: ClientTimings }

/** An answer's end, and the columns that its node signed. */
type CheckedEnd = AnswerEnd & { columns: readonly ResultColumn[] }

export type AttemptBatch = { columns: readonly ResultColumn[]; data: readonly ColumnData[]; rowCount: number }

/** Chunks that are opened, and batches that are inflated, while the one before is in use. */
const chunksAhead = 4
const batchesAhead = 2
/** A relay and a node that still work say so every 4 s; silence means that the path is dead. */
const idleTimeoutMs = 9_000
/** On top of the dataset's own time limit: for the way, verification and a place in the queue. */
const extraWaitMs = 20_000

/** Yields provisional batches; returns the end once everything about it was checked. */
export async function* attemptQuery(
  parameters: AttemptParameters,
): AsyncGenerator<AttemptBatch, AttemptEnd, undefined> {
  const { parts, node, connection, streams, located, signal, onStage } = parameters
  const { primitives } = parts
  const timings: ClientTimings = { sealMs: 0, openMs: 0, inflateMs: 0, checkMs: 0 }
  const timed = timer(parts.nowMs, timings)
  const { query, replyKeyPair, sealed, requestHash } = await timed('sealMs', () => makeRequest(parameters))
  const opener = createAnswerOpener({ replyKeyPair, requestHash, signer: node.signer, primitives })
  const route = { audience: node.peerId, dataset: located.id, queryId: createQueryId(), ttl: limits.routeTtl }
  const answer = createAnswerReader({ query, parts, located })
  const leave = new AbortController()
  const onAbort = () => leave.abort(signal?.reason)
  signal?.addEventListener('abort', onAbort)
  if (signal?.aborted) onAbort()
  const sent = sendQuery({ streams, connection, route, sealed, signal: leave.signal, idleTimeoutMs })
  onStage('verify')
  try {
    const groups = withDeadline(sent, located.manifest.limits.timeoutSeconds * 1000 + extraWaitMs, leave)
    const onEnd = () => leave.abort()
    const open = ({ frame, isLast }: Chunk) => timed('openMs', () => opener.push(frame, isLast))
    const opened = readAhead({ source: chunksOf(groups), map: open, depth: chunksAhead, onEnd })
    const source = flatten(opened, () => onStage('run'))
    const map = (part: AnswerPart) => timed('inflateMs', () => prepare(part, parts))
    const prepared = readAhead({ source, map, depth: batchesAhead, onEnd })
    for await (const part of prepared) {
      const batch = answer.take(part)
      if (batch === undefined) continue
      onStage('decrypt')
      yield batch
    }
    opener.finish()
    const end = await timed('checkMs', () => answer.finish())
    return { ...end, client: timings }
  } finally {
    signal?.removeEventListener('abort', onAbort)
    leave.abort()
  }
}

/** Adds the time that some work takes to its stage. */
function timer(nowMs: () => number, timings: ClientTimings) {
  return async <Result>(stage: keyof ClientTimings, work: () => Promise<Result>): Promise<Result> => {
    const started = nowMs()
    try {
      return await work()
    } finally {
      timings[stage] += nowMs() - started
    }
  }
}

async function makeRequest(parameters: AttemptParameters) {
  const { node, parts } = parameters
  const { primitives } = parts
  const replyKeyPair = await createReplyKeyPair(primitives)
  const { query, signedQuery } = await signRequest(parameters, replyKeyPair)
  const { queryKey, keyId } = node
  return { query, replyKeyPair, ...(await sealQuery({ signedQuery, queryKey, keyId, primitives })) }
}

/** `isLast`: by what the path says, which is not relied on. */
type Chunk = { frame: Uint8Array; isLast: boolean }

async function* chunksOf(groups: AsyncIterable<FrameGroup>): AsyncGenerator<Chunk, void, undefined> {
  for await (const { frames, isLast } of groups) {
    for (const [at, frame] of frames.entries()) yield { frame, isLast: isLast && at === frames.length - 1 }
  }
}

/** Whoever keeps a stream alive without ever sending a frame is given up as silent, too. */
async function* withDeadline(
  groups: AsyncIterable<FrameGroup>,
  maxWaitMs: number,
  leave: AbortController,
): AsyncGenerator<FrameGroup, void, undefined> {
  const giveUp = () => {
    const message = 'The node did not answer in the time that the dataset allows; another one is tried.'
    leave.abort(new MarketplaceError({ code: 'timeout', message }))
  }
  let timer = setTimeout(giveUp, maxWaitMs)
  try {
    for await (const group of groups) {
      clearTimeout(timer)
      yield group
      timer = setTimeout(giveUp, maxWaitMs)
    }
  } finally {
    clearTimeout(timer)
  }
}

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

async function signRequest({ parts, located, node, request, session }: AttemptParameters, replyKeyPair: ReplyKeyPair) {
  const key = session?.key ?? (await createSessionKey())
  const { chainId, marketplace } = parts.network
  const issuedAt = parts.nowSeconds()
  const query: Query = {
    v: 1,
    chainId,
    marketplace,
    kind: session === undefined ? 'sample' : 'query',
    grantHash: session === undefined ? zeroHash : grantHashOf(session, deploymentOf(parts.network)),
    dataset: located.id,
    snapshot: request.snapshot,
    sql: request.sql,
    parameters: [...request.parameters],
    sessionKey: key.publicKey,
    replySuite: 1,
    replyKey: replyKeyPair.publicKeyHex,
    audience: node.signer,
    nonce: bytesToHex(crypto.getRandomValues(new Uint8Array(16))),
    issuedAt,
    expiresAt: issuedAt + limits.requestSeconds,
    maxRows: request.maxRows,
    maxBytes: request.maxBytes,
    minBlock: request.minBlock,
  }
  const signed = await signQuery({ query, key, grants: session === undefined ? [] : [session.grant] })
  return { query, signedQuery: encodeSignedQuery(signed) }
}

/** Of sessions, which never change; a client has one deployment. */
const grantHashes = new WeakMap<Session, Hex>()

function grantHashOf(session: Session, deployment: Deployment): Hex {
  const known = grantHashes.get(session)
  if (known !== undefined) return known
  const hash = hashGrant(session.grant.grant, deployment)
  grantHashes.set(session, hash)
  return hash
}

type AnswerReaderParameters = { query: Query; parts: ClientParts; located: LocatedDataset }

type BatchPart = Extract<AnswerPart, { kind: 'batch' }>
/** A part whose batch is inflated and hashed. */
type PreparedPart = { part: AnswerPart; batch: { bytes: Uint8Array; hash: Uint8Array } | undefined }

/** What can be done before it is the part's turn. */
async function prepare(part: AnswerPart, { primitives, inflate }: ClientParts): Promise<PreparedPart> {
  if (part.kind !== 'batch') return { part, batch: undefined }
  const bytes = await inflateBatch(part, inflate)
  return { part, batch: { bytes, hash: await sha256(bytes, primitives) } }
}

/** Takes parts in their order: schema, batches, end; a refusal throws. Rows and bytes are bounded by the query's. */
function createAnswerReader({ query, parts, located }: AnswerReaderParameters) {
  let schema: Extract<AnswerPart, { kind: 'schema' }> | undefined
  let end: AnswerEnd | undefined
  let rows = 0
  let arrowBytes = 0
  const batchHashes: Uint8Array[] = []
  /** Kept while the result may still be deterministic. */
  let batches: AttemptBatch[] | undefined = []

  const takeBatch = (part: BatchPart, { bytes, hash }: NonNullable<PreparedPart['batch']>): AttemptBatch => {
    if (schema === undefined || end !== undefined) throw outOfTurn()
    rows += part.rows
    arrowBytes += bytes.length
    if (rows > query.maxRows || arrowBytes > query.maxBytes) throw overLimit()
    batchHashes.push(hash)
    const data = decodeArrow({ bytes, columns: schema.columns, rows: part.rows })
    const taken = { columns: schema.columns, data, rowCount: part.rows }
    batches?.push(taken)
    if (rows > limits.deterministicRows) batches = undefined
    return taken
  }
  return {
    take({ part, batch }: PreparedPart): AttemptBatch | undefined {
      if (part.kind === 'refusal') throw refusalToError(part)
      if (part.kind === 'batch' && batch !== undefined) return takeBatch(part, batch)
      if (part.kind === 'schema') {
        if (schema !== undefined) throw outOfTurn()
        schema = part
      } else if (part.kind === 'end') {
        if (schema === undefined || end !== undefined) throw outOfTurn()
        end = part
      }
      return undefined
    },
    async finish(): Promise<CheckedEnd> {
      if (schema === undefined || end === undefined) throw outOfTurn()
      const kept = batches
      const allRows = (): Iterable<readonly Value[]> => {
        if (kept === undefined) throw outOfTurn()
        return kept.flatMap(({ data, rowCount }) => readBatch(data, rowCount).rows())
      }
      const { columns, seq } = schema
      const { publisher, metadataHash } = located.config
      const deployment = deploymentOf(parts.network)
      const { primitives } = parts
      const expected = { query, deployment, publisher, metadataHash, primitives }
      await checkAnswer({ ...expected, end, columns, seq, rows, batchHashes, allRows })
      return { ...end, columns }
    },
  }
}

function overLimit(): MarketplaceError {
  return new MarketplaceError({
    code: 'answer-invalid',
    message: 'The node sent more than it was asked for; ask another node.',
  })
}

function outOfTurn(): MarketplaceError {
  return new MarketplaceError({
    code: 'answer-invalid',
    message: 'The node sent its answer out of turn; ask another node.',
  })
}
