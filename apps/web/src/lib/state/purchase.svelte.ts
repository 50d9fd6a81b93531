/** One account's subscription to one dataset: what it is, what it would cost, and the way to subscribe and to cancel. */
import type { TransactionProgress } from '@enigma/chain'
import type { Hex } from '@enigma/protocol'
import type { ShownError } from '#lib/format/shown-error.ts'
import { announcer } from './announcer.svelte.ts'
import { app } from './app.svelte.ts'
import { wallet } from './wallet.svelte.ts'

/** Amounts in wei, rates in wei per second, times in Unix seconds. */
export type Subscription = {
  startSeconds: number
  endSeconds: number
  rate: bigint
  maxRate: bigint
  trialEndSeconds: number
  refund: bigint
}
export type Plan = { rate: bigint; charge: bigint; endSeconds: number; nowSeconds: number; maxRate: bigint }
export type Terms = {
  rate: bigint
  deposit: bigint
  subscribers: number
  closedAtSeconds: number
  trialSeconds: number
}

/** What is going on, in words; `transactionHash` once it was sent. */
export type Step = { text: string; transactionHash?: Hex }

export type Outcome =
  | { kind: 'subscribed'; charge: bigint; endSeconds: number; transactionHash: Hex }
  | { kind: 'cancelled'; refund: bigint; transactionHash: Hex }
  | { kind: 'trial'; transactionHash: Hex }

const stepTexts: Record<TransactionProgress['stage'], string> = {
  simulating: 'Checking that it will work…',
  signing: 'Waiting for your wallet…',
  mining: 'Sent. Waiting for the chain…',
}

/** Created by a page for the dataset that it shows. */
export class Purchase {
  readonly path: string
  terms = $state.raw<Terms>()
  subscription = $state.raw<Subscription>()
  plan = $state.raw<Plan>()
  /** Why no plan can be made, such as missing funds. */
  planError = $state.raw<ShownError>()
  step = $state.raw<Step>()
  outcome = $state.raw<Outcome>()
  error = $state.raw<ShownError>()
  /** The block that a query must wait for, once something was bought here. */
  minBlock = $state(0)

  constructor(path: string) {
    this.path = path
  }

  get isBusy(): boolean {
    return this.step !== undefined
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
    try {
      const { money } = await wallet.parts()
      this.terms = await money.dataset(this.path)
      if (account === undefined) {
        this.subscription = undefined
        this.plan = undefined
        return
      }
      const subscription = await money.subscription(this.path, account)
      if (wallet.account !== account) return
      this.subscription = subscription
      await this.#makePlan(account, autoRenew)
    } catch (error) {
      this.error = await wallet.explain(error)
    }
  }

  /** Subscribes at the rate that was shown: a price that rose since is refused by the contract. */
  async subscribe({ autoRenew, maxRate }: { autoRenew: boolean; maxRate: bigint }): Promise<void> {
    await this.#run(async ({ money, ...common }) => {
      const { charge, endSeconds, transactionHash, blockNumber } = await money.subscribe({
        ...common,
        ...{ autoRenew, maxRate },
      })
      this.minBlock = blockNumber
      this.outcome = { kind: 'subscribed', charge, endSeconds, transactionHash }
      announcer.say('You are subscribed')
    })
  }

  /** Cancels now; the unused seconds come back at once. */
  async cancel(): Promise<void> {
    await this.#run(async ({ money, ...common }) => {
      const { refund, transactionHash, blockNumber } = await money.unsubscribe(common)
      this.minBlock = blockNumber
      this.outcome = { kind: 'cancelled', refund, transactionHash }
      announcer.say('The subscription is cancelled and the refund is paid')
    })
  }

  async startTrial(): Promise<void> {
    await this.#run(async ({ money, ...common }) => {
      const { transactionHash, blockNumber } = await money.startTrial(common)
      this.minBlock = blockNumber
      this.outcome = { kind: 'trial', transactionHash }
      announcer.say('Your trial runs')
    })
  }

  async #makePlan(account: Hex, autoRenew: boolean): Promise<void> {
    const { money } = await wallet.parts()
    try {
      this.plan = await money.plan(this.path, account, autoRenew)
      this.planError = undefined
    } catch (error) {
      this.plan = undefined
      this.planError = await wallet.explain(error)
    }
  }

  async #run(work: (parameters: WorkParameters) => Promise<void>): Promise<void> {
    if (this.isBusy) return
    this.error = undefined
    this.outcome = undefined
    this.step = { text: stepTexts.simulating }
    const onProgress = (progress: TransactionProgress) => {
      const text = progress.step === 'permit' ? 'Sign the allowance in your wallet…' : stepTexts[progress.stage]
      this.step = progress.stage === 'mining' ? { text, transactionHash: progress.transactionHash } : { text }
    }
    try {
      const { wallets, money } = await wallet.parts()
      await work({ money, path: this.path, walletClient: await wallets.client(), onProgress })
    } catch (error) {
      this.error = await wallet.explain(error)
      announcer.say(this.error.message, { isUrgent: true })
    } finally {
      this.step = undefined
      await Promise.all([this.load(), wallet.refreshBalances()])
    }
  }
}

type Parts = Awaited<ReturnType<typeof wallet.parts>>
type WorkParameters = {
  money: Parts['money']
  path: string
  walletClient: Awaited<ReturnType<Parts['wallets']['client']>>
  onProgress: (progress: TransactionProgress) => void
}

/**
 * Makes or reuses the session of the connected account: the wallet signs once, and no query asks it again.
 *
 * @public
 */
export async function authorizeSession(): Promise<void> {
  const [client, { wallets }] = await Promise.all([app.client(), wallet.parts()])
  const walletClient = await wallets.client()
  const { account } = walletClient
  await client.authorize({
    signer: {
      address: account.address,
      signTypedData: (typedData) => walletClient.signTypedData({ account, ...typedData }),
    },
  })
}
