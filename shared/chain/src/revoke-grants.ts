/** Ends several grants of an account in one transaction. */
import { encodeFunctionData, type Hex } from 'viem'
import { parseGrantRegistryEvents } from './events.ts'
import { grantRegistryAbi } from './generated/grant-registry.ts'
import { requireGrantRegistry } from './require-grant-registry.ts'
import { sendTransaction, toTransactionResult } from './send-transaction.ts'
import type { TransactionResult, WriteParameters } from './types.ts'

export type RevokeGrantsParameters = WriteParameters & {
  /** 1 to 100 ids of grants, not their hashes. */
  grantIds: readonly Hex[]
}
export type RevokeGrantsReturnType = TransactionResult & {
  /** Those that were not revoked before. */
  grantIds: Hex[]
}

/** Ends several of the caller's grants for ever; those that were revoked before are passed over. */
export async function revokeGrants(parameters: RevokeGrantsParameters): Promise<RevokeGrantsReturnType> {
  const grantRegistry = requireGrantRegistry(parameters.deployment)
  const receipt = await sendTransaction({
    ...parameters,
    step: 'end grants',
    to: grantRegistry,
    data: encodeFunctionData({ abi: grantRegistryAbi, functionName: 'revokeMany', args: [parameters.grantIds] }),
  })
  const events = parseGrantRegistryEvents({ grantRegistry, logs: receipt.logs })
  const grantIds = events.flatMap(({ name, args }) => (name === 'GrantRevoked' ? [args.grantId] : []))
  return { ...toTransactionResult(receipt), grantIds }
}
