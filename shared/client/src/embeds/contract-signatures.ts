/** Smart accounts, asked whether an embed is theirs. */
import { verifyContractSignature } from '@enigma/chain'
import type { VerifyContractSignature } from '@enigma/crypto'
import type { AskingParts } from '../types.ts'

/** What verifies their signatures; undefined where the client has no chain to ask. */
export function contractSignatures({ publicClient }: Pick<AskingParts, 'publicClient'>): {
  verifyContractSignature: VerifyContractSignature | undefined
} {
  if (publicClient === undefined) return { verifyContractSignature: undefined }
  return { verifyContractSignature: (asked) => verifyContractSignature({ publicClient, ...asked }) }
}
