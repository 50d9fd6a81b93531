/** One attempt of a query: signed, sealed, sent by one path, opened, and checked at its end. */
import {
  createAnswerOpener,
  createReplyKeyPair,
  createSessionKey,
  type HpkeKeyPair,
  sealQuery,
  sha256,
  signQuery,
} from '@enigma/crypto'
import { createQueryId, sendQuery, type StreamPool } from '@enigma/network'
import {
  type AnswerEnd,
  type AnswerPart,
  encodeSignedQuery,
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
import type { Table } from '@uwdata/flechette'
import { bytesToHex } from 'viem'
import type { LocatedDataset } from '../datasets.ts'
import { deploymentOf } from '../sessions.ts'
import type { ClientParts, QueryStage, Session } from '../types.ts'
import { checkAnswer } from './check-answer.ts'
import { decodeArrow, inflateBatch, rowsOfTable } from './decode-batch.ts'
import type { QueryRequest } from './query-request.ts'

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

export type AttemptBatch = { columns: readonly ResultColumn[]; table: Table; rowCount: number }

/** Yields provisional batches; returns the end once everything about it was checked. */
export async function* attemptQuery(parameters: AttemptParameters): AsyncGenerator<AttemptBatch, AnswerEnd, undefined> {
  const { parts, node, connection, streams, located, signal, onStage } = parameters
  const replyKeyPair = await createReplyKeyPair()
  const { query, signedQuery } = await signRequest(parameters, replyKeyPair)
  const { sealed, requestHash } = await sealQuery({ signedQuery, queryKey: node.queryKey, keyId: node.keyId })
  const opener = createAnswerOpener({ replyKeyPair, requestHash, signer: node.signer })
  const route = { audience: node.peerId, dataset: located.id, queryId: createQueryId(), ttl: limits.routeTtl }
  const answer = createAnswerReader({ query, parts, located })
  onStage('run')
  for await (const frame of sendQuery({ streams, connection, route, sealed, signal })) {
    for (const part of await opener.push(frame)) {
      const batch = await answer.take(part)
      if (batch === undefined) continue
      onStage('decrypt')
      yield batch
    }
  }
  opener.finish()
  return answer.finish()
}

async function signRequest({ parts, located, node, request, session }: AttemptParameters, replyKeyPair: HpkeKeyPair) {
  const key = session?.key ?? (await createSessionKey())
  const { chainId, marketplace } = parts.network
  const issuedAt = parts.nowSeconds()
  const query: Query = {
    v: 1,
    chainId,
    marketplace,
    kind: session === undefined ? 'sample' : 'query',
    grantHash: session === undefined ? zeroHash : hashGrant(session.grant.grant, deploymentOf(parts.network)),
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

type AnswerReaderParameters = { query: Query; parts: ClientParts; located: LocatedDataset }

/** Takes parts in their order: schema, batches, end; a refusal throws. */
function createAnswerReader({ query, parts, located }: AnswerReaderParameters) {
  let schema: Extract<AnswerPart, { kind: 'schema' }> | undefined
  let end: AnswerEnd | undefined
  let rows = 0
  const batchHashes: Uint8Array[] = []
  /** Kept while the result may still be deterministic. */
  let tables: Table[] | undefined = []

  const takeBatch = async (part: Extract<AnswerPart, { kind: 'batch' }>): Promise<AttemptBatch> => {
    if (schema === undefined || end !== undefined) throw outOfTurn()
    const bytes = await inflateBatch(part)
    batchHashes.push(await sha256(bytes))
    const table = decodeArrow({ bytes, columns: schema.columns, rows: part.rows })
    rows += part.rows
    tables?.push(table)
    if (rows > limits.deterministicRows) tables = undefined
    return { columns: schema.columns, table, rowCount: part.rows }
  }
  return {
    async take(part: AnswerPart): Promise<AttemptBatch | undefined> {
      if (part.kind === 'refusal') throw refusalToError(part)
      if (part.kind === 'batch') return takeBatch(part)
      if (part.kind === 'schema') {
        if (schema !== undefined) throw outOfTurn()
        schema = part
      } else if (part.kind === 'end') {
        if (schema === undefined || end !== undefined) throw outOfTurn()
        end = part
      }
      return undefined
    },
    async finish(): Promise<AnswerEnd> {
      if (schema === undefined || end === undefined) throw outOfTurn()
      const kept = tables
      const allRows = (): Iterable<readonly Value[]> => {
        if (kept === undefined) throw outOfTurn()
        return kept.flatMap((table) => rowsOfTable(table))
      }
      const { columns, seq } = schema
      const { publisher, metadataHash } = located.config
      const deployment = deploymentOf(parts.network)
      await checkAnswer({ query, end, columns, seq, rows, batchHashes, allRows, deployment, publisher, metadataHash })
      return end
    },
  }
}

function outOfTurn(): MarketplaceError {
  return new MarketplaceError({
    code: 'answer-invalid',
    message: 'The node sent its answer out of turn; ask another node.',
  })
}
