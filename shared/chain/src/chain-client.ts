/** What this package asks of a node of the chain: a few of viem's public actions, so that a page loads no others. */
import { createClient, type PublicClient, type Transport } from 'viem'
import {
  call,
  estimateGas,
  getBalance,
  getBlock,
  getBlockNumber,
  getChainId,
  getCode,
  getGasPrice,
  getTransaction,
  getTransactionCount,
  getTransactionReceipt,
  readContract,
  waitForTransactionReceipt,
} from 'viem/actions'

/** A viem client with these actions; every `PublicClient` is one. */
export type ChainClient = Pick<
  PublicClient,
  | 'call'
  | 'estimateGas'
  | 'getBalance'
  | 'getBlock'
  | 'getBlockNumber'
  | 'getChainId'
  | 'getCode'
  | 'getGasPrice'
  | 'getTransaction'
  | 'getTransactionCount'
  | 'getTransactionReceipt'
  | 'readContract'
  | 'request'
  | 'waitForTransactionReceipt'
>

export type CreateChainClientParameters = {
  transport: Transport
  /** Milliseconds between two looks for what is awaited; viem's own when absent. */
  pollingInterval?: number
}

/** Creates a client that asks the nodes behind `transport`; throws nothing, asks nobody. */
export function createChainClient(parameters: CreateChainClientParameters): ChainClient {
  return createClient(parameters).extend((client): Omit<ChainClient, 'request'> => ({
    call: (args) => call(client, args),
    estimateGas: (args) => estimateGas(client, args),
    getBalance: (args) => getBalance(client, args),
    getBlock: (args) => getBlock(client, args),
    getBlockNumber: (args) => getBlockNumber(client, args),
    getChainId: () => getChainId(client),
    getCode: (args) => getCode(client, args),
    getGasPrice: () => getGasPrice(client),
    getTransaction: (args) => getTransaction(client, args),
    getTransactionCount: (args) => getTransactionCount(client, args),
    getTransactionReceipt: (args) => getTransactionReceipt(client, args),
    readContract: (args) => readContract(client, args),
    waitForTransactionReceipt: (args) => waitForTransactionReceipt(client, args),
  }))
}
