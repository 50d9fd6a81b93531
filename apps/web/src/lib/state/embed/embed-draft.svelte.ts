/** The embed that is being built: kept with every change, tried as its subscriber, then signed once and published. */
import type { Hex } from '@enigma/protocol'
import { countAnswers } from '@enigma/query'
import {
  type DraftParameter,
  type EmbedDraft,
  emptyDraft,
  parametersOf,
  type WholeParameter,
} from '#lib/embed/draft.ts'
import { firstAllowed } from '#lib/embed/describe-allowed.ts'
import { type EmbedPlan, type EmbedProblems, readDraft } from '#lib/embed/read-draft.ts'
import { leastAnswersOf, type LimitBounds } from '#lib/embed/read-limits.ts'
import type { ShownError } from '#lib/format/shown-error.ts'
import { findParameters } from '#lib/sql/find-parameters.ts'
import type { SqlSchema } from '#lib/sql/schema.ts'
import { decodeFragment } from '#lib/sql/share-link.ts'
import { ConsoleAccessState } from '../console/console-access.svelte.ts'
import { type ConsoleDataset, firstQuery, isDatasetPath, loadConsoleDataset } from '../console/console-dataset.ts'
import { QueryRunState } from '../console/query-run.svelte.ts'
import { toShownError } from '../to-shown-error.ts'
import { wallet } from '../wallet.svelte.ts'
import { keepDraftHere, readDraftHere } from './draft-store.ts'
import { embeds } from './embeds.svelte.ts'

const noSchema: SqlSchema = { tables: [], defaultTable: undefined, functions: [] }
/** Before the dataset is known: what the wire allows. */
const unknownMaxRows = 5_000_000

export class EmbedDraftState {
  readonly run = new QueryRunState()
  readonly access = new ConsoleAccessState()
  draft = $state.raw<EmbedDraft>(emptyDraft)
  /** Whether the draft of the last visit is here; until then nothing may be typed over it. */
  isRestored = $state(false)
  isKept = $state(true)
  dataset = $state.raw<ConsoleDataset>()
  datasetError = $state.raw<ShownError>()
  /** Problems are shown once somebody tried to go on. */
  wasTried = $state(false)
  isAuthorizing = $state(false)
  isSigning = $state(false)
  signError = $state.raw<ShownError>()
  /** What the answers were tried with. */
  #triedWith = $state('')
  #saving: Promise<void> = Promise.resolve()
  #loading: AbortController | undefined

