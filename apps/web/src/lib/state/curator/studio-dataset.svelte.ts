/** One dataset of the studio: what can be done with it, and what became of it. */
import type { Hex } from '@enigma/protocol'
import type { ShownError } from '#lib/format/shown-error.ts'
import type { Curating } from '#lib/wallet/curating.ts'
import { isOpen, type Transaction, type TransactionKind } from '#lib/wallet/transaction.ts'
import { DatasetHealthState } from '../dataset-health.svelte.ts'
import { runTransaction, type WorkParameters } from '../run-transaction.ts'
import { transactions } from '../transactions.svelte.ts'
import { wallet } from '../wallet.svelte.ts'
import { loadCurating } from './load-curating.ts'

type Payouts = readonly { payee: Hex; shareBps: number }[]
type Work = (curating: Curating, parameters: WorkParameters) => Promise<unknown>

export class StudioDataset {
  readonly path: string
  /** Asked when the card is seen. */
  readonly health: DatasetHealthState
  /** Why the wallet or the chain could not be asked; what became of a transaction is in `transaction`. */
  error = $state.raw<ShownError>()
  #isPreparing = $state(false)
  readonly #reload: () => Promise<void>

  constructor(path: string, reload: () => Promise<void>) {
    this.path = path
    this.health = new DatasetHealthState(path)
    this.#reload = reload
  }

  /** The account's last transaction for this dataset, by whichever tab or visit. */
  get transaction(): Transaction | undefined {
    return transactions.last(this.path, wallet.account)
  }

  get isBusy(): boolean {
    return this.#isPreparing || (this.transaction !== undefined && isOpen(this.transaction))
  }

  /** Pays the account its share, and what was credited to it before; an account without a share credits the payees. */
  collect({ hasShare }: { hasShare: boolean }): Promise<void> {
    return this.#act('collect', (curating, parameters) =>
      hasShare ? curating.collect(parameters) : curating.credit(parameters),
    )
  }

  /** Changes the price, in wei per second. */
  changePrice(rate: bigint): Promise<void> {
    return this.#act('terms', (curating, parameters) => curating.changeTerms({ ...parameters, rate }))
  }

  /** Names new payees; their addresses were checked. */
  changePayouts(payouts: readonly { payee: string; shareBps: number }[]): Promise<void> {
    const checked: Payouts = payouts.map(({ payee, shareBps }) => ({ payee: payee as Hex, shareBps }))
    return this.#act('terms', (curating, parameters) => curating.changeTerms({ ...parameters, payouts: checked }))
  }

  /** Adds to the deposit: first the allowance where it is missing, as a transaction of its own, then the deposit. */
  async addDeposit(amount: bigint): Promise<void> {
    const { account } = wallet
    if (account === undefined || this.isBusy) return
    await this.#guarded(async () => {
      const curating = await loadCurating()
      const allowed = await curating.allowance(account)
      // What stands for renewals is left for them.
      const needed = allowed < amount ? allowed + amount : undefined
      if (needed !== undefined) {
        const allow: Work = (_, parameters) => curating.allow({ ...parameters, amount: needed })
        if (!(await this.#run('allowance', allow)) || wallet.account !== account) return
      }
      await this.#run('deposit', (_, parameters) => curating.addDeposit({ ...parameters, amount }))
    })
  }

  /** Starts to take out deposit. */
  requestDeposit(amount: bigint): Promise<void> {
    return this.#act('request-deposit', (curating, parameters) => curating.requestDeposit({ ...parameters, amount }))
  }

  keepDeposit(): Promise<void> {
    return this.#act('keep-deposit', (curating, parameters) => curating.keepDeposit(parameters))
  }

  takeDeposit(): Promise<void> {
    return this.#act('take-deposit', (curating, parameters) => curating.takeDeposit(parameters))
  }

  /** Closes it for ever. */
  close(): Promise<void> {
    return this.#act('close', (curating, parameters) => curating.close(parameters))
  }

  async clear(): Promise<void> {
    if (this.transaction !== undefined) await transactions.clear(this.transaction.id)
  }

  async #act(kind: TransactionKind, work: Work): Promise<void> {
    if (this.isBusy) return
    await this.#guarded(async () => {
      await this.#run(kind, work)
    })
  }

  async #guarded(work: () => Promise<void>): Promise<void> {
    this.error = undefined
    this.#isPreparing = true
    try {
      await work()
    } catch (error) {
      this.error = await wallet.explain(error)
    } finally {
      this.#isPreparing = false
      await Promise.all([this.#reload(), wallet.refreshBalances()])
    }
  }

  /** Whether it was carried out. */
  async #run(kind: TransactionKind, work: Work): Promise<boolean> {
    const curating = await loadCurating()
    const { isDone, error } = await runTransaction({
      ...{ kind, path: this.path },
      work: (parameters) => work(curating, parameters),
    })
    this.error = error
    return isDone
  }
}
