/**
 * The transactions of this browser: begun once, kept over reloads and tabs, watched on the chain until they are settled.
 * What the wallet is asked goes through here, so that nothing is sent twice or by another account than was shown.
 */
import type { ChainClient, MarketplaceWallet, SigningRequest } from '@enigma/chain'
import { type Hex, MarketplaceError, type NetworkFile } from '@enigma/protocol'
import type { TransactionReceipt } from 'viem'
import type { ShownError } from '#lib/format/shown-error.ts'
import { observeTransaction, readReceipt } from './observe-transaction.ts'
import { advance, isClearable, isUnsent, isWatched, type Transaction, type TransactionEvent } from './transaction.ts'
import type { TransactionStore } from './transaction-store.ts'
import { createWaiting } from './waiting.ts'

/** What a verb of shared/chain is given to go by. */
export type TransactionHooks = {
  beforeSigning: (request: SigningRequest) => Promise<void>
  waitForReceipt: (hash: Hex) => Promise<TransactionReceipt>
}

export type BeginTransaction = Pick<Transaction, 'kind' | 'path'> & {
  walletClient: MarketplaceWallet
  run: (hooks: TransactionHooks) => Promise<unknown>
}

export type Transactions = {
  all: () => Promise<Transaction[]>
  subscribe: (listener: () => void) => () => void
  /** Runs a verb as a kept transaction; throws what ended it. */
  begin: (parameters: BeginTransaction) => Promise<void>
  /** Waits no longer for the wallet: a signature that comes late is dropped, a transaction that comes late is taken up. */
  stopWaiting: (id: string) => Promise<void>
  /** Takes one off the list, where nothing of it is under way. */
  clear: (id: string) => Promise<void>
  /** Takes up what was under way at the last visit, and watches. */
  start: () => void
}

export type CreateTransactionsParameters = {
  network: NetworkFile
  client: ChainClient
  store: TransactionStore
  locks: Pick<LockManager, 'request'>
  /** The account that the wallet is at now. */
  account: () => Hex | undefined
  explain: (error: unknown) => ShownError
  nowMs: () => number
}

/** Development chains have a block a second, real ones one in twelve. */
const watchEveryMs = { development: 500, real: 4000 }
const lockOf = (id: string) => `enigma-transaction-${id}`

/** Creates the transactions of one network; watches nothing before `start`. */
export function createTransactions(parameters: CreateTransactionsParameters): Transactions {
  const { network, store, locks, explain, nowMs } = parameters
  const watcher = createWatcher(parameters)
  const tell = (id: string, event: TransactionEvent) => store.change(id, (current) => advance(current, event))
  const leave = new Map<string, () => void>()
  return {
    all: store.all,
    subscribe: store.subscribe,
    clear: (id) => store.change(id, (current) => (isClearable(current) ? undefined : current)),
    start: () => void watcher.takeUp(),
    async stopWaiting(id) {
      await tell(id, { name: 'left' })
      leave.get(id)?.()
    },
    async begin({ kind, path, walletClient, run }) {
      const account = walletClient.account.address.toLowerCase() as Hex
      const transaction: Transaction = {
        ...{ id: crypto.randomUUID(), kind, path, account, chainId: network.chainId },
        ...{ createdAtMs: nowMs(), place: undefined, state: { name: 'checking' } },
      }
      // The lock lasts as long as this page works on it: whoever gets it later knows that nobody does any more.
      await locks.request(lockOf(transaction.id), async () => {
        if (!(await store.begin(transaction))) throw alreadyUnderWay()
        const { id } = transaction
        const waiting = createWaiting()
        leave.set(id, waiting.stop)
        const work = run(createHooks({ ...parameters, transaction, tell, watcher })).catch(async (error: unknown) => {
          await tell(id, { name: 'failed', error: explain(error) })
          await explainRevert({ store, id, error: explain(error) })
          throw error
        })
        await waiting.until(work).finally(() => leave.delete(id))
      })
    },
  }
}

type Watcher = ReturnType<typeof createWatcher>
type Hooks = CreateTransactionsParameters & {
  transaction: Transaction
  tell: (id: string, event: TransactionEvent) => Promise<void>
  watcher: Watcher
}

