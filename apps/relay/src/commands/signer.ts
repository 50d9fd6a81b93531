/** A viem account as one who signs the marketplace's typed data. */
import type { Signer, TypedData } from '@enigma/crypto'
import type { Hex, LocalAccount } from 'viem'

/** The account as a signer; its address in lower case. */
export function signerOf(account: LocalAccount): Signer {
  return {
    address: account.address.toLowerCase() as Hex,
    signTypedData: (typedData: TypedData) => account.signTypedData(typedData),
  }
}
