/** One attempt of a query: signed, sealed, sent by one path, opened, and checked at its end. */
import { createReplyKeyPair, createSessionKey, type ReplyKeyPair, sealQuery, signQuery } from '@enigma/crypto'
import { createQueryId, type FrameGroup, sendQuery, type StreamPool } from '@enigma/network'
import {
  type AnswerEnd,
  type Deployment,
  encodeSignedQuery,
  type Hex,
  limits,
  type Manifest,
  MarketplaceError,
  type NodeRecord,
  type Query,
  refusalToError,
  type ResultColumn,
  type SignedGrant,
  type Value,
  zeroHash,
} from '@enigma/protocol'
import { hashGrant } from '@enigma/crypto'
import type { Connection } from '@libp2p/interface'
import { bytesToHex } from 'viem'
import type { LocatedDataset } from '../datasets.ts'
import { chooseThread } from '../decode/choose-thread.ts'
import {
  type Chunk,
  createDecoder,
  type DecodeAnswer,
  type DecodedBatch,
  type DecodedPart,
  type DecodeTimings,
  outOfTurn,
} from '../decode/decode-answer.ts'
import { deploymentOf } from '../sessions.ts'
import type { Authority, ClientParts, QueryStage } from '../types.ts'
import { readBatch } from './batch.ts'
import { checkAnswer } from './check-answer.ts'
import type { ColumnData } from './column-data.ts'
import type { QueryRequest } from './query-request.ts'

export type AttemptParameters = {
  parts: Pick<ClientParts, 'decoder' | 'primitives' | 'inflate' | 'nowSeconds' | 'nowMs'> & { network: Deployment }
  /** What a query and the check of its answer need of a dataset. */
  located: Pick<LocatedDataset, 'id'> & {
    manifest: { limits: Pick<Manifest['limits'], 'timeoutSeconds'> }
    config: Pick<LocatedDataset['config'], 'publisher' | 'metadataHash'>
  }
  node: NodeRecord
  connection: Connection
  streams: StreamPool
  request: QueryRequest
  /** Absent for samples and probes. */
  authority: Authority | undefined
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

/** A relay and a node that still work say so every 4 s; silence means that the path is dead. */
const idleTimeoutMs = 9_000
/** On top of the dataset's own time limit: for the way, verification and a place in the queue. */
const extraWaitMs = 20_000
/** Of an answer without rows, and more than sealing and padding add to one with some. */
const mostOverheadBytes = 1024 * 1024

/** Yields provisional batches; returns the end once everything about it was checked. */
export async function* attemptQuery(
  parameters: AttemptParameters,
): AsyncGenerator<AttemptBatch, AttemptEnd, undefined> {
  const { parts, node, connection, streams, located, signal, onStage } = parameters
  const timings: ClientTimings = { sealMs: 0, openMs: 0, inflateMs: 0, checkMs: 0 }
  const timed = timer(parts.nowMs, timings)
  const { query, replyKeyPair, sealed, requestHash } = await timed('sealMs', () => makeRequest(parameters))
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
    const decode = chooseThread(createDecoder(parts), parts.decoder)
    const decoded = decode({
      source: chunksOf(groups, 2 * query.maxBytes + mostOverheadBytes),
      opening: { replyKeyPair, requestHash, signer: node.signer },
      onOpened: () => onStage('run'),
      onEnd: () => leave.abort(),
    })
    const decodeTimings = yield* takeAll(decoded, (part) => {
      const batch = answer.take(part)
      if (batch !== undefined) onStage('decrypt')
      return batch
    })
    const end = await timed('checkMs', () => answer.finish())
    parts.decoder?.warm()
    return { ...end, client: { ...timings, ...decodeTimings } }
  } finally {
    signal?.removeEventListener('abort', onAbort)
    leave.abort()
  }
}

/** Yields what `take` makes of each part; whoever leaves, or a part that is refused, ends the decoding. */
async function* takeAll(
  decoded: ReturnType<DecodeAnswer>,
  take: (part: DecodedPart) => AttemptBatch | undefined,
): AsyncGenerator<AttemptBatch, DecodeTimings, undefined> {
  try {
    for (;;) {
      const { done, value } = await decoded.next()
      if (done === true) return value
      const batch = take(value)
      if (batch !== undefined) yield batch
    }
  } finally {
    await decoded.return(undefined as never)
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

/** Whoever never comes to the rows, or pads them without end, is given up, too. */
async function* chunksOf(groups: AsyncIterable<FrameGroup>, maxBytes: number): AsyncGenerator<Chunk, void, undefined> {
  let bytes = 0
  for await (const { frames, isLast } of groups) {
    for (const [at, frame] of frames.entries()) {
      bytes += frame.length
      if (bytes > maxBytes) throw overLimit()
      yield { frame, isLast: isLast && at === frames.length - 1 }
    }
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

async function signRequest(
  { parts, located, node, request, authority }: AttemptParameters,
  replyKeyPair: ReplyKeyPair,
) {
  const { key, grants, template } = authority ?? { key: await createSessionKey(), grants: [] }
  const { chainId, marketplace } = parts.network
  const issuedAt = parts.nowSeconds()
  const query: Query = {
    v: 1,
    chainId,
    marketplace,
    kind: authority === undefined ? (request.free ?? 'sample') : 'query',
    grantHash: grantHashOf(grants.at(-1), deploymentOf(parts.network)),
    dataset: located.id,
    snapshot: request.snapshot,
    sql: request.sql,
    parameters: [...request.parameters],
    ...(template === undefined ? {} : { template }),
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
  const signed = await signQuery({ query, key, grants })
  return { query, signedQuery: encodeSignedQuery(signed) }
}

/** Of grants, which never change; a client has one deployment. */
const grantHashes = new WeakMap<SignedGrant, Hex>()

function grantHashOf(signed: SignedGrant | undefined, deployment: Deployment): Hex {
  if (signed === undefined) return zeroHash
  const known = grantHashes.get(signed)
  if (known !== undefined) return known
  const hash = hashGrant(signed.grant, deployment)
  grantHashes.set(signed, hash)
  return hash
}

type AnswerReaderParameters = { query: Query } & Pick<AttemptParameters, 'parts' | 'located'>

/** Takes parts in their order: schema, batches, end; a refusal throws. Rows and bytes are bounded by the query's. */
function createAnswerReader({ query, parts, located }: AnswerReaderParameters) {
  let schema: Extract<DecodedPart, { kind: 'schema' }> | undefined
  let end: AnswerEnd | undefined
  let rows = 0
  let arrowBytes = 0
  const batchHashes: Uint8Array[] = []
  /** Kept while the result may still be deterministic. */
  let batches: AttemptBatch[] | undefined = []

  const takeBatch = (part: DecodedBatch): AttemptBatch => {
    if (schema === undefined || end !== undefined) throw outOfTurn()
    rows += part.rows
    arrowBytes += part.arrowBytes
    if (rows > query.maxRows || arrowBytes > query.maxBytes) throw overLimit()
    batchHashes.push(part.hash)
    const taken = { columns: schema.columns, data: part.data, rowCount: part.rows }
    batches?.push(taken)
    if (rows > limits.deterministicRows) batches = undefined
    return taken
  }
  return {
    take(part: DecodedPart): AttemptBatch | undefined {
      if (part.kind === 'refusal') throw refusalToError(part)
      if (part.kind === 'batch') return takeBatch(part)
      if (part.kind === 'schema') {
        if (schema !== undefined) throw outOfTurn()
        schema = part
      } else {
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