function createHooks({ client, account, transaction, tell, watcher, store, network }: Hooks): TransactionHooks {
  const { id } = transaction
  const blockNumber = async () => Number(await client.getBlockNumber({ cacheTime: 0 }))
  return {
    async beforeSigning({ call }) {
      if (account() !== transaction.account) throw accountChanged()
      if (call === undefined) {
        await tell(id, { name: 'permit' })
        return
      }
      const [nonce, fromBlock] = await Promise.all([
        client.getTransactionCount({ address: transaction.account, blockTag: 'pending' }),
        blockNumber(),
      ])
      await tell(id, { name: 'signing', place: { nonce, fromBlock, ...call } })
      const now = (await store.all()).find((each) => each.id === id)
      // A signature that came late, after the reader had left.
      if (now?.state.name !== 'signing') throw notDone()
      if (account() !== transaction.account) throw accountChanged()
    },
    async waitForReceipt(hash) {
      await tell(id, { name: 'sent', hash, block: await blockNumber() })
      watcher.wake()
      for (;;) {
        const settled = await settlement(store, id, network.confirmations + 1)
        if (settled === undefined) throw notDone()
        const receipt = await readReceipt(client, settled)
        // None: its block was reorganised away since the watcher looked, which will see it and go on.
        if (receipt !== undefined) return receipt
      }
    },
  }
}

/** Resolves with the hash whose receipt counts once there is one with enough confirmations, undefined when there never will be. */
function settlement(store: TransactionStore, id: string, confirmations: number): Promise<Hex | undefined> {
  return new Promise((resolve, reject) => {
    const look = async () => {
      const state = (await store.all()).find((each) => each.id === id)?.state
      const isMined = state?.name === 'mined' && state.confirmations >= confirmations
      if (state !== undefined && (isMined || state.name === 'reverted')) end(() => resolve(state.hash))
      const isOver = state === undefined || state.name === 'replaced' || state.name === 'dropped'
      if (isOver) end(() => resolve(undefined))
    }
    const onChange = () => void look().catch(reject)
    const stop = store.subscribe(onChange)
    const end = (settle: () => void) => {
      stop()
      settle()
    }
    onChange()
  })
}

/** The verb knows why the contract refused; the watcher only saw that it did. */
async function explainRevert({ store, id, error }: { store: TransactionStore; id: string; error: ShownError }) {
  await store.change(id, (current) =>
    current.state.name === 'reverted' ? { ...current, state: { ...current.state, error } } : current,
  )
}

function createWatcher({ client, network, store, locks }: CreateTransactionsParameters) {
  let timer: ReturnType<typeof setTimeout> | undefined
  const everyMs = network.faucetUrl === undefined ? watchEveryMs.real : watchEveryMs.development
  const look = async () => {
    const watched = (await store.all()).filter((each) => isOurs(each) && isWatched(each, network.confirmations + 1))
    for (const transaction of watched) {
      const event = await observeTransaction({ client, contracts: network, transaction })
      if (event !== undefined) await store.change(transaction.id, (current) => advance(current, event))
    }
    return watched.length > 0
  }
  const isOurs = ({ chainId }: Transaction) => chainId === network.chainId
  const wake = () => {
    if (timer !== undefined) return
    timer = setTimeout(() => {
      timer = undefined
      // An unreachable chain says nothing about a transaction: its state stays, and it is asked again.
      void look().then(
        (isBusy) => isBusy && wake(),
        () => wake(),
      )
    }, everyMs)
  }
  store.subscribe(wake)
  return {
    wake,
    /** What no page works on any more was left behind by one that went away. */
    async takeUp() {
      for (const { id } of (await store.all()).filter((each) => isUnsent(each))) {
        await locks.request(lockOf(id), { ifAvailable: true }, async (lock) => {
          if (lock !== null) await store.change(id, (current) => advance(current, { name: 'orphaned' }))
        })
      }
      wake()
    },
  }
}

function alreadyUnderWay(): MarketplaceError {
  const message = 'A transaction for this dataset is under way; wait until it is done, or clear it, then try again.'
  return new MarketplaceError({ code: 'aborted', message })
}

function accountChanged(): MarketplaceError {
  const message =
    'Your wallet changed to another account meanwhile, so nothing was sent. Look at what this account would do, then try again.'
  return new MarketplaceError({ code: 'aborted', message })
}

function notDone(): MarketplaceError {
  const message = 'The transaction was not carried out; nothing was paid. Try again when you like.'
  return new MarketplaceError({ code: 'aborted', message })
}
