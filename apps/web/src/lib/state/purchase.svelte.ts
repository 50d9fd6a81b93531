/** One account's subscription to one dataset: what it is, what it would cost, and the way to subscribe and to cancel. */
import type { Hex } from '@enigma/protocol'
import type { ShownError } from '#lib/format/shown-error.ts'
import { isOpen, type Transaction, type TransactionKind } from '#lib/wallet/transaction.ts'
import { app } from './app.svelte.ts'
import { runTransaction, type WorkParameters } from './run-transaction.ts'
import { transactions } from './transactions.svelte.ts'
import { wallet } from './wallet.svelte.ts'
import { createWalletSigner } from './wallet-signer.ts'

/** Amounts in wei, rates in wei per second, times in Unix seconds. */
export type Subscription = {
  startSeconds: number
  endSeconds: number
  rate: bigint
  maxRate: bigint
  previousRate: bigint
  trialEndSeconds: number
  /** As of `readAtSeconds` of this browser's clock. */
  refund: bigint
  readAtSeconds: number
}
export type Plan = { rate: bigint; charge: bigint; endSeconds: number; nowSeconds: number; maxRate: bigint }
export type Terms = {
  rate: bigint
  deposit: bigint
  subscribers: number
  closedAtSeconds: number
  trialSeconds: number
}

/** Created by a page for the dataset that it shows. */
export class Purchase {
  readonly path: string
  terms = $state.raw<Terms>()
  subscription = $state.raw<Subscription>()
  plan = $state.raw<Plan>()
  /** Why no plan can be made, such as missing funds. */
  planError = $state.raw<ShownError>()
  /** Why the chain or the wallet could not be asked; what became of a transaction is in `transaction`. */
  error = $state.raw<ShownError>()
  #isPreparing = $state(false)
  #account: Hex | undefined

  constructor(path: string) {
    this.path = path
  }

  /** The account's last transaction for this dataset, by whichever tab or visit; undefined once it was cleared. */
  get transaction(): Transaction | undefined {
    return transactions.last(this.path, wallet.account)
  }

  get isBusy(): boolean {
    return this.#isPreparing || (this.transaction !== undefined && isOpen(this.transaction))
  }

  /** The block that a query must wait for, once something was bought here. */
  get minBlock(): number {
    const state = this.transaction?.state
    return state?.name === 'mined' ? state.blockNumber : 0
  }

  /** Another account of this browser that subscribed here last, where the connected one has no access. */
  get otherSubscriber(): Hex | undefined {
    const last = transactions.list.findLast(
      ({ path, account, kind, state }) =>
        path === this.path && account !== wallet.account && state.name === 'mined' && kind !== 'renewal',
    )
    return last?.kind === 'subscribe' ? last.account : undefined
  }

  /** Whether access runs at `nowSeconds`, by subscription or trial. */
  hasAccess(nowSeconds: number): boolean {
    const { endSeconds = 0, trialEndSeconds = 0 } = this.subscription ?? {}
    return Math.max(endSeconds, trialEndSeconds) > nowSeconds
  }

  /** Reads the chain's present values for the connected account. */
  load(): Promise<void> {
    return this.loadFor(wallet.account)
  }

  /** Reads the chain's present values, for an account where there is one. */
  async loadFor(account: Hex | undefined, autoRenew = true): Promise<void> {
    this.#begin(account)
    try {
      const money = await wallet.money()
      this.terms = await money.dataset(this.path)
      if (account === undefined) return
      const subscription = await money.subscription(this.path, account)
      if (wallet.account !== account) return
      this.subscription = { ...subscription, readAtSeconds: Math.floor(Date.now() / 1000) }
      await this.#makePlan(account, autoRenew)
    } catch (error) {
      this.error = await wallet.explain(error)
    }
  }

  /** Shows what the chain holds to one without an account, where the caller has read it. */
  showTerms(terms: Terms): void {
    this.#begin(undefined)
    this.terms = terms
  }

  /** Subscribes at the rate that was shown; `maxRate` is the most that a renewal may cost. */
  async subscribe({ autoRenew, maxRate }: { autoRenew: boolean; maxRate: bigint }): Promise<void> {
    const shownRate = this.terms?.rate ?? 0n
    await this.#run('subscribe', ({ money, ...common }) =>
      money.subscribe({ ...common, ...{ autoRenew, maxRate, shownRate } }),
    )
  }

  /** Cancels now; the unused seconds come back at once. */
  async cancel(): Promise<void> {
    await this.#run('cancel', ({ money, ...common }) => money.unsubscribe(common))
  }

  async startTrial(): Promise<void> {
    await this.#run('trial', ({ money, ...common }) => money.startTrial(common))
  }

  /** Sets the most that a renewal may cost; zero switches renewals off. */
  async setRenewalLimit(maxRate: bigint): Promise<void> {
    await this.#run('renewal', ({ money, ...common }) => money.setRenewalLimit({ ...common, maxRate }))
  }

  /** Brings the wallet to this network's chain. */
  async switchChain(): Promise<void> {
    this.error = undefined
    try {
      const { wallets } = await wallet.parts()
      await wallets.switchChain()
    } catch (error) {
      this.error = await wallet.explain(error)
    }
  }

  /** What is shown from here on is the account's. */
  #begin(account: Hex | undefined): void {
    transactions.track()
    if (account !== this.#account) {
      this.subscription = undefined
      this.plan = undefined
      this.planError = undefined
    }
    this.#account = account
  }

  async #makePlan(account: Hex, autoRenew: boolean): Promise<void> {
    const money = await wallet.money()
    try {
      this.plan = await money.plan(this.path, account, autoRenew)
      this.planError = undefined
    } catch (error) {
      this.plan = undefined
      this.planError = await wallet.explain(error)
    }
  }

  async #run(kind: TransactionKind, work: (parameters: WorkParameters) => Promise<unknown>): Promise<void> {
    if (this.isBusy) return
    this.error = undefined
    this.#isPreparing = true
    try {
      const { error } = await runTransaction({ kind, path: this.path, work })
      this.error = error
    } finally {
      this.#isPreparing = false
      await Promise.all([this.load(), wallet.refreshBalances()])
    }
  }
}

let authorizing: { account: Hex; work: Promise<void> } | undefined

/**
 * Makes or reuses the session of the connected account: the wallet signs once, and no query asks it again. Whoever calls
 * while the wallet is asked, here or in another tab, waits for that answer.
 */
export async function authorizeSession(): Promise<void> {
  const { account } = wallet
  if (account === undefined) throw new TypeError('a session needs a connected account')
  if (authorizing?.account !== account) {
    const work = navigator.locks.request(`enigma-session-${account}`, () => authorize(account))
    authorizing = { account, work }
    const over = () => {
      if (authorizing?.work === work) authorizing = undefined
    }
    work.then(over, over)
  }
  await authorizing.work
}

async function authorize(address: Hex): Promise<void> {
  // The wallet is there before it is asked.
  const [client] = await Promise.all([app.client(), wallet.parts()])
  await client.authorize({ signer: createWalletSigner(address) })
}
