/** `/enigma/grants/1.0.0`, serving side over an injected source. */
import { type Embed, encodeCbor, type Hex, protocolIds, transportCodes } from '@enigma/protocol'
import { framesOf, serveRequests } from '../framing/serve-requests.ts'
import type { ProtocolHost, ProtocolServer, RemotePeer } from '../framing/serve-protocol.ts'
import { type EmbedLine, type GrantsRequest, grantsRequestSchema, maxGrantsRequestBytes } from './grants-messages.ts'

/** Embeds as a relay has them, encoded: verified, and of each id the highest revision that it was told of. */
export type EmbedSource = {
  bytesOf: (id: Hex) => Uint8Array | undefined
  /** At most `limits.embedsPerAccount`, each read when it is taken. */
  bytesOfAccount: (account: Hex) => Iterable<Uint8Array>
  /** The embeds whose ids follow the given one, by id, at most `embedLinesPerPage`. */
  linesAfter: (id: Hex) => readonly EmbedLine[]
  /** Verifies and keeps one; throws the codes of `grantCodes`. */
  accept: (embed: Embed, options: { remote: RemotePeer; signal: AbortSignal }) => Promise<{ isNew: boolean }>
}

/** Why an embed is not taken. */
const grantCodes = [
  ...(['grant-invalid', 'grant-expired', 'grant-superseded', 'limit-too-high'] as const),
  ...(['no-subscription', 'chain-unavailable'] as const),
]

export type HandleGrantsParameters = { host: ProtocolHost; embeds: EmbedSource; onError: (error: unknown) => void }

/** Serves the grants protocol. */
export function handleGrants({ host, embeds, onError }: HandleGrantsParameters): Promise<ProtocolServer> {
  return serveRequests({
    host,
    protocol: protocolIds.grants,
    schema: grantsRequestSchema,
    maxRequestBytes: maxGrantsRequestBytes,
    codes: [...transportCodes, ...grantCodes],
    answer: (request, { remote, signal }) => answer(embeds, request, { remote, signal }),
    onError,
  })
}

async function* answer(
  embeds: EmbedSource,
  request: GrantsRequest,
  options: { remote: RemotePeer; signal: AbortSignal },
): AsyncGenerator<Uint8Array, void, undefined> {
  if (request.kind === 'announce') {
    yield encodeCbor(await embeds.accept(request.embed, options))
    return
  }
  if (request.kind === 'of') {
    yield* framesOf(embeds.bytesOfAccount(request.account))
    return
  }
  if (request.kind === 'contents') {
    yield encodeCbor(embeds.linesAfter(request.after))
    return
  }
  yield* framesOf(found(embeds, request.kind === 'embeds' ? request.ids : [request.id]))
}

function* found(embeds: EmbedSource, ids: readonly Hex[]): Generator<Uint8Array, void, undefined> {
  for (const id of ids) {
    const bytes = embeds.bytesOf(id)
    if (bytes !== undefined) yield bytes
  }
}
