/** The free sample on a dataset's page: one query at a time, without a wallet. */
import { quoteIdentifier } from '#lib/sql/schema.ts'
import { encodeFragment } from '#lib/sql/share-link.ts'
import { QueryRunState } from './console/query-run.svelte.ts'
import { ResultViewState } from './console/result-view.svelte.ts'

export class SampleState {
  readonly run = new QueryRunState()
  readonly view = new ResultViewState()
  readonly path: string
  table = $state('')
  sql = $state('')
  /** The console with what is written here; its fragment is made when a query is asked. */
  consoleHref = $state('')

  constructor(path: string, sample: readonly { table: string }[]) {
    this.path = path
    this.consoleHref = `/console?dataset=${path}`
    this.choose(sample[0]?.table ?? '')
  }

  /** Another table, from its beginning. */
  choose(table: string): void {
    this.table = table
    this.sql = `SELECT *\nFROM ${quoteIdentifier(table)}\nLIMIT 50`
  }

  async ask(): Promise<void> {
    const { path, sql } = this
    this.view.show(undefined)
    // At once: whoever sees the button sees whether it runs or cancels.
    const running = this.run.run({ dataset: path, sql, parameters: [], path: 'blind' })
    this.consoleHref = `/console?dataset=${path}${await encodeFragment({ sql, parameters: [] })}`
    await running
  }
}
