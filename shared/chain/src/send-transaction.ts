/** One way for every verb: check the chain, simulate, sign, send, wait for the receipt, name what went wrong. */
import { MarketplaceError } from '@enigma/protocol'
import type { Hex, ReplacementReturnType, TransactionReceipt } from 'viem'
import { toChainError } from './explain-revert.ts'
import type { TransactionResult, WriteParameters } from './types.ts'

const defaultReceiptTimeoutMs = 180_000

export type SendTransactionParameters = WriteParameters & {
  /** What the transaction does, for progress and messages, such as `subscribe`. */
  step: string
  /** Undefined creates a contract. */
  to: Hex | undefined
  data: Hex
}

/** Sends a transaction that was simulated first and returns its receipt; throws only `MarketplaceError`. */
export async function sendTransaction(parameters: SendTransactionParameters): Promise<TransactionReceipt> {
  try {
    await requireChain(parameters)
    const gas = await simulate(parameters)
    const hash = await sign(parameters, gas)
    return await waitForReceipt(parameters, hash)
  } catch (error) {
    throw toChainError(error)
  }
}

/** The part of a receipt that every verb returns. */
export function toTransactionResult(receipt: TransactionReceipt): TransactionResult {
  return {
    transactionHash: receipt.transactionHash,
    blockNumber: Number(receipt.blockNumber),
    blockHash: receipt.blockHash,
    gasUsed: receipt.gasUsed,
  }
}

async function requireChain({ walletClient, deployment }: WriteParameters): Promise<void> {
  const chainId = await walletClient.getChainId()
  if (chainId === deployment.chainId) return
  throw new MarketplaceError({
    code: 'wrong-chain',
    message: `The wallet is on chain ${String(chainId)}; switch it to chain ${String(deployment.chainId)} and retry.`,
  })
}

/** A simulation whose revert carries the reason; returns the gas to allow for. */
async function simulate({ publicClient, walletClient, onProgress, step, to, data }: SendTransactionParameters) {
  onProgress?.({ stage: 'simulating', step })
  const gas = await publicClient.estimateGas({
    account: walletClient.account,
    data,
    ...(to === undefined ? {} : { to }),
  })
  // A new day between now and the block costs a settlement more than was estimated.
  return (gas * 13n) / 10n
}

async function sign(parameters: SendTransactionParameters, gas: bigint): Promise<Hex> {
  const { walletClient, onProgress, step, to, data } = parameters
  onProgress?.({ stage: 'signing', step })
  await parameters.beforeSigning?.({ step, call: { to, data } })
  const request = { account: walletClient.account, chain: walletClient.chain ?? null, data, gas }
  const transactionHash = await walletClient.sendTransaction(to === undefined ? request : { ...request, to })
  onProgress?.({ stage: 'mining', step, transactionHash })
  return transactionHash
}

async function waitForReceipt(parameters: SendTransactionParameters, hash: Hex): Promise<TransactionReceipt> {
  const receipt = await (parameters.waitForReceipt?.(hash) ?? waitOnce(parameters, hash))
  if (receipt.status === 'reverted') throw await explainReceipt(parameters, receipt)
  return receipt
}

async function waitOnce(parameters: SendTransactionParameters, hash: Hex): Promise<TransactionReceipt> {
  let replacement: ReplacementReturnType | undefined
  const receipt = await parameters.publicClient.waitForTransactionReceipt({
    hash,
    timeout: parameters.receiptTimeoutMs ?? defaultReceiptTimeoutMs,
    onReplaced: (replaced) => (replacement = replaced),
  })
  if (replacement !== undefined && replacement.reason !== 'repriced') {
    throw new MarketplaceError({
      code: 'aborted',
      message: `The wallet sent another transaction in place of this one (${replacement.reason}); nothing was done.`,
    })
  }
  return receipt
}

/** The simulation passed and the block refused: something came first. Asking again at that block tells what. */
async function explainReceipt(parameters: SendTransactionParameters, receipt: TransactionReceipt): Promise<unknown> {
  const { publicClient, walletClient, to, data } = parameters
  try {
    const request = { account: walletClient.account, data, blockNumber: receipt.blockNumber }
    await publicClient.call(to === undefined ? request : { ...request, to })
  } catch (error) {
    return error
  }
  return new MarketplaceError({
    code: 'transaction-reverted',
    message: 'Another transaction came first and this one was refused; look at the present state and retry.',
    details: receipt.transactionHash,
  })
}
