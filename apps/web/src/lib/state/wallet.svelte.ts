/** The wallet as pages see it: who is connected, on which chain, with how much; loaded when the first page needs it. */
import type { Hex } from '@enigma/protocol'
import type { DevelopmentRequest } from '#lib/wallet/development-wallet.ts'
import { hadWallet } from '#lib/wallet/had-wallet.ts'
import type { Money } from '#lib/wallet/money.ts'
import type { AnnouncedWallet, WalletConnection, Wallets } from '#lib/wallet/wallets.ts'
import { createWaiting } from '#lib/wallet/waiting.ts'
import type { ShownError } from '#lib/format/shown-error.ts'
import { announcer } from './announcer.svelte.ts'
import { app } from './app.svelte.ts'
import { toShownError } from './to-shown-error.ts'

type Parts = { wallets: Wallets; money: Money }
/** What a wallet is asked besides transactions, which tell their own state. */
export type WalletQuestion = { about: 'network' | 'session'; stop: () => void }
export type Balances = { eth: bigint; token: bigint }

class WalletState {
  list = $state.raw<readonly AnnouncedWallet[]>([])
  connection = $state.raw<WalletConnection>({ status: 'disconnected' })
  balances = $state.raw<Balances>()
  error = $state.raw<ShownError>()
  isChooserOpen = $state(false)
  isFunding = $state(false)
  /** Whether the wallet of the last visit was taken up, or there is none: until then nobody knows who is here. */
  isSettled = $state(false)
  /** What the development wallet asks its owner. */
  request = $state.raw<{ request: DevelopmentRequest; answer: (isAllowed: boolean) => void }>()
  /** What somebody waits for; undefined while nobody does. */
  question = $state.raw<WalletQuestion>()
  #parts: Promise<Parts> | undefined
  #money: Promise<Money> | undefined
  readonly #settled = Promise.withResolvers<undefined>()

  get account(): Hex | undefined {
    return this.connection.status === 'connected' ? this.connection.account : undefined
  }

  /** The wallet is on another chain than this network's. */
  get isWrongChain(): boolean {
    return this.connection.status === 'connected' && this.connection.chainId !== app.network?.chainId
  }

  /** Takes up the wallet of the last visit; asks nobody, and loads nothing where there was none. */
  async start(): Promise<void> {
    try {
      if (hadWallet()) await (await this.parts()).wallets.reconnect()
    } catch (error) {
      this.error = toShownError(error)
    } finally {
      this.isSettled = true
      this.#settled.resolve(undefined)
    }
  }

  /** Resolves once it is known who is here: at once where no wallet was chosen before. */
  async whenSettled(): Promise<void> {
    if (!this.isSettled && hadWallet()) await this.#settled.promise
  }

  async openChooser(): Promise<void> {
    this.error = undefined
    this.isChooserOpen = true
    await this.parts().catch((error: unknown) => (this.error = toShownError(error)))
  }

  async connect(id: string): Promise<void> {
    await this.attempt(async ({ wallets }) => {
      await wallets.connect(id)
      this.isChooserOpen = false
      announcer.say('Wallet connected')
    })
  }

  /** Signs out: what this browser kept for the account is gone. */
  async disconnect(): Promise<void> {
    const { account } = this
    await this.attempt(async ({ wallets }) => {
      await wallets.disconnect()
      announcer.say('Wallet disconnected')
      if (account === undefined) return
      const [{ forgetAccount }, { transactions }] = await Promise.all([
        import('./console/console-store.ts'),
        import('./transactions.svelte.ts'),
      ])
      await Promise.all([forgetAccount(account), app.forgetSession(account), transactions.forget(account)])
    })
  }

  async switchChain(): Promise<void> {
    await this.attempt(({ wallets }) => wallets.switchChain())
  }

  /** Waits for the wallet's answer, which its reader may stop; throws `aborted` then. */
  async waitFor<Result>(about: WalletQuestion['about'], answer: Promise<Result>): Promise<Result> {
    const { until, stop } = createWaiting()
    const question = { about, stop }
    this.question = question
    try {
      return await until(answer)
    } finally {
      if (this.question === question) this.question = undefined
    }
  }

