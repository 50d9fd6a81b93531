/** The transactions of this browser as pages see them: kept over reloads, the same in every tab. */
import type { Hex } from '@enigma/protocol'
import type { BeginTransaction, Transactions } from '#lib/wallet/transactions.ts'
import { isOpen, type Transaction } from '#lib/wallet/transaction.ts'
import { announcer } from './announcer.svelte.ts'

class TransactionsState {
  /** Oldest first. */
  list = $state.raw<readonly Transaction[]>([])
  #settled = $state(0)
  #source: Transactions | undefined
  #wasRead = false

  /** Follows a source from now on and takes up what was under way. */
  async follow(source: Transactions): Promise<void> {
    this.#source = source
    source.subscribe(() => void this.#read(source))
    source.start()
    await this.#read(source)
  }

  /** To be called in an effect that reads the chain: it then runs again when a transaction changed what the chain holds. */
  track(): number {
    return this.#settled
  }

  /** The last one of an account for a dataset. */
  last(path: string, account: Hex | undefined): Transaction | undefined {
    return this.list.findLast((each) => each.path === path && each.account === account)
  }

  /** Runs a verb as a kept transaction; throws what ended it. */
  async begin(parameters: BeginTransaction): Promise<void> {
    if (this.#source === undefined) throw new TypeError('transactions are begun after the wallet has started')
    await this.#source.begin(parameters)
  }

  /** Waits no longer for the wallet. */
  async stopWaiting(id: string): Promise<void> {
    await this.#source?.stopWaiting(id)
  }

  /** Takes it off the list, with those before it for the same dataset: what was over before must not come up again. */
  async clear(id: string): Promise<void> {
    const source = this.#source
    const at = this.list.findIndex((each) => each.id === id)
    const { path, account } = this.list[at] ?? {}
    const older = this.list.slice(0, at + 1).filter((each) => each.path === path && each.account === account)
    for (const each of older) await source?.clear(each.id)
  }

  /** Resolves once nothing of an account's is under way for a dataset: it was done, refused, or cleared. */
  async whenClosed(path: string, account: Hex, signal: AbortSignal): Promise<void> {
    const source = this.#source
    if (source === undefined) return
    const isUnderWay = async () =>
      (await source.all()).some((each) => each.path === path && each.account === account && isOpen(each))
    for (;;) {
      const changed = Promise.withResolvers<undefined>()
      const wake = () => changed.resolve(undefined)
      const stop = source.subscribe(wake)
      signal.addEventListener('abort', wake)
      try {
        signal.throwIfAborted()
        if (!(await isUnderWay())) return
        await changed.promise
      } finally {
        stop()
        signal.removeEventListener('abort', wake)
      }
    }
  }

  /** Takes an account's off the list; what is under way stays, so that it is not done twice. */
  async forget(account: Hex): Promise<void> {
    await Promise.all(this.list.filter((each) => each.account === account).map(({ id }) => this.clear(id)))
  }

  async #read(source: Transactions): Promise<void> {
    const list = await source.all()
    const before = new Map(this.list.map(({ id, state }) => [id, state.name]))
    const changed = list.filter(({ id, state }) => this.#wasRead && before.get(id) !== state.name)
    this.list = list
    this.#wasRead = true
    for (const { state } of changed) {
      const text = announcements[state.name]
      if (text !== undefined) announcer.say(text, { isUrgent: isBad(state.name) })
    }
    // Also what was mined and is pending again changed what the chain holds.
    if (changed.some(({ id, state }) => state.name === 'mined' || before.get(id) === 'mined')) this.#settled++
  }
}

const isBad = (name: Transaction['state']['name']) => ['reverted', 'failed', 'dropped', 'replaced'].includes(name)

const announcements: Partial<Record<Transaction['state']['name'], string>> = {
  pending: 'The transaction was sent',
  mined: 'The transaction is done',
  reverted: 'The contract refused the transaction',
  dropped: 'The transaction was dropped by the network',
  replaced: 'The wallet sent another transaction in place of this one',
  failed: 'Nothing was sent',
}

export const transactions = new TransactionsState()
