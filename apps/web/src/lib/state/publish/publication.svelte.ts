/** The publication that is under way on this page: which step, how far, what stopped it, and how to go on. */
import { type Hex, MarketplaceError, parseDatasetPath } from '@enigma/protocol'
import type { ShownError } from '#lib/format/shown-error.ts'
import type { NodeTerms } from '#lib/publish/check-draft.ts'
import type { Draft } from '#lib/publish/draft.ts'
import { announcer } from '../announcer.svelte.ts'
import { app } from '../app.svelte.ts'
import { saveFile } from '@enigma/result/save-file'
import { transactions } from '../transactions.svelte.ts'
import { toShownError } from '../to-shown-error.ts'
import { wallet } from '../wallet.svelte.ts'
import { draft } from './draft.svelte.ts'
import { explainStorage } from './explain-storage.ts'
import { publishStore } from './kept-here.ts'
import {
  isRevocable,
  nextStep,
  type Progress,
  type Publication,
  type PublicationStep,
  runPublication,
} from './publication.ts'
import type { PublishStore } from './publish-store.ts'

class PublicationState {
  current = $state.raw<Publication>()
  /** The step that is being taken; undefined while nothing runs. */
  step = $state.raw<PublicationStep>()
  progress = $state.raw<Progress>()
  /** Why a node is asked again. */
  waiting = $state.raw<string>()
  error = $state.raw<ShownError>()
  isRestored = $state(false)
  /** Whether the curator has taken a copy of the publisher's key in this visit. */
  hasBackup = $state(false)
  #running: AbortController | undefined

  /** The first step that is not done, whether it runs or not. */
  readonly next: PublicationStep | undefined = $derived(this.current && nextStep(this.current))
  readonly isLive: boolean = $derived(this.current !== undefined && this.next === undefined)
  readonly isRevocable: boolean = $derived(this.current !== undefined && isRevocable(this.current))

  get isRunning(): boolean {
    return this.step !== undefined
  }

  /** Takes up what was under way at the last visit; nothing runs before the curator says so. */
  async restore(): Promise<void> {
    if (this.isRestored) return
    try {
      const store = await publishStore()
      const all = await store.publications()
      this.current = all.find((each) => nextStep(each) !== undefined)
    } catch (error) {
      this.error = toShownError(error)
    }
    this.isRestored = true
  }

  /** Leaves one that cannot be taken back for now; it is gone on with at another visit, or from its dataset. */
  setAside(): void {
    if (this.isRunning) return
    this.current = undefined
    this.error = undefined
  }

