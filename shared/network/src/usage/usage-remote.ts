/** `/enigma/usage/1.0.0`, asking side. */
import {
  decodeUsage,
  type EmbedUsage,
  encodeCbor,
  limits,
  protocolIds,
  type SignedUsageRequest,
} from '@enigma/protocol'
import type { Connection } from '@libp2p/interface'
import { callProtocol } from '../framing/call-protocol.ts'
import { unreadable } from '../framing/frame-errors.ts'

export type FetchUsageParameters = {
  /** To the node itself: nobody else is to see what it has counted. */
  connection: Connection
  signed: SignedUsageRequest
  signal?: AbortSignal | undefined
}

/** What a node has counted of the embeds that the request names; throws what it refuses. */
export async function fetchUsage({ connection, signed, signal }: FetchUsageParameters): Promise<EmbedUsage[]> {
  const request = encodeCbor(signed)
  const maxFrameBytes = limits.usageBytes * 2
  const frames = callProtocol({ connection, protocol: protocolIds.usage, request, maxFrameBytes, signal })
  let usage: EmbedUsage[] | undefined
  for await (const frame of frames) {
    if (usage !== undefined) throw unreadable('The node sent more than it was asked for.')
    usage = decodeUsage(frame)
  }
  if (usage === undefined) throw unreadable('The node sent nothing.')
  return usage
}
