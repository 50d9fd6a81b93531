/** What a persistence node asks of the chain: the narrow face of the chain mirror (apps/relay/src/chain-mirror). */
import type { Hex } from '@enigma/protocol'

/** The newest canonical block that the mirror knows; `timestamp` in Unix seconds. */
export type ChainHead = { number: number; hash: Hex; timestamp: number }

/**
 * One account's rights to a dataset as of the head, ends in Unix seconds, 0 for none. `sinceBlock` is the block that
 * began the running paid time or trial.
 */
export type AccountAccess = { paidEnd: number; trialEnd: number; sinceBlock: number }

/** A dataset as of the head; `closedAt` in Unix seconds, 0 while it is open. */
export type ChainDataset = { curator: Hex; publisher: Hex; metadataHash: Hex; closedAt: number }

/** The chain as the node's mirror knows it; reads are synchronous and of one head. */
export type ChainView = {
  /** Undefined until the mirror has caught up once. */
  readonly head: ChainHead | undefined
  accessOf(parameters: { dataset: Hex; account: Hex }): AccountAccess | undefined
  datasetOf(dataset: Hex): ChainDataset | undefined
  /** The epoch that the account's grants must be of; 0 where the network has no registry of ended grants. */
  grantEpochOf(account: Hex): number
  /** Whether the account ended a grant by its id. */
  isGrantRevoked(parameters: { account: Hex; grantId: Hex }): boolean
  /** Resolves true once the head is at `number` or later, false after `timeoutMs` or on abort. */
  waitForBlock(parameters: { number: number; timeoutMs: number; signal?: AbortSignal }): Promise<boolean>
}
