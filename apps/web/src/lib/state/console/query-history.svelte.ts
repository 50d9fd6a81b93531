/** Queries of this account: what was run, and what was saved under a name. */
import type { SharedQuery } from '#lib/sql/share-link.ts'
import { forgetAccount, keepQuery, type KeptQuery, readQueries, removeQuery } from './console-store.ts'

/** Whose queries they are before a wallet is connected. */
export const nobody = 'nobody'

export class QueryHistoryState {
  recent = $state.raw<readonly KeptQuery[]>([])
  saved = $state.raw<readonly KeptQuery[]>([])
  #account = nobody

  /** Shows another account's queries. */
  async useAccount(account: string | undefined): Promise<void> {
    this.#account = account ?? nobody
    await this.#read()
  }

  async add(
    dataset: string,
    { sql, parameters }: SharedQuery,
    outcome: NonNullable<KeptQuery['outcome']>,
  ): Promise<void> {
    await this.#keep({ kind: 'history', dataset, sql, parameters, outcome })
  }

  async save(name: string, dataset: string, { sql, parameters }: SharedQuery): Promise<void> {
    await this.#keep({ kind: 'saved', name, dataset, sql, parameters })
  }

  async remove(id: number): Promise<void> {
    await removeQuery(id)
    await this.#read()
  }

  /** Everything that is kept for this account. */
  async forget(): Promise<void> {
    await forgetAccount(this.#account)
    await this.#read()
  }

  async #keep(query: Omit<KeptQuery, 'account' | 'atMs'>): Promise<void> {
    await keepQuery({ ...query, account: this.#account, atMs: Date.now() })
    await this.#read()
  }

  async #read(): Promise<void> {
    const account = this.#account
    const [recent, saved] = await Promise.all([readQueries(account, 'history'), readQueries(account, 'saved')])
    if (account !== this.#account) return
    this.recent = recent
    this.saved = saved
  }
}
