/** The connected account as the SDK's signer of grants: the wallet is asked, on this network's chain, as this account. */
import type { GrantSigner } from '@enigma/client'
import { type Hex, MarketplaceError } from '@enigma/protocol'
import { wallet } from './wallet.svelte.ts'

/** Creates it; signing throws `aborted` where the account changed or nobody waits any longer, and the wallet's refusals. */
export function createWalletSigner(address: Hex): GrantSigner {
  return {
    address,
    async signTypedData(typedData) {
      const { wallets } = await wallet.parts()
      await wallets.switchChain()
      const walletClient = await wallets.client()
      const { account } = walletClient
      if (account.address.toLowerCase() !== address) throw accountChanged()
      return wallet.waitFor('session', walletClient.signTypedData({ account, ...typedData }))
    },
  }
}

function accountChanged(): MarketplaceError {
  const message = 'Your wallet changed to another account, so nothing was signed. Try again with this one.'
  return new MarketplaceError({ code: 'aborted', message })
}
