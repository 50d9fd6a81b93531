/** The first checks of a decoded query: deployment, time window, audience (DESIGN §6). Pure. */
import { type Deployment, type Hex, limits, MarketplaceError, type Query } from '@enigma/protocol'

export type CheckWindowParameters = {
  query: Pick<Query, 'chainId' | 'marketplace' | 'issuedAt' | 'expiresAt' | 'audience'>
  deployment: Deployment
  signer: Hex
  nowSeconds: number
}

/**
 * Refuses a query for another chain (`wrong-chain`), outside its time (`request-from-future`, `request-expired`), with
 * too long a time (`limit-too-high`) or for another node (`wrong-audience`).
 */
export function checkWindow({ query, deployment, signer, nowSeconds }: CheckWindowParameters): void {
  if (query.chainId !== deployment.chainId || query.marketplace !== deployment.marketplace) {
    throw new MarketplaceError({
      code: 'wrong-chain',
      message: 'The query is for another deployment of the marketplace; use the network file that this node uses.',
      details: `this node: chain ${deployment.chainId}, marketplace ${deployment.marketplace}`,
    })
  }
  if (query.issuedAt > nowSeconds + limits.clockSkewSeconds) {
    throw new MarketplaceError({
      code: 'request-from-future',
      message: 'The query is dated in the future; set your clock and sign it again.',
      details: `${query.issuedAt - nowSeconds} s ahead of this node`,
    })
  }
  if (query.expiresAt <= query.issuedAt || query.expiresAt - query.issuedAt > limits.requestSeconds) {
    throw new MarketplaceError({
      code: 'limit-too-high',
      message: `A query is valid for 1 to ${limits.requestSeconds} seconds; sign it with such a time.`,
      details: `${query.expiresAt - query.issuedAt} s`,
    })
  }
  if (nowSeconds >= query.expiresAt + limits.clockSkewSeconds) {
    throw new MarketplaceError({
      code: 'request-expired',
      message: 'The query has expired; sign a new one.',
      details: `${nowSeconds - query.expiresAt} s ago`,
    })
  }
  if (query.audience !== signer) {
    throw new MarketplaceError({
      code: 'wrong-audience',
      message: 'The query was signed for another node; sign it for this one or send it there.',
      details: `this node: ${signer}`,
    })
  }
}
