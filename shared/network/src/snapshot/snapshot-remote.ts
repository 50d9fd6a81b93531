/** `/enigma/snapshot/1.0.0`, asking side: offer a head, or pull what a head names. Bytes are not verified here. */
import {
  concatBytes,
  decodeCbor,
  encodeCbor,
  type Hex,
  limits,
  MarketplaceError,
  protocolIds,
  type SignedHead,
  type SnapshotPass,
} from '@enigma/protocol'
import type { Connection } from '@libp2p/interface'
import { callProtocol } from '../framing/call-protocol.ts'
import { unreadable } from '../framing/frame-errors.ts'
import { networkLimits } from '../network-limits.ts'
import { latestReplySchema, type SnapshotRequest } from './snapshot-messages.ts'

type SnapshotCall = { connection: Connection; signal?: AbortSignal | undefined }
/** With a `pass` where this peer is the publisher and the manifest does not list it as a persistence node. */
type FetchCall = SnapshotCall & { dataset: Hex; pass?: SnapshotPass | undefined }
type Times = { maxQuietMs?: number; maxTotalMs?: number }

/** Tells a node of a new head; it pulls the rest itself. Throws `snapshot-invalid` or `snapshot-stranger`. */
export async function offerSnapshot({ signed, ...call }: SnapshotCall & { signed: SignedHead }): Promise<void> {
  const times = { maxQuietMs: networkLimits.offerTimeoutMs, maxTotalMs: networkLimits.offerTimeoutMs }
  for await (const frame of ask(call, { kind: 'offer', signed }, times)) {
    throw unreadable(`The node answered an offer with ${frame.length} bytes.`)
  }
}

/** The newest snapshot of a dataset: signed head and encoded description. Throws `snapshot-unknown` or `snapshot-stranger`. */
export async function fetchLatestSnapshot({
  dataset,
  pass,
  ...call
}: FetchCall): Promise<{ signed: SignedHead; description: Uint8Array }> {
  let signed: SignedHead | undefined
  let expected = 0
  let received = 0
  const chunks: Uint8Array[] = []
  for await (const bytes of ask(call, { kind: 'latest', dataset, ...(pass && { pass }) })) {
    if (signed === undefined) {
      const what = 'snapshot head'
      const reply = decodeCbor({ bytes, schema: latestReplySchema, maxBytes: 4096, code: 'unreadable', what })
      signed = reply.signed
      expected = reply.descriptionBytes
      continue
    }
    if (bytes.length === 0) throw unreadable('The node sent an empty part of a description.')
    received += bytes.length
    if (received > expected) throw unreadable('The node sent a longer description than it said.')
    chunks.push(bytes)
  }
  if (signed === undefined || received !== expected) throw unreadable('The node sent half a snapshot description.')
  return { signed, description: concatBytes(...chunks) }
}

export type FetchSegmentParameters = FetchCall & {
  /** SHA-256 of the segment's bytes. */
  hash: Hex
  /** Size of the whole segment; more is never yielded. */
  bytes: number
  /** Bytes that are here already. */
  offset: number
}

/** The bytes of a segment from `offset` on; may end early when the connection does, and is then asked for again. */
export async function* fetchSegment({
  dataset,
  pass,
  hash,
  bytes,
  offset,
  ...call
}: FetchSegmentParameters): AsyncGenerator<Uint8Array, void, undefined> {
  let end = offset
  const request = { kind: 'segment' as const, dataset, hash, offset, ...(pass && { pass }) }
  const maxTotalMs = networkLimits.callTotalMs + ((bytes - offset) / networkLimits.segmentBytesPerSecond) * 1000
  for await (const chunk of ask(call, request, { maxTotalMs })) {
    end += chunk.length
    if (end > bytes) {
      const message = 'The node sent more bytes than the segment has.'
      throw new MarketplaceError({ code: 'snapshot-invalid', message, details: hash })
    }
    yield chunk
  }
}

function ask({ connection, signal }: SnapshotCall, request: SnapshotRequest, times: Times = {}) {
  return callProtocol({
    connection,
    protocol: protocolIds.snapshot,
    request: encodeCbor(request),
    maxFrameBytes: limits.frameBytes,
    signal,
    ...times,
  })
}
