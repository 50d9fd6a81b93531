/** Reads a dataset's present state from the chain. */
import type { Hex } from 'viem'
import { datasetReadAbi } from './generated/dataset-read.ts'
import { lowerCaseHex } from './lower-case-hex.ts'
import { toReadError } from './read-error.ts'
import type { ReadParameters } from './types.ts'

export type ReadDatasetParameters = ReadParameters & { dataset: Hex; blockNumber?: number | undefined }

/** A dataset as of a block; endings until then are already taken out. Amounts in wei, rates in wei per second. */
export type ReadDatasetReturnType = {
  curator: Hex
  rate: bigint
  trialSeconds: number
  configHash: Hex
  deposit: bigint
  /** Unix second; 0 while it is open. */
  closedAtSeconds: number
  /** Sum of the rates of the running subscriptions. */
  liveRate: bigint
  subscribers: number
  /** Decayed number of leavers with 32 fractional bits. */
  churn: bigint
  /** Earned until now and not yet credited to the payees. */
  earned: bigint
}

/** The dataset of an id, or undefined when it was never registered. */
export async function readDataset(parameters: ReadDatasetParameters): Promise<ReadDatasetReturnType | undefined> {
  const { publicClient, deployment, dataset, blockNumber } = parameters
  try {
    const { closedAt, ...state } = await publicClient.readContract({
      address: deployment.marketplace,
      abi: datasetReadAbi,
      functionName: 'datasetOf',
      args: [dataset],
      ...(blockNumber === undefined ? {} : { blockNumber: BigInt(blockNumber) }),
    })
    if (/^0x0+$/.test(state.curator)) return undefined
    return { ...lowerCaseHex(state), closedAtSeconds: closedAt }
  } catch (error) {
    throw toReadError(error)
  }
}