  readonly schema: SqlSchema = $derived(this.dataset?.schema ?? noSchema)
  readonly parameters: readonly WholeParameter[] = $derived(
    parametersOf(this.draft.parameters, findParameters(this.draft.sql, this.schema)),
  )
  readonly #read = $derived(
    readDraft(this.draft, {
      ...{ parameters: this.parameters, bounds: this.#bounds() },
      ...{ hasAccount: wallet.account !== undefined, datasetProblem: this.#datasetProblem() },
    }),
  )
  readonly problems: EmbedProblems = $derived(this.#read.problems)
  /** What would be signed; undefined while anything speaks against it. */
  readonly plan: EmbedPlan | undefined = $derived(this.#read.plan)
  /** Different answers of the plan; undefined where they cannot be counted. */
  readonly answers: bigint | undefined = $derived(
    this.plan === undefined ? undefined : countAnswers(this.plan.template),
  )
  /** Whether what would be signed has answered here. */
  readonly isProven: boolean = $derived(
    this.run.phase === 'verified' && this.plan !== undefined && this.#triedWith === keyOf(this.plan),
  )

  /** Nodes share an embed's budgets evenly. */
  #bounds(): LimitBounds {
    const leastAnswers = leastAnswersOf(Math.floor(10_000 / Math.max(1, this.dataset?.signers.length ?? 1)))
    const mostRows = Math.min(this.dataset?.maxRows ?? unknownMaxRows, this.access.terms.maxRows ?? unknownMaxRows)
    return { mostRows, leastAnswers }
  }

  #datasetProblem(): string | undefined {
    if (this.draft.dataset === '') return 'Choose the dataset whose rows are to be shown.'
    if (!isDatasetPath(this.draft.dataset)) return 'A dataset’s path is <curator address>/<name>.'
    if (this.datasetError !== undefined) return 'This dataset could not be found; see below.'
    if (wallet.account !== undefined && this.access.tier === 'none') {
      return 'This account does not subscribe to it, and nodes answer an embed for its owner’s subscription only.'
    }
    return undefined
  }

  /** Takes up the draft of the last visit, and over it what the address names. */
  async restore(path: string | undefined, fragment: string): Promise<void> {
    const [kept, shared] = await Promise.all([readDraftHere().catch(() => undefined), decodeFragment(fragment)])
    this.draft = { ...emptyDraft, ...kept }
    this.isRestored = true
    if (path !== undefined) {
      const isSame = path.toLowerCase() === this.draft.dataset && shared === undefined
      const typed = shared?.parameters.map(({ type, text }, at) => [at + 1, asParameter(type, text)]) ?? []
      const parameters = Object.fromEntries(typed) as EmbedDraft['parameters']
      if (!isSame) this.change({ dataset: path.toLowerCase(), sql: shared?.sql ?? '', parameters })
    }
    await this.loadDataset()
  }

  change(changes: Partial<EmbedDraft>): void {
    this.draft = { ...this.draft, ...changes }
    this.signError = undefined
    const { draft } = this
    // One after the other: the last change is what stays.
    this.#saving = this.#saving.then(async () => void (this.isKept = await keepDraftHere(draft)))
  }

  changeParameter(number: number, changes: Partial<DraftParameter>): void {
    const { parameters } = this.draft
    this.change({ parameters: { ...parameters, [number]: { ...parameters[number], ...changes } } })
  }

  /** Another dataset: its tables, and what the account may ask of it. */
  async chooseDataset(path: string): Promise<void> {
    const dataset = path.trim().toLowerCase()
    if (dataset === this.draft.dataset) return
    this.change({ dataset })
    this.run.clear()
    await this.loadDataset()
  }

  async loadDataset(): Promise<void> {
    this.#loading?.abort()
    const loading = new AbortController()
    this.#loading = loading
    const { dataset: path } = this.draft
    this.dataset = undefined
    this.datasetError = undefined
    if (!isDatasetPath(path)) return
    void this.readAccess()
    try {
      const dataset = await loadConsoleDataset(path, loading.signal)
      if (loading.signal.aborted) return
      this.dataset = dataset
      if (this.draft.sql.trim() === '') this.change({ sql: firstQuery(dataset) })
    } catch (error) {
      if (!loading.signal.aborted) this.datasetError = toShownError(error)
    }
  }

  /** Asks the chain what the connected account may ask of the dataset. */
  async readAccess(): Promise<void> {
    if (isDatasetPath(this.draft.dataset)) await this.access.read(this.draft.dataset, wallet.account)
  }

  /** Runs the SQL as the subscriber, with the first value that each parameter allows. */
  async tryOut(): Promise<void> {
    this.wasTried = true
    const { plan } = this
    const { account } = wallet
    if (plan === undefined || account === undefined) return
    if (!(await this.access.whenKnown()) || this.plan === undefined) return
    const { template, dataset } = plan
    this.#triedWith = keyOf(plan)
    await this.run.run({
      ...{ dataset, sql: template.sql, parameters: template.parameters.map(({ allowed }) => firstAllowed(allowed)) },
      ...{ path: 'blind', account, ...this.access.terms, maxRows: template.maxRows },
    })
  }

  /** Asks the wallet for the one signature of a session, then tries. */
  async authorizeAndTry(): Promise<void> {
    if (this.isAuthorizing) return
    this.isAuthorizing = true
    try {
      const { authorizeSession } = await import('../purchase.svelte.ts')
      await authorizeSession()
    } catch (error) {
      this.run.refuse({ ...(await wallet.explain(error)), next: ['authorize'] })
      return
    } finally {
      this.isAuthorizing = false
    }
    await this.tryOut()
  }

  /** Has the wallet sign what was tried, and tells the relays; the id of the embed, or undefined and `signError`. */
  async sign(): Promise<Hex | undefined> {
    this.wasTried = true
    const { plan } = this
    const { account } = wallet
    if (plan === undefined || account === undefined || this.isSigning) return undefined
    this.isSigning = true
    this.signError = undefined
    try {
      return await embeds.create(plan, account)
    } catch (error) {
      this.signError = await wallet.explain(error)
      return undefined
    } finally {
      this.isSigning = false
    }
  }
}

function keyOf({ dataset, template }: EmbedPlan): string {
  return JSON.stringify([dataset, template])
}

function asParameter(type: string, text: string): Partial<DraftParameter> {
  const values = text === '' ? {} : { values: text, kind: 'values' as const }
  return type === 'null' ? {} : { type: type as DraftParameter['type'], ...values }
}
