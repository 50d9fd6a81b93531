/** The console: one dataset, one query, and how it is asked. */
import type { Hex } from '@enigma/protocol'
import type { ShownError } from '#lib/format/shown-error.ts'
import { findParameters, type FoundParameter, type ParameterType } from '#lib/sql/find-parameters.ts'
import { type ParameterValue, parseParameter } from '#lib/sql/parse-parameter.ts'
import type { SqlSchema } from '#lib/sql/schema.ts'
import { decodeFragment, encodeFragment, type SharedQuery } from '#lib/sql/share-link.ts'
import { cliSnippet, sdkSnippet } from '#lib/sql/snippets.ts'
import { announcer } from '../announcer.svelte.ts'
import { prepareQueries } from '../prepare-queries.ts'
import { toShownError } from '../to-shown-error.ts'
import { ConsoleAccessState } from './console-access.svelte.ts'
import {
  type ConsoleDataset,
  firstQuery,
  foretellConsoleDataset,
  isDatasetPath,
  loadConsoleDataset,
} from './console-dataset.ts'
import { DatasetPickerState } from './dataset-picker.svelte.ts'
import { KeptResultState } from './kept-result.svelte.ts'
import { QueryHistoryState } from './query-history.svelte.ts'
import { QueryRunState } from './query-run.svelte.ts'
import { ResultViewState } from './result-view.svelte.ts'
import { SignInState } from './sign-in.svelte.ts'

/** The free sample, or everything that a subscription opens. */
export type Access = 'sample' | 'subscription'
export type TypedParameter = FoundParameter & { type: ParameterType; text: string; error: string | undefined }

const noSchema: SqlSchema = { tables: [], defaultTable: undefined, functions: [] }

export class ConsoleState {
  readonly run = new QueryRunState()
  readonly view = new ResultViewState()
  readonly history = new QueryHistoryState()
  readonly picker = new DatasetPickerState()
  readonly kept = new KeptResultState()
  readonly granted = new ConsoleAccessState()

  path = $state<string>()
  dataset = $state.raw<ConsoleDataset>()
  datasetError = $state.raw<ShownError>()
  /** Whether the search for the dataset has ended, either way. */
  isSearched = $state(false)
  sql = $state('')
  /** What was typed for each parameter, by its number; types where the reader chose one. */
  typed = $state<Record<number, { type?: ParameterType; text: string }>>({})
  /** Undefined until the reader chose: then whatever the account may ask. */
  chosenAccess = $state<Access>()
  route = $state<'blind' | 'direct'>('blind')
  /** Why the SQL could not be laid out. */
  formatError = $state<string>()
  readonly signIn = new SignInState()
  account = $state.raw<Hex>()
  /** Errors of parameters are shown once a run was tried. */
  wasTried = $state(false)
  #loading: AbortController | undefined

  readonly schema: SqlSchema = $derived(this.dataset?.schema ?? noSchema)
  readonly hasSample: boolean = $derived((this.dataset?.sample.length ?? 0) > 0)
  readonly access: Access = $derived(this.chosenAccess ?? (this.#mayAskAll() ? 'subscription' : 'sample'))
  readonly parameters: readonly TypedParameter[] = $derived(
    findParameters(this.sql, this.schema).map((found) => {
      const { type = found.suggestedType, text = '' } = this.typed[found.number] ?? {}
      const parsed = parseParameter(type, text)
      return { ...found, type, text, error: 'error' in parsed ? parsed.error : undefined }
    }),
  )

  /** Another account is connected, or none: other queries, another result, another subscription. */
  async useAccount(account: Hex | undefined): Promise<void> {
    this.account = account
    this.kept.useAccount(account)
    if (this.path !== undefined) void this.kept.restore(this.path)
    await Promise.all([this.history.useAccount(account), this.#readAccess()])
  }

  #readAccess(): Promise<void> {
    if (this.path !== undefined) return this.granted.read(this.path, this.account)
    return this.picker.markSubscribed(this.account, Math.floor(Date.now() / 1000))
  }

  #mayAskAll(): boolean {
    return this.account !== undefined && (this.granted.tier === 'paid' || this.granted.tier === 'trial')
  }

  /** Opens a dataset and the query in the fragment; a dataset without a query gets one to begin with. */
  async open(path: string | undefined, fragment: string): Promise<void> {
    this.#loading?.abort()
    const loading = new AbortController()
    this.#loading = loading
    this.path = path
    this.dataset = undefined
    this.datasetError = undefined
    this.run.clear()
    this.view.show(undefined)
    const shared = await decodeFragment(fragment)
    if (loading.signal.aborted) return
    this.#take(shared ?? { sql: '', parameters: [] })
    if (path === undefined) await this.picker.load()
    else await Promise.all([this.#load(path.toLowerCase(), loading.signal), this.kept.restore(path)])
    await this.#readAccess()
  }

  /** Tries again to find the dataset. */
  async reload(): Promise<void> {
    if (this.path === undefined) return
    this.#loading?.abort()
    this.#loading = new AbortController()
    this.datasetError = undefined
    await this.#load(this.path.toLowerCase(), this.#loading.signal)
  }

  async #load(path: string, signal: AbortSignal): Promise<void> {
    this.isSearched = false
    await this.#search(path, signal)
    if (!signal.aborted) this.isSearched = true
  }

  async #search(path: string, signal: AbortSignal): Promise<void> {
    if (!isDatasetPath(path)) {
      this.datasetError = {
        message: 'This is no dataset’s path; a path is <curator address>/<name>.',
        details: path.slice(0, 200),
      }
      return
    }
    try {
      const loading = loadConsoleDataset(path, signal)
      void this.#foretell(path, signal)
      const dataset = await loading
      if (signal.aborted) return
      const isUntouched = this.dataset !== undefined && this.sql === firstQuery(this.dataset)
      if (isUntouched || this.sql.trim() === '') this.sql = firstQuery(dataset)
      this.dataset = dataset
      await prepareQueries()
    } catch (error) {
      if (signal.aborted) return
      this.datasetError = toShownError(error)
      // What the chain does not bear out is not shown on; what nobody could check serves to write with.
      const { code } = this.datasetError
      if (code === 'manifest-mismatch' || code === 'dataset-unknown') this.dataset = undefined
    }
  }

  /** One can write and run before the dataset is verified here: its query verifies it before anything is shown. */
  async #foretell(path: string, signal: AbortSignal): Promise<void> {
    const foretold = await foretellConsoleDataset(path, signal)
    if (foretold === undefined || signal.aborted || this.dataset !== undefined || this.datasetError !== undefined)
      return
    this.dataset = foretold
    if (this.sql.trim() === '') this.sql = firstQuery(foretold)
  }

  /** Takes up a query of the history or of the saved ones; it keeps its dataset's tables in mind, not its rows. */
  takeKept(id: number): void {
    const kept = [...this.history.recent, ...this.history.saved].find((each) => each.id === id)
    if (kept !== undefined) this.#take({ sql: kept.sql, parameters: [...kept.parameters] })
  }

  async saveAs(name: string): Promise<void> {
    await this.history.save(name, this.path ?? '', this.shared)
    announcer.say(`Saved as ${name}.`)
  }

  /** Lays the SQL out; what cannot be read stays as it is. */
  async format(): Promise<void> {
    this.formatError = undefined
    try {
      const { formatSql } = await import('#lib/sql/format-sql.ts')
      this.sql = formatSql(this.sql)
    } catch (error) {
      this.formatError = error instanceof Error ? error.message.slice(0, 300) : String(error)
    }
  }

  #take({ sql, parameters }: SharedQuery): void {
    this.sql = sql
    this.typed = Object.fromEntries(parameters.map(({ type, text }, at) => [at + 1, { type, text }]))
    this.wasTried = false
  }

