/** `/enigma/acceptance/1.0.0`, serving side over an injected desk. Both answers cost one signature at most. */
import { encodeCbor, type Hex, type ManifestNode, protocolIds, recordCodes, transportCodes } from '@enigma/protocol'
import type { RateLimiter } from '../admission.ts'
import { serveRequests } from '../framing/serve-requests.ts'
import type { ProtocolHost, ProtocolServer, RemotePeer } from '../framing/serve-protocol.ts'
import {
  type AcceptanceRequest,
  acceptanceRequestSchema,
  type AcceptanceTerms,
  encodeTerms,
} from './acceptance-messages.ts'

/** What a node decides of datasets that are offered to it; both throw `not-accepted` or `busy`. */
export type AcceptanceDesk = {
  terms: (curator: Hex) => AcceptanceTerms
  /** The node's signed acceptance. It binds curator, name, peerId and signer, so that it is of use to nobody else. */
  accept: (request: { curator: Hex; name: string; remote: RemotePeer }) => Promise<ManifestNode>
}

export type HandleAcceptanceParameters = {
  host: ProtocolHost
  desk: AcceptanceDesk
  rate?: RateLimiter | undefined
  onError: (error: unknown) => void
}

/** Serves the acceptance protocol. */
export function handleAcceptance({ host, desk, rate, onError }: HandleAcceptanceParameters): Promise<ProtocolServer> {
  return serveRequests({
    host,
    protocol: protocolIds.acceptance,
    schema: acceptanceRequestSchema,
    maxRequestBytes: 512,
    codes: [...transportCodes, ...recordCodes, 'chain-unavailable'],
    rate,
    answer: (request, { remote }) => answer(desk, request, remote),
    onError,
  })
}

async function* answer(
  desk: AcceptanceDesk,
  request: AcceptanceRequest,
  remote: RemotePeer,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { curator } = request
  if (request.kind === 'terms') yield encodeTerms(desk.terms(curator))
  else yield encodeCbor(await desk.accept({ curator, name: request.name, remote }))
}
