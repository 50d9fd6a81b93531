/** The draft of a dataset as its page edits it: kept with every change, so that nothing that was typed is lost. */
import type { ShownError } from '#lib/format/shown-error.ts'
import { checkDraft, type DraftProblems, type NodeTerms } from '#lib/publish/check-draft.ts'
import { type Draft, emptyDraft, type PayoutLine, percentText } from '#lib/publish/draft.ts'
import { app } from '../app.svelte.ts'
import { wallet } from '../wallet.svelte.ts'
import { toShownError } from '../to-shown-error.ts'
import { AcceptingNodesState } from './accepting-nodes.svelte.ts'
import { explainStorage } from './explain-storage.ts'
import { publishStore } from './kept-here.ts'

export type Reading = { bytesRead: number; totalBytes: number; rows: number }

class DraftState {
  draft = $state.raw<Draft>(emptyDraft)
  /** The chosen file; undefined where only its description was kept. */
  file = $state.raw<File>()
  /** The file that is being read. */
  reading = $state.raw<Reading>()
  fileError = $state.raw<ShownError>()
  /** Whether the draft of the last visit is here; until then nothing may be typed over it. */
  isRestored = $state(false)
  /** Whether this browser keeps what is typed. */
  isKept = $state(true)
  /** Whether the last change is kept; it is on this page in any case. */
  isSaved = $state(true)
  /** Whether there was room for the file. */
  isFileKept = $state(true)
  readonly nodes = new AcceptingNodesState()
  market = $state.raw<{ minRate: bigint; feeBps: number }>()
  takenNames = $state.raw<ReadonlySet<string>>(new Set())
  #saving: Promise<void> = Promise.resolve()
  #reader: AbortController | undefined
  #tabs: BroadcastChannel | undefined

  /** The terms of the chosen node. */
  readonly terms: NodeTerms | undefined = $derived(this.nodes.list?.find(({ peerId }) => peerId === this.draft.node))
  /** Payees as typed; until somebody types, the node's share and the rest for the one who lists. */
  readonly payouts: readonly PayoutLine[] = $derived(
    this.draft.payouts.length > 0 ? this.draft.payouts : usualPayouts(wallet.account, this.terms),
  )
  /** The draft with everything named that is not left to the reader's choice. */
  readonly whole: Draft = $derived({ ...this.draft, payouts: this.payouts })
  readonly problems: DraftProblems = $derived(
    checkDraft(this.whole, {
      ...{ account: wallet.account, terms: this.terms, minRate: this.market?.minRate, takenNames: this.takenNames },
    }),
  )

  /** Takes up the draft of the last visit. */
  async restore(): Promise<void> {
    if (this.isRestored) return
    try {
      const store = await publishStore()
      this.draft = { ...emptyDraft, ...(await store.draft()) }
      this.file = await store.file()
      this.isKept = store.isKept
      if (store.isKept) this.#followTabs()
    } catch (error) {
      this.fileError = toShownError(error)
    }
    this.isRestored = true
  }

  change(changes: Partial<Draft>): void {
    this.draft = { ...this.draft, ...changes }
    const { draft } = this
    // One after the other: the last change is what stays.
    this.#saving = this.#saving
      .then(async () => (await publishStore()).keepDraft(draft))
      .then(
        () => {
          this.isSaved = true
          this.#tabs?.postMessage('changed')
        },
        () => void (this.isSaved = false),
      )
  }

