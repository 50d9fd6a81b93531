/** What the connected account lists and earns, from the chain; places and titles from the catalogue, checked with it. */
import type { Hex } from '@enigma/protocol'
import type { ShownError } from '#lib/format/shown-error.ts'
import { payoutRows } from '#lib/curator/payouts.ts'
import type { StudioOverview } from '#lib/wallet/curating.ts'
import { app } from '../app.svelte.ts'
import { runTransaction } from '../run-transaction.ts'
import { toShownError } from '../to-shown-error.ts'
import { transactions } from '../transactions.svelte.ts'
import { wallet } from '../wallet.svelte.ts'
import { loadCurating } from './load-curating.ts'
import { StudioDataset } from './studio-dataset.svelte.ts'

/** The path that a withdrawal is kept under: it is of no one dataset. */
const creditedPath = 'credited'
/** A page of the catalogue, at most. */
const mostPlaces = 50

/** A dataset's place in Discover, and its title; undefined where it is none of the first. */
export type CataloguePlace = { place: number | undefined; title: string }

class Studio {
  overview = $state.raw<StudioOverview>()
  error = $state.raw<ShownError>()
  places = $state.raw<ReadonlyMap<string, CataloguePlace>>(new Map())
  withdrawError = $state.raw<ShownError>()
  #isWithdrawing = $state(false)
  #account: Hex | undefined
  readonly #datasets = new Map<string, StudioDataset>()

  /** What is shown of each dataset besides its values, and what can be done with it. */
  datasetOf(path: string): StudioDataset {
    const known = this.#datasets.get(path)
    if (known !== undefined) return known
    const made = new StudioDataset(path, () => this.reload())
    this.#datasets.set(path, made)
    return made
  }

  /** The account's last withdrawal of what was credited. */
  get withdrawal() {
    return transactions.last(creditedPath, wallet.account)
  }

  get isWithdrawing(): boolean {
    return this.#isWithdrawing
  }

  /** Reads it all for an account; what was shown for another one is dropped at once. */
  async load(account: Hex | undefined): Promise<void> {
    transactions.track()
    if (account !== this.#account) {
      this.overview = undefined
      this.withdrawError = undefined
      this.#datasets.clear()
    }
    this.#account = account
    this.error = undefined
    if (account === undefined) return
    try {
      const curating = await loadCurating()
      const overview = await curating.overview(account)
      if (this.#account === account) this.overview = overview
    } catch (error) {
      if (this.#account === account) this.error = await wallet.explain(error)
    }
  }

  reload(): Promise<void> {
    return this.load(this.#account)
  }

  /** Where the account's datasets stand among all; what cannot be had is left out, and the values stay. */
  async readPlaces(account: Hex | undefined): Promise<ShownError | undefined> {
    if (account === undefined) return undefined
    try {
      const client = await app.client()
      const [ranked, own] = await Promise.all([
        client.discover({ sort: 'rank', limit: mostPlaces }),
        client.discover({ curator: account, limit: mostPlaces }),
      ])
      const placeOf = new Map(ranked.entries.map(({ path }, at) => [path, at + 1]))
      const named = [...own.entries, ...ranked.entries]
      this.places = new Map(
        named.map(({ path, summary }) => [path, { place: placeOf.get(path), title: summary.title }] as const),
      )
      return undefined
    } catch (error) {
      return toShownError(error)
    }
  }

  /** Pays out what was credited before. */
  async withdraw(): Promise<void> {
    if (this.#isWithdrawing) return
    this.#isWithdrawing = true
    this.withdrawError = undefined
    const curating = await loadCurating()
    const { error } = await runTransaction({
      ...{ kind: 'withdraw', path: creditedPath },
      work: (parameters) => curating.withdraw(parameters),
    })
    this.withdrawError = error
    this.#isWithdrawing = false
    await Promise.all([this.reload(), wallet.refreshBalances()])
  }

  /** Keeps the payouts as a file, the newest first as on the page. */
  async exportPayouts(): Promise<void> {
    const [{ exportRows }, { fileNameOf }, { saveFile }, { pageSlices }] = await Promise.all([
      import('#lib/export/export-rows.ts'),
      import('@enigma/result/file-formats'),
      import('@enigma/result/save-file'),
      import('@enigma/result/page-slices'),
    ])
    const rows = payoutRows((this.overview?.lines ?? []).toReversed())
    const blob = await exportRows({ rows, format: 'csv', slices: pageSlices() })
    saveFile(blob, fileNameOf({ dataset: 'payouts', seq: undefined, format: 'csv', atMs: Date.now() }))
  }
}

export const studio = new Studio()
