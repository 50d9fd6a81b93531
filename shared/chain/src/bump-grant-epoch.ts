/** Ends every grant of an account at once. */
import { encodeFunctionData } from 'viem'
import { grantRegistryAbi } from './generated/grant-registry.ts'
import { requireGrantEvent } from './require-event.ts'
import { requireGrantRegistry } from './require-grant-registry.ts'
import { sendTransaction, toTransactionResult } from './send-transaction.ts'
import type { TransactionResult, WriteParameters } from './types.ts'

export type BumpGrantEpochParameters = WriteParameters
export type BumpGrantEpochReturnType = TransactionResult & {
  /** What the account's next grants have to name. */
  epoch: number
}

/** Ends all that the caller has granted, everywhere and for ever: sessions, and what was granted under them. */
export async function bumpGrantEpoch(parameters: BumpGrantEpochParameters): Promise<BumpGrantEpochReturnType> {
  const grantRegistry = requireGrantRegistry(parameters.deployment)
  const receipt = await sendTransaction({
    ...parameters,
    step: 'end all grants',
    to: grantRegistry,
    data: encodeFunctionData({ abi: grantRegistryAbi, functionName: 'bumpEpoch' }),
  })
  const { args } = requireGrantEvent({ receipt, grantRegistry, name: 'EpochBumped' })
  return { ...toTransactionResult(receipt), epoch: Number(args.epoch) }
}
