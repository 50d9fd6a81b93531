/** What reading the marketplace asks of a node of the chain: what a page loads that never sends a transaction. */
import { createClient, type PublicClient, type Transport } from 'viem'
import { getBalance, getBlock, getBlockNumber, readContract } from 'viem/actions'

/** A viem client with these actions; every `PublicClient` is one. */
export type ChainReader = Pick<PublicClient, 'getBalance' | 'getBlock' | 'getBlockNumber' | 'readContract' | 'request'>

/** Creates a client that asks the nodes behind `transport`; throws nothing, asks nobody. */
export function createChainReader({ transport }: { transport: Transport }): ChainReader {
  return createClient({ transport }).extend((client): Omit<ChainReader, 'request'> => ({
    getBalance: (args) => getBalance(client, args),
    getBlock: (args) => getBlock(client, args),
    getBlockNumber: (args) => getBlockNumber(client, args),
    readContract: (args) => readContract(client, args),
  }))
}
