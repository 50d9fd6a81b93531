/** The one way to send something from a page: the wallet is brought to the network, and what it sends is kept. */
import type { ShownError } from '#lib/format/shown-error.ts'
import type { TransactionKind } from '#lib/wallet/transaction.ts'
import type { TransactionHooks } from '#lib/wallet/transactions.ts'
import { transactions } from './transactions.svelte.ts'
import { wallet } from './wallet.svelte.ts'

type Parts = Awaited<ReturnType<typeof wallet.parts>>
export type WorkParameters = TransactionHooks & {
  money: Parts['money']
  path: string
  walletClient: Awaited<ReturnType<Parts['wallets']['client']>>
}

export type RunTransactionParameters = {
  kind: TransactionKind
  /** Of the dataset. */
  path: string
  work: (parameters: WorkParameters) => Promise<unknown>
}

/** Whether it was carried out; `error` where no kept transaction shows what ended it. Never throws. */
export type RunTransactionReturnType = { isDone: boolean; error?: ShownError }

/** Runs a verb as a kept transaction. */
export async function runTransaction(parameters: RunTransactionParameters): Promise<RunTransactionReturnType> {
  const { kind, path, work } = parameters
  const lastOne = () => transactions.last(path, wallet.account)?.id
  let before: string | undefined
  let isKept = false
  try {
    const { wallets, money } = await wallet.parts()
    await wallets.switchChain()
    const walletClient = await wallets.client()
    before = lastOne()
    isKept = true
    const run = (hooks: TransactionHooks) => work({ money, path, walletClient, ...hooks })
    await transactions.begin({ kind, path, walletClient, run })
    return { isDone: true }
  } catch (error) {
    // A transaction that was begun shows by itself what ended it.
    if (isKept && lastOne() !== undefined && lastOne() !== before) return { isDone: false }
    return { isDone: false, error: await wallet.explain(error) }
  }
}
