/** Asks the chain what became of a transaction. Believes a receipt only while its block is canonical. */
import { type ChainClient, toChainError } from '@enigma/chain'
import type { Hex } from '@enigma/protocol'
import {
  BaseError,
  type Transaction as ChainTransaction,
  type TransactionReceipt,
  TransactionNotFoundError,
  TransactionReceiptNotFoundError,
} from 'viem'
import type { Transaction, TransactionEvent } from './transaction.ts'
import { type Contracts, outcomeOf } from './transaction-outcome.ts'

type Observe = { client: ChainClient; contracts: Contracts; transaction: Transaction }

/** The event to advance a transaction by; undefined where the chain has nothing to say. Throws `MarketplaceError`. */
export async function observeTransaction(parameters: Observe): Promise<TransactionEvent | undefined> {
  const { transaction, client } = parameters
  try {
    const head = Number(await client.getBlockNumber({ cacheTime: 0 }))
    if (transaction.state.name === 'unanswered') return await findUnanswered(parameters, head)
    if (!('hash' in transaction.state)) return undefined
    return await observeSent(parameters, transaction.state.hash, head)
  } catch (error) {
    throw toChainError(error)
  }
}

/** The receipt of a transaction while its block is canonical. */
export async function readReceipt(client: ChainClient, hash: Hex): Promise<TransactionReceipt | undefined> {
  const receipt = await orNotFound(client.getTransactionReceipt({ hash }))
  if (receipt === undefined) return undefined
  const block = await client.getBlock({ blockNumber: receipt.blockNumber })
  return block.hash === receipt.blockHash ? receipt : undefined
}

async function observeSent({ client, contracts, transaction }: Observe, hash: Hex, head: number) {
  const receipt = await readReceipt(client, hash)
  if (receipt !== undefined) return receiptEvent({ receipt, transaction, contracts, head })
  const event = await replacementOf(client, transaction, hash, head)
  if (event !== undefined) return event
  const known = await orNotFound(client.getTransaction({ hash }))
  return { name: known === undefined ? 'missing' : 'seen', hash, block: head } as const
}

type ReceiptEvent = { receipt: TransactionReceipt; transaction: Transaction; contracts: Contracts; head: number }

function receiptEvent({ receipt, transaction, contracts, head }: ReceiptEvent): TransactionEvent {
  const { transactionHash: hash, blockHash } = receipt
  const outcome = receipt.status === 'success' ? outcomeOf({ kind: transaction.kind, receipt, contracts }) : undefined
  if (outcome === undefined) {
    const message = 'Another transaction came first, so the contract refused this one. Look at the present state.'
    return { name: 'reverted', hash, error: { code: 'transaction-reverted', message } }
  }
  const blockNumber = Number(receipt.blockNumber)
  return { name: 'mined', hash, blockNumber, blockHash, confirmations: Math.max(1, head - blockNumber + 1), outcome }
}

/** What else took the nonce, where it is taken: the same call is a sped-up one, nothing to oneself is a cancellation. */
async function replacementOf(
  client: ChainClient,
  transaction: Transaction,
  hash: Hex,
  head: number,
): Promise<TransactionEvent | undefined> {
  const taken = await findByNonce(client, transaction, head)
  if (taken === undefined || taken.hash === hash) return undefined
  const isCancelled = taken.to?.toLowerCase() === transaction.account && taken.value === 0n
  const reason = isSameCall(taken, transaction) ? 'repriced' : isCancelled ? 'cancelled' : 'other'
  return { name: 'replaced', hash, by: taken.hash, block: head, reason }
}

async function findUnanswered({ client, transaction }: Observe, head: number): Promise<TransactionEvent | undefined> {
  const found = await findByNonce(client, transaction, head)
  if (found === undefined) return undefined
  if (isSameCall(found, transaction)) return { name: 'sent', hash: found.hash, block: head }
  return undefined
}

/** The mined transaction of the account that has the nonce: found by halving the blocks, then in its block. */
async function findByNonce(client: ChainClient, { account, place }: Transaction, head: number) {
  if (place === undefined) return undefined
  const hasPassed = async (block: number) =>
    (await client.getTransactionCount({ address: account, blockNumber: BigInt(block) })) > place.nonce
  if (!(await hasPassed(head))) return undefined
  let [low, high] = [Math.min(place.fromBlock, head), head]
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    if (await hasPassed(middle)) high = middle
    else low = middle + 1
  }
  const block = await client.getBlock({ blockNumber: BigInt(high), includeTransactions: true })
  return block.transactions.find(({ from, nonce }) => from.toLowerCase() === account && nonce === place.nonce)
}

function isSameCall({ to, input }: Pick<ChainTransaction, 'to' | 'input'>, { place }: Transaction): boolean {
  return place !== undefined && (to ?? undefined)?.toLowerCase() === place.to?.toLowerCase() && input === place.data
}

async function orNotFound<Result>(asked: Promise<Result>): Promise<Result | undefined> {
  try {
    return await asked
  } catch (error) {
    const isAbsent =
      error instanceof BaseError &&
      error.walk(
        (cause) => cause instanceof TransactionNotFoundError || cause instanceof TransactionReceiptNotFoundError,
      ) !== null
    if (isAbsent) return undefined
    throw error
  }
}
