/** Whether an account has ended the grants of a query, by the mirrored chain (DESIGN §4 GrantRegistry). */
import { type Grant, type Hex, isEmbedGrant, MarketplaceError } from '@enigma/protocol'
import type { ChainView } from './chain-view.ts'

export type CheckRevocationParameters = {
  chain: Pick<ChainView, 'grantEpochOf' | 'isGrantRevoked'>
  /** The account that signed the first grant. */
  account: Hex
  /** The grants of the chain, root first. */
  grants: readonly Grant[]
}

/**
 * Every grant must be of the account's present epoch and none revoked: throws `grant-revoked`, or `chain-behind` for an
 * epoch that is yet to come here. Without a registry the epoch is 0 and nothing is revoked.
 */
export function checkRevocation({ chain, account, grants }: CheckRevocationParameters): void {
  const present = chain.grantEpochOf(account)
  for (const { epoch, id } of grants) {
    const details = `epoch ${epoch}, the account's is ${present}`
    if (epoch > present) {
      const message = 'This node has not seen the epoch of the grant on chain yet; try again in a few seconds.'
      throw new MarketplaceError({ code: 'chain-behind', message, details })
    }
    if (epoch < present) {
      const message = `The account has ended all its earlier grants on chain, this one among them; ${nextStep(grants)}.`
      throw new MarketplaceError({ code: 'grant-revoked', message, details })
    }
    if (chain.isGrantRevoked({ account, grantId: id })) {
      const message = `The account has ended this grant on chain; ${nextStep(grants)}.`
      throw new MarketplaceError({ code: 'grant-revoked', message, details: `grant ${id}` })
    }
  }
}

/** Whoever asks by an embed cannot sign what its owner must. */
function nextStep([first]: readonly Grant[]): string {
  return first !== undefined && isEmbedGrant(first) ? 'only the owner of this embed can bring it back' : 'sign in again'
}
