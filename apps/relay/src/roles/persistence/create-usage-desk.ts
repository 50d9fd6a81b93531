/** Tells the owner of embeds what this node has answered by them, and nobody else (DESIGN §6, `/enigma/usage/1.0.0`). */
import { verifyUsageRequest, type VerifyP256 } from '@enigma/crypto'
import type { UsageDesk } from '@enigma/network'
import { decodeUsageRequest, type Deployment, embedRootOf, type Hex, MarketplaceError } from '@enigma/protocol'
import { type BudgetStore, grantBudgetKey } from '../../store/budget-store.ts'
import { checkNodeGrants } from './check-limits.ts'
import { checkRevocation, type CheckRevocationParameters } from './check-revocation.ts'
import { checkWindow } from './check-window.ts'
import type { GrantVerifier } from './verify-grants.ts'

export type UsageDeskParts = {
  deployment: Deployment
  /** This node's signing account: the audience. */
  signer: Hex
  chain: CheckRevocationParameters['chain']
  budgets: Pick<BudgetStore, 'read'>
  verifySignature: VerifyP256
  verifyGrants: GrantVerifier
  nowSeconds: () => number
}

/** Creates the desk; it refuses as `verifyQuery` does, and `grant-invalid` for an embed of another account. */
export function createUsageDesk(parts: UsageDeskParts): UsageDesk {
  return async (signed) => {
    const { deployment, signer, chain, budgets, verifySignature: verify, verifyGrants } = parts
    const nowSeconds = parts.nowSeconds()
    const request = decodeUsageRequest(signed.request)
    checkWindow({ query: request, deployment, signer, nowSeconds })
    if (!(await verifyUsageRequest({ signed, request, verify }))) throw notSigned()
    // The owner's own session: whoever it lets in further is told nothing of the owner.
    if (signed.grants.length !== 1) throw notOwned()
    const proof = { query: request, chain: signed.grants, nowSeconds, requireSubscriber: () => undefined }
    const { root } = await verifyGrants(proof)
    const grants = signed.grants.map(({ grant }) => grant)
    checkNodeGrants({ grants, signer, dataset: request.dataset, templatesRoot: undefined })
    checkRevocation({ chain, account: root, grants })
    if (request.ids.some((id) => embedRootOf(id) !== root)) throw notOwned()
    return request.ids.map((id) => ({ id, ...budgets.read(grantBudgetKey({ root, id }), nowSeconds) }))
  }
}

function notSigned(): MarketplaceError {
  const message = 'The request is not signed by the session key that it names; sign it again.'
  return new MarketplaceError({ code: 'signature-invalid', message })
}

function notOwned(): MarketplaceError {
  const message = 'The use of an embed is told to its owner only; ask for your own embeds.'
  return new MarketplaceError({ code: 'grant-invalid', message })
}
