/** Ends one grant of an account. */
import { encodeFunctionData, type Hex } from 'viem'
import { grantRegistryAbi } from './generated/grant-registry.ts'
import { requireGrantEvent } from './require-event.ts'
import { requireGrantRegistry } from './require-grant-registry.ts'
import { sendTransaction, toTransactionResult } from './send-transaction.ts'
import type { TransactionResult, WriteParameters } from './types.ts'

export type RevokeGrantParameters = WriteParameters & {
  /** The `id` inside the grant, not its hash. */
  grantId: Hex
}
export type RevokeGrantReturnType = TransactionResult & { grantId: Hex }

/** Ends one of the caller's grants for ever, with what was granted under it; throws `grant-revoked` the second time. */
export async function revokeGrant(parameters: RevokeGrantParameters): Promise<RevokeGrantReturnType> {
  const grantRegistry = requireGrantRegistry(parameters.deployment)
  const receipt = await sendTransaction({
    ...parameters,
    step: 'end a grant',
    to: grantRegistry,
    data: encodeFunctionData({ abi: grantRegistryAbi, functionName: 'revoke', args: [parameters.grantId] }),
  })
  const { args } = requireGrantEvent({ receipt, grantRegistry, name: 'GrantRevoked' })
  return { ...toTransactionResult(receipt), grantId: args.grantId }
}
