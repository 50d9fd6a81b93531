/** What a wallet's refusal means for the one who reads it, and what to do next. */
import { MarketplaceError } from '@enigma/protocol'
import { BaseError } from 'viem'
import type { ShownError } from '#lib/format/shown-error.ts'

/** EIP-1193 and JSON-RPC codes of wallets. */
const sentences: Record<number, string> = {
  4001: 'You refused in your wallet; nothing was signed and nothing was paid. Try again when you like.',
  4100: 'Your wallet does not allow this site to use the account; connect again and choose it.',
  4900: 'Your wallet is not connected to any network; open it and check.',
  4901: 'Your wallet is not connected to this network; switch it and try again.',
  4902: 'Your wallet does not know this network and did not add it; add it by hand with the RPC address of the network.',
  [-32002]: 'Your wallet has a request open already; open the wallet and answer it.',
}

/** Undefined where it is no wallet's error. */
export function explainWalletError(error: unknown): ShownError | undefined {
  for (let each = error, depth = 0; each instanceof Error && depth < 10; each = each.cause, depth++) {
    const code = 'code' in each ? each.code : undefined
    const message = typeof code === 'number' ? sentences[code] : undefined
    if (message !== undefined) return { code: `wallet ${String(code)}`, message }
    if (each.name === 'UserRejectedRequestError') return { code: 'wallet 4001', message: sentences[4001] ?? '' }
    if (each.name === 'ConnectorNotConnectedError') {
      return { message: 'Your wallet is no longer connected; connect it and try again.' }
    }
  }
  if (error instanceof MarketplaceError || !(error instanceof BaseError)) return undefined
  return { message: 'The wallet could not do this; open it and look what it says.', details: error.shortMessage }
}