  /** Development money from the network's faucet. */
  async fund(): Promise<void> {
    const { account } = this
    const faucetUrl = app.network?.faucetUrl
    if (account === undefined || faucetUrl === undefined) return
    this.isFunding = true
    await this.attempt(async () => {
      const body = JSON.stringify({ account })
      const response = await fetch(`${faucetUrl}/fund`, { method: 'POST', body })
      if (!response.ok) throw new Error(`the faucet refused: ${await response.text()}`)
      announcer.say('The faucet has paid')
    })
    this.isFunding = false
    await this.refreshBalances()
  }

  async refreshBalances(): Promise<void> {
    const { account } = this
    if (account === undefined) return
    try {
      const money = await this.money()
      const { eth, token } = await money.balances(account)
      if (this.account === account) this.balances = { eth, token }
    } catch (error) {
      this.error = await this.explain(error)
    }
  }

  /** An error of a wallet or the chain as people read it. */
  async explain(error: unknown): Promise<ShownError> {
    // Without a network its words cannot be loaded, and the error is still to be told.
    const words = await import('#lib/wallet/explain-wallet-error.ts').catch(() => undefined)
    return words?.explainWalletError(error) ?? toShownError(error)
  }

  /** What reads and moves money; to read it takes no wallet. */
  money(): Promise<Money> {
    this.#money ??= loadMoney().catch((error: unknown) => {
      this.#money = undefined
      throw error
    })
    return this.#money
  }

  parts(): Promise<Parts> {
    this.#parts ??= this.#load().catch((error: unknown) => {
      this.#parts = undefined
      throw error
    })
    return this.#parts
  }

  async attempt(work: (parts: Parts) => Promise<void>): Promise<void> {
    this.error = undefined
    try {
      await work(await this.parts())
    } catch (error) {
      this.error = await this.explain(error)
    }
  }

  async #load(): Promise<Parts> {
    const [network, { createWallets }, money, { explainWalletError }, follow] = await Promise.all([
      app.loadNetwork(),
      import('#lib/wallet/wallets.ts'),
      this.money(),
      import('#lib/wallet/explain-wallet-error.ts'),
      loadTransactions(),
    ])
    const confirm = (request: DevelopmentRequest) =>
      new Promise<boolean>((resolve) => {
        // A second request refuses the first, as a closed pop-up does.
        this.request?.answer(false)
        this.request = {
          request,
          answer: (isAllowed) => {
            this.request = undefined
            resolve(isAllowed)
          },
        }
      })
    const wallets = createWallets({ network, confirm, wait: (answer) => this.waitFor('network', answer) })
    const update = () => {
      const before = this.account
      this.list = wallets.list()
      this.connection = wallets.connection()
      if (this.account === before) return
      this.balances = undefined
      void this.refreshBalances()
    }
    wallets.subscribe(update)
    update()
    await follow({
      ...{ network, client: money.publicClient, locks: navigator.locks },
      account: () => wallets.account(),
      explain: (error) => explainWalletError(error) ?? toShownError(error),
      nowMs: () => Date.now(),
    })
    return { wallets, money }
  }
}

async function loadMoney(): Promise<Money> {
  const [network, { createMoney }] = await Promise.all([app.loadNetwork(), import('#lib/wallet/money.ts')])
  return createMoney(network)
}

/** Apart, and only now: the first row of the list does not wait for transactions. */
async function loadTransactions() {
  const [{ createTransactions }, { openTransactionStore }, { transactions }] = await Promise.all([
    import('#lib/wallet/transactions.ts'),
    import('#lib/wallet/transaction-store.ts'),
    import('./transactions.svelte.ts'),
  ])
  return async (parameters: Omit<Parameters<typeof createTransactions>[0], 'store'>) =>
    transactions.follow(createTransactions({ ...parameters, store: await openTransactionStore() }))
}

export const wallet = new WalletState()