  /** Begins with a draft that has no problems. */
  async begin(reviewed: Draft, terms: NodeTerms): Promise<void> {
    const { account } = wallet
    if (account === undefined) return
    await this.#begin(`${account}/${reviewed.name}`, async (store) => {
      const { createPublisherKey } = await import('./publish-work.ts')
      const key = createPublisherKey(Date.now())
      await store.keepKey(key)
      this.hasBackup = false
      return newPublication({ draft: reviewed, terms, account, publisher: key.address })
    })
  }

  /** Begins with rows for a dataset that is listed; the key of its rows is here. */
  async beginLater({ path, publisher, peerIds, mode, draft: described }: LaterRows): Promise<void> {
    const { curator: account } = parseDatasetPath(path)
    const common = { path, account, draft: described, publisher, peerIds, later: mode, startedAtMs: Date.now() }
    // The nodes have limits of their own, and say so: these are what a page can take.
    const terms = { peerId: '', maxRows: 20_000_000, maxBytes: 512 * 1024 * 1024 }
    const later = { ...unbegun, ...common, terms, isRegistered: true, isAnnounced: true }
    await this.#begin(path, () => Promise.resolve(later))
  }

  /** It is kept before it is shown, and no other tab begins or goes on with the same one meanwhile. */
  async #begin(path: string, make: (store: PublishStore) => Promise<Publication>): Promise<void> {
    if (this.isRunning) return
    this.error = undefined
    try {
      const hasBegun = await whileAlone(path, async () => {
        if (await this.#goesOn(path)) return false
        const store = await publishStore()
        const begun = await make(store)
        await store.keepPublication(begun)
        this.current = begun
        return true
      })
      if (hasBegun) await this.run()
    } catch (error) {
      this.error = explainStorage(error) ?? (await wallet.explain(error))
    }
  }

  /** Does what is left, from the step that it stopped at. */
  async run(): Promise<void> {
    const { current } = this
    if (current === undefined || this.isRunning) return
    const running = new AbortController()
    this.#running = running
    this.error = undefined
    this.step = this.next
    try {
      await whileAlone(current.path, async () => {
        await this.#runAll(await this.#newest(current), running.signal)
        return true
      })
      announcer.say(current.later === undefined ? 'Your dataset is live' : 'The new rows are live')
    } catch (error) {
      if (!running.signal.aborted) {
        this.error = explainStorage(error) ?? (await wallet.explain(error))
        announcer.say('Publishing stopped', { isUrgent: true })
      }
    } finally {
      this.step = undefined
      this.progress = undefined
      this.waiting = undefined
      void wallet.refreshBalances()
    }
  }

  /** Ends what runs after the step that it is in; it can be gone on with. */
  stop(): void {
    this.#running?.abort()
  }

  /** Back to the draft: what was made is thrown away, which is possible while nothing of it is on chain. */
  async revoke(): Promise<void> {
    if (this.current === undefined || this.isRunning || !this.isRevocable) return
    await (await publishStore()).dropPublication(this.current.path)
    this.current = undefined
    this.error = undefined
  }

  /** Leaves the finished one for a new draft; its key stays in this browser. */
  leave(): void {
    if (this.isLive) this.current = undefined
  }

  /** Saves the key that signs the rows as a file: with it, rows can be published from elsewhere. */
  async saveBackup(): Promise<void> {
    const address = this.current?.publisher
    if (address === undefined) return
    try {
      const key = await (await publishStore()).key(address)
      if (key === undefined) throw new TypeError('the key of a publication is not in this browser')
      saveFile(
        new Blob([`${key.privateKey}\n`], { type: 'text/plain' }),
        `enigma-publisher-${address.slice(2, 10)}.key`,
      )
      this.hasBackup = true
    } catch (error) {
      this.error = toShownError(error)
    }
  }

  /** What was paid or signed for a dataset and is not with its nodes yet comes first: it is shown, and nothing begins. */
  async #goesOn(path: string): Promise<boolean> {
    const kept = (await (await publishStore()).publications()).find((each) => each.path === path)
    if (kept === undefined || isRevocable(kept)) return false
    this.current = kept
    const message = 'An earlier publication of this dataset is not done yet; go on with it first.'
    this.error = { message }
    return true
  }

  /** As another tab may have left it; rows that only this page holds stay. */
  async #newest(current: Publication): Promise<Publication> {
    const store = await publishStore()
    const kept = (await store.publications()).find(({ path }) => path === current.path)
    if (kept === undefined) throw elsewhere()
    return { ...kept, segments: kept.segments ?? current.segments }
  }

  async #runAll(publication: Publication, signal: AbortSignal): Promise<void> {
    const [network, client, { wallets, money }, store] = await Promise.all([
      app.loadNetwork(),
      app.client(),
      wallet.parts(),
      publishStore(),
    ])
    const { createPublishing, createPublicationPorts, createListing } = await import('./publish-work.ts')
    const ports = createPublicationPorts({
      ...{ network, client, wallets, store, publishing: client.extend(createPublishing) },
      listing: createListing(network, money.publicClient),
      file: () => draft.file,
      begin: (parameters) => transactions.begin(parameters),
      whenClosed: (path, account, until) => transactions.whenClosed(path, account, until),
      onWait: (error) => (this.waiting = toShownError(error).message),
    })
    await runPublication({
      ...{ publication, ports, signal },
      onChange: (changed, step) => {
        this.current = changed
        this.step = step
        this.progress = undefined
        this.waiting = undefined
      },
      onProgress: (progress) => {
        this.progress = progress
        this.waiting = undefined
      },
    })
    await store.dropPublication(publication.path)
    // Words of another dataset may be half typed.
    if (publication.later === undefined) await draft.clear()
  }
}

export const publication = new PublicationState()

/** Two tabs that went on with one publication could list it twice, or sign two snapshots under one number. */
function whileAlone(path: string, work: () => Promise<boolean>): Promise<boolean> {
  return navigator.locks.request(`enigma-publish-${path}`, { ifAvailable: true }, async (lock) => {
    if (lock === null) throw elsewhere()
    return work()
  })
}

function elsewhere(): MarketplaceError {
  const message =
    'Another tab of this browser goes on with this publication, or has ended it; look there, or reload this page.'
  return new MarketplaceError({ code: 'aborted', message })
}

export type LaterRows = Pick<Publication, 'path' | 'publisher' | 'peerIds' | 'draft'> & { mode: 'add' | 'replace' }

type New = { draft: Draft; terms: NodeTerms; account: Hex; publisher: Hex }

function newPublication({ draft: reviewed, terms, account, publisher }: New): Publication {
  const path = `${account}/${reviewed.name}`
  const common = { path, account, draft: reviewed, terms, peerIds: [terms.peerId], publisher, startedAtMs: Date.now() }
  return { ...unbegun, ...common, later: undefined, isRegistered: false, isAnnounced: false }
}

/** What no step has made yet. */
const unbegun = {
  ...{ segments: undefined, previous: undefined, acceptance: undefined, signed: undefined },
  ...{ snapshot: undefined, head: undefined, isServed: false, isChecked: false },
}
