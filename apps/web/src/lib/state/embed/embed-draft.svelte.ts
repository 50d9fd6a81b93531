/** The embed that is being built: kept with every change, tried as its subscriber, then signed once and published. */
import type { Hex } from '@enigma/protocol'
import { countAnswers } from '@enigma/query'
import {
  anotherTemplate,
  type DraftParameter,
  type DraftTemplate,
  type EmbedDraft,
  emptyDraft,
  parametersOf,
  type WholeTemplate,
} from '#lib/embed/draft.ts'
import { firstAllowed } from '#lib/embed/describe-allowed.ts'
import { type EmbedPlan, type EmbedProblems, readDraft } from '#lib/embed/read-draft.ts'
import { leastAnswersOf, type LimitBounds } from '#lib/embed/read-limits.ts'
import { isRight } from '#lib/embed/read-template.ts'
import type { ShownError } from '#lib/format/shown-error.ts'
import { findParameters } from '#lib/sql/find-parameters.ts'
import type { SqlSchema } from '#lib/sql/schema.ts'
import { decodeFragment } from '#lib/sql/share-link.ts'
import { ConsoleAccessState } from '../console/console-access.svelte.ts'
import { type ConsoleDataset, firstQuery, isDatasetPath, loadConsoleDataset } from '../console/console-dataset.ts'
import { QueryRunState } from '../console/query-run.svelte.ts'
import { SignInState } from '../console/sign-in.svelte.ts'
import { toShownError } from '../to-shown-error.ts'
import { wallet } from '../wallet.svelte.ts'
import { keepDraftHere, readDraftHere } from './draft-store.ts'
import { embeds } from './embeds.svelte.ts'

const noTemplate: WholeTemplate = { name: '', sql: '', parameters: [] }
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
  readonly signIn = new SignInState()
  isSigning = $state(false)
  signError = $state.raw<ShownError>()
  /** Which template is shown. */
  at = $state(0)
  /** What has answered here. */
  #proven = $state.raw<ReadonlySet<string>>(new Set())
  #saving: Promise<void> = Promise.resolve()
  #loading: AbortController | undefined

  readonly schema: SqlSchema = $derived(this.dataset?.schema ?? noSchema)
  readonly templates: readonly WholeTemplate[] = $derived(
    this.draft.templates.map(({ name, sql, parameters }) => {
      return { name, sql, parameters: parametersOf(parameters, findParameters(sql, this.schema)) }
    }),
  )
  /** The one that is shown. */
  readonly template: WholeTemplate = $derived(this.templates[this.at] ?? noTemplate)
  readonly #read = $derived(
    readDraft(this.draft, {
      ...{ templates: this.templates, bounds: this.#bounds() },
      ...{ hasAccount: wallet.account !== undefined, datasetProblem: this.#datasetProblem() },
    }),
  )
  readonly problems: EmbedProblems = $derived(this.#read.problems)
  /** What would be signed; undefined while anything speaks against it. */
  readonly plan: EmbedPlan | undefined = $derived(this.#read.plan)
  /** Different answers of the plan; undefined where they cannot be counted. */
  readonly answers: bigint | undefined = $derived(this.plan && countAll(this.plan))
  /** Whether all that would be signed has answered here. */
  readonly isProven: boolean = $derived(this.plan?.templates.every((_, at) => this.#isProven(this.plan, at)) ?? false)

  #isProven(plan: EmbedPlan | undefined, at: number): boolean {
    return plan !== undefined && this.#proven.has(keyOf(plan, at))
  }

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
      const parameters = Object.fromEntries(typed) as DraftTemplate['parameters']
      const templates = [{ name: 'main', sql: shared?.sql ?? '', parameters }]
      if (!isSame) this.change({ dataset: path.toLowerCase(), templates })
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

  /** Changes the template that is shown. */
  changeTemplate(changes: Partial<DraftTemplate>): void {
    this.change({
      templates: this.draft.templates.map((each, at) => (at === this.at ? { ...each, ...changes } : each)),
    })
  }

  changeParameter(number: number, changes: Partial<DraftParameter>): void {
    const parameters = this.draft.templates[this.at]?.parameters ?? {}
    this.changeTemplate({ parameters: { ...parameters, [number]: { ...parameters[number], ...changes } } })
  }

  /** Shows another template of the draft. */
  show(at: number): void {
    this.at = at
    this.run.clear()
  }

  /** One more question of the same embed. */
  addTemplate(): void {
    const sql = this.dataset === undefined ? '' : firstQuery(this.dataset)
    this.change({ templates: [...this.draft.templates, anotherTemplate(this.draft.templates, sql)] })
    this.show(this.draft.templates.length - 1)
  }

  /** Takes the shown template out, where it is not the last one. */
  removeTemplate(): void {
    if (this.draft.templates.length < 2) return
    this.change({ templates: this.draft.templates.filter((_, at) => at !== this.at) })
    this.show(Math.max(0, this.at - 1))
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
      if (this.template.sql.trim() === '') this.changeTemplate({ sql: firstQuery(dataset) })
    } catch (error) {
      if (!loading.signal.aborted) this.datasetError = toShownError(error)
    }
  }

  /** Asks the chain what the connected account may ask of the dataset. */
  async readAccess(): Promise<void> {
    if (isDatasetPath(this.draft.dataset)) await this.access.read(this.draft.dataset, wallet.account)
  }

  /** Runs the shown SQL as the subscriber, then what else was not tried yet; stays at the first that does not answer. */
  async tryOut(): Promise<void> {
    this.wasTried = true
    const { plan } = this
    const { account } = wallet
    if (plan === undefined) {
      const wrong = this.problems.templates.findIndex((each) => !isRight(each))
      if (wrong >= 0 && isRight(this.problems.templates[this.at] ?? { parameters: {} })) this.show(wrong)
      return
    }
    if (account === undefined) return
    if (!(await this.access.whenKnown()) || this.plan === undefined) return
    const others = [...plan.templates.keys()].filter((at) => at !== this.at && !this.#isProven(plan, at))
    for (const at of [this.at, ...others]) if (!(await this.#tryOne(plan, at, account))) return
  }

  /** Runs one template with the first value that each parameter allows; whether it answered. */
  async #tryOne(plan: EmbedPlan, at: number, account: Hex): Promise<boolean> {
    const template = plan.templates[at]
    if (template === undefined) return false
    if (at !== this.at) this.show(at)
    await this.run.run({
      ...{ dataset: plan.dataset, sql: template.sql },
      parameters: template.parameters.map(({ allowed }) => firstAllowed(allowed)),
      ...{ path: 'blind', account, ...this.access.terms, maxRows: template.maxRows },
    })
    if (this.run.phase !== 'verified') return false
    this.#proven = new Set(this.#proven).add(keyOf(plan, at))
    return true
  }

  /** Asks the wallet for the one signature of a session, then tries. */
  async authorizeAndTry(): Promise<void> {
    if (await this.signIn.ask(this.run, ['authorize'])) await this.tryOut()
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

function keyOf({ dataset, templates }: EmbedPlan, at: number): string {
  return JSON.stringify([dataset, templates[at]])
}

/** Different answers of all templates together; undefined where those of one cannot be counted. */
function countAll({ templates }: EmbedPlan): bigint | undefined {
  let sum = 0n
  for (const template of templates) {
    const answers = countAnswers(template)
    if (answers === undefined) return undefined
    sum += answers
  }
  return sum
}

function asParameter(type: string, text: string): Partial<DraftParameter> {
  const values = text === '' ? {} : { values: text, kind: 'values' as const }
  return type === 'null' ? {} : { type: type as DraftParameter['type'], ...values }
}
