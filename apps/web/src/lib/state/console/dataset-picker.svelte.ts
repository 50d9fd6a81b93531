/** Datasets to choose from where the address names none: those of the account, and those with a free sample. */
import type { ShownError } from '#lib/format/shown-error.ts'
import { app } from '../app.svelte.ts'
import { toShownError } from '../to-shown-error.ts'

export type PickerItem = {
  path: string
  title: string
  excerpt: string
  hasSample: boolean
  tables: number
  columns: number
}

const maxItems = 50

export class DatasetPickerState {
  items = $state.raw<readonly PickerItem[]>()
  subscribed = $state.raw<ReadonlySet<string>>(new Set())
  error = $state.raw<ShownError>()
  isLoading = $state(false)

  /** The datasets of the network by rank, checked against the chain. */
  async load(): Promise<void> {
    if (this.isLoading) return
    this.isLoading = true
    this.error = undefined
    try {
      const client = await app.client()
      const { entries } = await client.discover({ sort: 'rank', offset: 0, limit: maxItems })
      this.items = entries.map(({ path, summary }) => ({ path, ...summary }))
    } catch (error) {
      this.error = toShownError(error)
    } finally {
      this.isLoading = false
    }
  }

  /** Asks the chain which of them the account is subscribed to. */
  async markSubscribed(account: `0x${string}` | undefined, nowSeconds: number): Promise<void> {
    const items = this.items
    if (items === undefined || account === undefined) {
      this.subscribed = new Set()
      return
    }
    try {
      const client = await app.client()
      const ends = await Promise.all(
        items.map(async ({ path }) => ({ path, ...(await client.subscription({ dataset: path, account })) })),
      )
      const running = ends.filter((each) => Math.max(each.endSeconds, each.trialEndSeconds) > nowSeconds)
      this.subscribed = new Set(running.map(({ path }) => path))
    } catch (error) {
      this.error = toShownError(error)
    }
  }
}