  setParameter(number: number, change: { type?: ParameterType; text?: string }): void {
    const { type, text = '' } = this.typed[number] ?? {}
    const next = { ...(type === undefined ? {} : { type }), text, ...change }
    this.typed = { ...this.typed, [number]: next }
  }

  /** What a link or the history keeps of the query. */
  get shared(): SharedQuery {
    return { sql: this.sql, parameters: this.parameters.map(({ type, text }) => ({ type, text })) }
  }

  /** The address of this query: the dataset in the search, the query in the fragment. */
  async link(): Promise<string> {
    const search = this.path === undefined ? '' : `?dataset=${this.path}`
    return `/console${search}${this.sql.trim() === '' ? '' : await encodeFragment(this.shared)}`
  }

  /** The query for other places. */
  async snippets(origin: string): Promise<{ link: string; sdk: string; cli: string }> {
    const values = this.parameters.map(({ type, text }) => parseParameter(type, text))
    const query = {
      ...{ dataset: this.path ?? '', sql: this.sql, path: this.route, isSample: this.access === 'sample' },
      parameters: values.map((parsed): ParameterValue => ('value' in parsed ? parsed.value : { type: 'null' })),
    }
    return { link: `${origin}${await this.link()}`, sdk: sdkSnippet(query), cli: cliSnippet(query) }
  }

  /** Runs what is written; does nothing while something of it is missing, which the page then says. */
  async ask(): Promise<void> {
    const { path, sql } = this
    this.wasTried = true
    this.formatError = undefined
    if (path === undefined || sql.trim() === '') return
    const values = this.#values()
    if (values === undefined) return
    if (this.chosenAccess !== 'sample' && !(await this.granted.whenKnown())) return
    const { access, account } = this
    if (access === 'subscription' && account === undefined) {
      const message = 'Connect a wallet to ask as a subscriber.'
      this.run.refuse({ message, next: ['connect', 'ask-sample'] })
      return
    }
    const { shared } = this
    this.view.show(undefined)
    await this.run.run({
      ...{ dataset: path, sql, parameters: values, path: this.route },
      ...(access === 'subscription' && account !== undefined ? { account, ...this.granted.terms } : {}),
    })
    const { phase, elapsedMs, outcome, rows } = this.run
    if (phase === 'running' || phase === 'idle') return
    const facts = { phase, ms: elapsedMs, rows: outcome?.rowCount ?? rows?.rowCount ?? 0 }
    await Promise.all([this.history.add(path, shared, facts), this.kept.keep({ run: this.run, dataset: path })])
  }

  /** Leaves the query. */
  cancel(): void {
    this.granted.leave()
    this.run.cancel()
  }

  /** Asks the wallet for the one signature of a session, then runs what is written. */
  async authorizeAndAsk(): Promise<void> {
    if (await this.signIn.ask(this.run, ['authorize', 'ask-sample'])) await this.ask()
  }

  #values(): ParameterValue[] | undefined {
    const values: ParameterValue[] = []
    for (const { type, text } of this.parameters) {
      const parsed = parseParameter(type, text)
      if ('error' in parsed) return undefined
      values.push(parsed.value)
    }
    return values
  }
}
