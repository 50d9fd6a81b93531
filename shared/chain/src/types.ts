/** The words that every verb of this package shares. */
import type { Account, Chain, Hex, TransactionReceipt, Transport, WalletClient } from 'viem'
import type { ChainClient } from './chain-client.ts'
import type { ChainReader } from './chain-reader.ts'

/** One deployment of the contracts; a `NetworkFile` is one. */
export type ContractDeployment = {
  chainId: number
  token: Hex
  marketplace: Hex
  /** Where accounts end their grants; without one every epoch is 0 and nothing is revoked. */
  grantRegistry?: Hex
  /** The first block that can hold events of these contracts. */
  deploymentBlock: number
}

/** What every read takes. */
export type ReadParameters = { publicClient: ChainReader; deployment: ContractDeployment }

/** What needs more of the chain's node than reads do: balances, blocks, transactions. */
export type ChainClientParameters = Omit<ReadParameters, 'publicClient'> & { publicClient: ChainClient }

/** A wallet with an account: a local one or a browser's. */
export type MarketplaceWallet = WalletClient<Transport, Chain | undefined, Account>

/**
 * Where a transaction is: `simulating` on our side, `signing` in the wallet, `mining` once it was sent.
 * A verb that needs several transactions or signatures names the present one in `step`.
 */
export type TransactionProgress =
  { stage: 'simulating' | 'signing'; step: string } | { stage: 'mining'; step: string; transactionHash: Hex }

/** What the wallet is about to be asked: a signature alone, or a transaction, whose call it names. */
export type SigningRequest = { step: string; call?: { to: Hex | undefined; data: Hex } }

/** What every verb takes that sends a transaction. */
export type WriteParameters = ChainClientParameters & {
  walletClient: MarketplaceWallet
  /** Told of each stage, for progress on a screen. */
  onProgress?: ((progress: TransactionProgress) => void) | undefined
  /** How long to wait for the transaction to be mined; three minutes when absent. */
  receiptTimeoutMs?: number | undefined
  /** Awaited before the wallet is asked for anything; what it throws ends the verb, and the wallet is not asked. */
  beforeSigning?: ((request: SigningRequest) => Promise<void>) | undefined
  /** Waits for a sent transaction in place of this package, such as over reloads of a page. */
  waitForReceipt?: ((hash: Hex) => Promise<TransactionReceipt>) | undefined
}

/** What every verb returns that sends a transaction: where it was mined and what it cost. */
export type TransactionResult = {
  transactionHash: Hex
  blockNumber: number
  blockHash: Hex
  gasUsed: bigint
}

/** One payee of a dataset; the shares of all sum to 10,000 basis points. */
export type Payout = { payee: Hex; shareBps: number }

/** The part of a dataset that the chain stores only as a hash; its preimage travels in calldata and events. */
export type DatasetConfig = {
  /** keccak256 of the dataset's manifest. */
  metadataHash: Hex
  /** The key that signs the dataset's snapshot heads. */
  publisher: Hex
  /** One to eight payees; the first one receives what rounding leaves over. */
  payouts: readonly Payout[]
}