  /** There is one draft, in however many tabs: what another one changes is taken up here. */
  #followTabs(): void {
    this.#tabs = new BroadcastChannel('enigma-publish-draft')
    this.#tabs.addEventListener('message', () => void this.#takeUp())
  }

  async #takeUp(): Promise<void> {
    await this.#saving
    if (this.reading !== undefined) return
    const store = await publishStore()
    const [kept, file] = await Promise.all([store.draft(), store.file()])
    const isSameFile = JSON.stringify(kept?.file) === JSON.stringify(this.draft.file)
    this.draft = { ...emptyDraft, ...kept }
    // One that there was no room for is still in the tab that read it.
    this.file = file ?? (isSameFile ? this.file : undefined)
  }

  /** Reads a file: its columns, types and first rows. The words of the draft stay. */
  async choose(file: File): Promise<void> {
    this.#reader?.abort()
    const reader = new AbortController()
    this.#reader = reader
    this.fileError = undefined
    this.reading = { bytesRead: 0, totalBytes: file.size, rows: 0 }
    try {
      const { readDraftFile } = await import('./read-draft-file.ts')
      const onProgress = ({ bytesRead, rows }: Omit<Reading, 'totalBytes'>) => {
        reader.signal.throwIfAborted()
        this.reading = { bytesRead, totalBytes: file.size, rows }
      }
      const { tableName, ...read } = await readDraftFile(file, this.draft, onProgress)
      if (reader.signal.aborted) return
      const { name, table } = this.draft
      this.file = file
      this.change({ ...read, table: table === '' ? tableName : table, name: name === '' ? nameOf(tableName) : name })
      this.reading = undefined
      this.isFileKept = await (await publishStore()).keepFile(file)
      this.#tabs?.postMessage('changed')
    } catch (error) {
      if (reader.signal.aborted) return
      this.fileError = explainStorage(error) ?? toShownError(error)
      this.reading = undefined
    }
  }

  /** The file of a publication that is under way, chosen once more: it is checked against what was signed. */
  retake(file: File): void {
    this.file = file
  }

  /** The node that is to serve it; a deposit that nobody has typed becomes what the node asks for. */
  chooseNode(terms: NodeTerms): void {
    const isDepositOpen = this.draft.deposit === '' && terms.minDeposit > 0n
    this.change({ node: terms.peerId, ...(isDepositOpen ? { deposit: depositText(terms.minDeposit) } : {}) })
  }

  /** Reads what the market asks of every listing, and which names the account has taken. */
  async loadMarket(): Promise<void> {
    const { account } = wallet
    try {
      const [money, { createListing }] = await Promise.all([wallet.money(), import('./publish-work.ts')])
      const listing = createListing(await app.loadNetwork(), money.publicClient)
      this.market = await listing.market()
      const taken = account === undefined || this.draft.name === '' ? undefined : await this.#isTaken(listing, account)
      if (wallet.account === account) this.takenNames = new Set(taken === true ? [this.draft.name] : [])
    } catch (error) {
      // Registering looks again before it asks for anything: this only tells earlier.
      this.nodes.error ??= toShownError(error)
    }
  }

  /** Forgets the draft, once it is live or is not wanted. */
  async clear(): Promise<void> {
    this.file = undefined
    await (await publishStore()).keepFile(undefined)
    this.change(emptyDraft)
    await this.#saving
  }

  async #isTaken(listing: { dataset: (path: string) => Promise<unknown> }, account: string): Promise<boolean> {
    const { name } = this.draft
    if (!/^[a-z][a-z0-9_]{2,30}$/.test(name)) return false
    return (await listing.dataset(`${account}/${name}`)) !== undefined
  }
}

export const draft = new DraftState()

function usualPayouts(account: string | undefined, terms: NodeTerms | undefined): PayoutLine[] {
  if (account === undefined) return []
  const share = terms?.shareBps ?? 0
  const own = { account, percent: percentText(10_000 - share) }
  return share === 0 || terms === undefined ? [own] : [own, { account: terms.payee, percent: percentText(share) }]
}

/** ENG as typed, rounded up to 4 decimals. */
function depositText(wei: bigint): string {
  const units = (wei + 10n ** 14n - 1n) / 10n ** 14n
  return String(Number(units) / 10_000)
}

/** A dataset's name made of a table's. */
function nameOf(table: string): string {
  const name = table.replace(/^[^a-z]+/, '').slice(0, 31)
  return name.length < 3 ? '' : name
}
