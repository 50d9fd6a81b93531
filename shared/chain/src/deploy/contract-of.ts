/** The contract that a transaction has made. */
import { MarketplaceError } from '@enigma/protocol'
import type { Hex, TransactionReceipt } from 'viem'

/** Its address in lower case; throws `transaction-reverted` where there is none. */
export function contractOf({ contractAddress, transactionHash }: TransactionReceipt): Hex {
  if (contractAddress != null) return contractAddress.toLowerCase() as Hex
  throw new MarketplaceError({
    code: 'transaction-reverted',
    message: 'The transaction was mined without making a contract; check the account and retry.',
    details: transactionHash,
  })
}
