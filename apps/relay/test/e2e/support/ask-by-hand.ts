/** A client taken apart: what is signed, sealed and sent is in the test's hands. */
import { createAnswerOpener, createReplyKeyPair, hashGrant, sealQuery, signQuery } from '@enigma/crypto'
import type { Session } from '@enigma/client'
import { createQueryId, createStreamPool, sendQuery } from '@enigma/network'
import {
  type AnswerPart,
  encodeSignedQuery,
  type Hex,
  limits,
  type NodeRecord,
  type Parameter,
  protocolIds,
  type Query,
} from '@enigma/protocol'
import type { Connection } from '@libp2p/interface'
import { bytesToHex } from 'viem'
import type { TestNetwork, TestSubscriber } from './network.ts'

const streams = createStreamPool({ protocol: protocolIds.query })

export type Prepared = {
  signedQuery: Uint8Array
  sealed: Uint8Array
  /** Opens one answer. */
  createOpener: () => ReturnType<typeof createAnswerOpener>
}

export type PrepareParameters = {
  network: TestNetwork['network']
  subscriber: TestSubscriber
  dataset: Hex
  node: NodeRecord
  sql: string
  parameters?: Parameter[]
}

/** Signs and seals one query. */
export async function prepareQuery(parameters: PrepareParameters): Promise<Prepared> {
  const { node } = parameters
  const replyKeyPair = await createReplyKeyPair()
  const session = await sessionOf(parameters)
  const query = queryOf(parameters, session, replyKeyPair.publicKeyHex)
  const signedQuery = encodeSignedQuery(await signQuery({ query, key: session.key, grants: [session.grant] }))
  const { sealed, requestHash } = await sealQuery({ signedQuery, queryKey: node.queryKey, keyId: node.keyId })
  const createOpener = () => createAnswerOpener({ replyKeyPair, requestHash, signer: node.signer })
  return { signedQuery, sealed, createOpener }
}

async function sessionOf({ network, subscriber }: PrepareParameters): Promise<Session> {
  const session = await subscriber.keys.get(`${network.chainId}:${network.marketplace}:${subscriber.account}`)
  if (session === undefined) throw new Error('the subscriber has no session')
  return session
}

function queryOf({ network, dataset, node, sql, parameters = [] }: PrepareParameters, session: Session, replyKey: Hex) {
  const { chainId, marketplace } = network
  const issuedAt = Math.floor(Date.now() / 1000)
  return {
    ...{
      v: 1,
      chainId,
      marketplace,
      kind: 'query',
      grantHash: hashGrant(session.grant.grant, { chainId, marketplace }),
    },
    ...{ dataset, snapshot: { kind: 'latest' }, sql, parameters, sessionKey: session.key.publicKey },
    ...{
      replySuite: 1,
      replyKey,
      audience: node.signer,
      nonce: bytesToHex(crypto.getRandomValues(new Uint8Array(16))),
    },
    ...{
      issuedAt,
      expiresAt: issuedAt + limits.requestSeconds,
      maxRows: 10_000,
      maxBytes: 16 * 1024 ** 2,
      minBlock: 0,
    },
  } as const satisfies Query
}

/** Sends bytes over the query protocol and returns the frames that come back. */
export async function exchange({
  connection,
  audience,
  dataset,
  bytes,
}: {
  connection: Connection
  audience: string
  dataset: Hex
  bytes: Uint8Array
}): Promise<Uint8Array[]> {
  const route = { audience, dataset, queryId: createQueryId(), ttl: limits.routeTtl }
  const frames: Uint8Array[] = []
  for await (const group of sendQuery({ streams, connection, route, sealed: bytes })) frames.push(...group.frames)
  return frames
}

/** Opens the frames of a whole answer. */
export async function openFrames({ createOpener }: Prepared, frames: readonly Uint8Array[]): Promise<AnswerPart[]> {
  const opener = createOpener()
  const parts: AnswerPart[] = []
  for (const frame of frames) parts.push(...(await opener.push(frame)))
  opener.finish()
  return parts
}
