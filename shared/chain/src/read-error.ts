/** What went wrong while the chain was read: a view of the marketplace refuses nobody, so its node is to blame. */
import { MarketplaceError } from '@enigma/protocol'
import { BaseError } from 'viem'

/** What a node of the chain that does not answer means for whoever asked. */
export const nodeFailed = {
  code: 'chain-unavailable',
  message: 'The Ethereum node did not answer as expected; try again or use another one.',
} as const

/** Turns anything thrown while the chain is read into a `MarketplaceError`. */
export function toReadError(error: unknown): MarketplaceError {
  if (error instanceof MarketplaceError) return error
  const details = error instanceof BaseError ? error.shortMessage : undefined
  return new MarketplaceError({ ...nodeFailed, details, cause: error })
}
