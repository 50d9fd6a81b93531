/** The account's grants as the chain ended them, and the way to end one embed or everything that it ever signed. */
import type { Hex } from '@enigma/protocol'
import type { ShownError } from '#lib/format/shown-error.ts'
import type { EndedGrants, EndingGrants } from '#lib/wallet/ending-grants.ts'
import { isOpen, type Transaction, type TransactionKind } from '#lib/wallet/transaction.ts'
import { app } from '../app.svelte.ts'
import { runTransaction, type WorkParameters } from '../run-transaction.ts'
import { transactions } from '../transactions.svelte.ts'
import { wallet } from '../wallet.svelte.ts'
import type { EmbedItem } from './embeds.svelte.ts'

/** What transactions that end everything are kept under: they are of no one dataset. */
const everything = 'grants'

/** How an embed was ended: by its id, for ever, or with all others, from which a new signature brings it back. */
export type EmbedEnding = 'alone' | 'with-all'

class GrantEndingsState {
  error = $state.raw<ShownError>()
  /** Of which embed `error` is; undefined for everything. */
  failed = $state.raw<Hex>()
  #ended = $state.raw<EndedGrants>()
  #account: Hex | undefined
  #preparing = $state.raw<string>()

  /** Reads what the chain says of embeds; to be called in an effect, so that it is read again after a transaction. */
  async read(account: Hex | undefined, ids: readonly Hex[]): Promise<void> {
    transactions.track()
    if (account !== this.#account) {
      this.#ended = undefined
      this.error = undefined
    }
    this.#account = account
    if (account === undefined) return
    try {
      const ended = await (await load()).read(account, ids)
      if (this.#account === account) this.#ended = ended
    } catch (error) {
      if (this.#account === account) this.#fail(await wallet.explain(error), undefined)
    }
  }

  /** Undefined while it runs, as far as the chain was read. */
  endingOf({ id, epoch }: Pick<EmbedItem, 'id' | 'epoch'>): EmbedEnding | undefined {
    if (this.#ended?.revoked.has(id) === true) return 'alone'
    return this.#ended !== undefined && epoch < this.#ended.epoch ? 'with-all' : undefined
  }

  /** The last transaction that ends an embed, or everything. */
  transactionOf(id?: Hex): Transaction | undefined {
    return transactions.last(id ?? everything, wallet.account)
  }

  isBusy(id?: Hex): boolean {
    const last = this.transactionOf(id)
    return this.#preparing === (id ?? everything) || (last !== undefined && isOpen(last))
  }

  /** Ends one embed for ever. */
  endOne(id: Hex): Promise<void> {
    return this.#run('end-grant', id, (ending, parameters) => ending.endOne({ ...parameters, id }))
  }

  /** Ends every session and embed of the account. */
  endAll(): Promise<void> {
    return this.#run('end-grants', undefined, (ending, parameters) => ending.endAll(parameters))
  }

  async #run(
    kind: TransactionKind,
    id: Hex | undefined,
    work: (ending: EndingGrants, parameters: WorkParameters) => Promise<unknown>,
  ): Promise<void> {
    if (this.isBusy(id) || this.#preparing !== undefined) return
    const path = id ?? everything
    this.#preparing = path
    this.error = undefined
    try {
      const ending = await load()
      const { error } = await runTransaction({ kind, path, work: (parameters) => work(ending, parameters) })
      if (error !== undefined) this.#fail(error, id)
    } catch (error) {
      this.#fail(await wallet.explain(error), id)
    } finally {
      this.#preparing = undefined
      await wallet.refreshBalances()
    }
  }

  #fail(error: ShownError, id: Hex | undefined): void {
    this.error = error
    this.failed = id
  }
}

async function load(): Promise<EndingGrants> {
  const [network, { publicClient }, { createEndingGrants }] = await Promise.all([
    app.loadNetwork(),
    wallet.money(),
    import('#lib/wallet/ending-grants.ts'),
  ])
  return createEndingGrants({ network, publicClient })
}

export const grantEndings = new GrantEndingsState()
