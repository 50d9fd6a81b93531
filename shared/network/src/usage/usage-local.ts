/** `/enigma/usage/1.0.0`, serving side over an injected desk. The answer goes to the peer that asks, by its own channel. */
import {
  type EmbedUsage,
  encodeUsage,
  limits,
  protocolIds,
  queryCodes,
  type SignedUsageRequest,
  signedUsageRequestSchema,
  transportCodes,
} from '@enigma/protocol'
import { serveRequests } from '../framing/serve-requests.ts'
import type { ProtocolHost, ProtocolServer } from '../framing/serve-protocol.ts'

/** What has been counted of the embeds that the request names; throws whatever a query of its session would be refused for. */
export type UsageDesk = (signed: SignedUsageRequest) => Promise<readonly EmbedUsage[]>

export type HandleUsageParameters = { host: ProtocolHost; usage: UsageDesk; onError: (error: unknown) => void }

/** Serves the usage protocol. */
export function handleUsage({ host, usage, onError }: HandleUsageParameters): Promise<ProtocolServer> {
  return serveRequests({
    host,
    protocol: protocolIds.usage,
    schema: signedUsageRequestSchema,
    maxRequestBytes: limits.usageBytes + limits.grantBytes * limits.grantDepth,
    codes: [...transportCodes, ...queryCodes],
    async *answer(signed) {
      yield encodeUsage(await usage(signed))
    },
    onError,
  })
}
