/** `/enigma/acceptance/1.0.0`, asking side. Who answers is checked; the signature of an acceptance is not yet verified. */
import { decodeCbor, encodeCbor, type Hex, type ManifestNode, protocolIds } from '@enigma/protocol'
import type { Connection } from '@libp2p/interface'
import { callProtocol } from '../framing/call-protocol.ts'
import { unreadable } from '../framing/frame-errors.ts'
import {
  acceptanceReplySchema,
  type AcceptanceRequest,
  type AcceptanceTerms,
  acceptanceTermsSchema,
  maxAcceptanceReplyBytes,
} from './acceptance-messages.ts'

type AcceptanceCall = {
  connection: Connection
  curator: Hex
  /** The account that the node's record names. */
  signer: Hex
  signal?: AbortSignal | undefined
}

/** The node's terms for a curator; throws `not-accepted`. */
export async function fetchAcceptanceTerms({ curator, ...call }: AcceptanceCall): Promise<AcceptanceTerms> {
  const bytes = await ask(call, { kind: 'terms', curator })
  const maxBytes = maxAcceptanceReplyBytes
  const terms = decodeCbor({ bytes, schema: acceptanceTermsSchema, maxBytes, code: 'unreadable', what: 'terms' })
  requireSelf(call, terms)
  return terms
}

/** The node's signed acceptance for the manifest of (curator, name); throws `not-accepted`. */
export async function requestAcceptance({
  curator,
  name,
  ...call
}: AcceptanceCall & { name: string }): Promise<ManifestNode> {
  const bytes = await ask(call, { kind: 'accept', curator, name })
  const maxBytes = maxAcceptanceReplyBytes
  const node = decodeCbor({ bytes, schema: acceptanceReplySchema, maxBytes, code: 'unreadable', what: 'acceptance' })
  requireSelf(call, node)
  return node
}

/** A node speaks for itself only. */
function requireSelf({ connection, signer }: Omit<AcceptanceCall, 'curator'>, said: { peerId: string; signer: Hex }) {
  if (said.peerId === connection.remotePeer.toString() && said.signer === signer) return
  throw unreadable('The node answered in the name of another one.')
}

async function ask(
  { connection, signal }: Omit<AcceptanceCall, 'curator'>,
  request: AcceptanceRequest,
): Promise<Uint8Array> {
  const frames = callProtocol({
    connection,
    protocol: protocolIds.acceptance,
    request: encodeCbor(request),
    maxFrameBytes: maxAcceptanceReplyBytes,
    signal,
  })
  let only: Uint8Array | undefined
  for await (const frame of frames) {
    if (only !== undefined) throw unreadable('The node sent more than it was asked for.')
    only = frame
  }
  if (only === undefined) throw unreadable('The node sent nothing.')
  return only
}
