/** The embeds of the connected account: signed, paused, resumed, extended and bounded anew, each by one signature. */
import type { EmbedTerms, Embeds } from '@enigma/client/embeds'
import { type Embed, type Hex, isPaused, limits as wireLimits } from '@enigma/protocol'
import type { EmbedPlan } from '#lib/embed/read-draft.ts'
import { type EmbedLimits, leastAnswersOf, type LimitBounds } from '#lib/embed/read-limits.ts'
import type { ShownError } from '#lib/format/shown-error.ts'
import { announcer } from '../announcer.svelte.ts'
import { authorizeSession } from '../purchase.svelte.ts'
import { wallet } from '../wallet.svelte.ts'
import { loadConsoleDataset } from '../console/console-dataset.ts'
import { createWalletSigner } from '../wallet-signer.ts'
import { embedsClient } from './embeds-client.ts'

/** An embed as pages show it; times in Unix seconds. */
export type EmbedItem = {
  id: Hex
  dataset: string
  templates: Embed['templates']
  limits: EmbedLimits
  origins: readonly string[]
  expiresAtSeconds: number
  isPaused: boolean
  /** Its site's own server lets each visitor in. */
  isMinted: boolean
  revision: number
  /** Of the account, when it was signed. */
  epoch: number
}
/** Answers as nodes counted them, today (UTC) and in all, and bytes of today; `missing` nodes did not say. */
export type EmbedUse = { dayQueries: number; dayBytes: number; totalQueries: number; missing: number }
/** What is being done to one of them, or why it was not. */
export type EmbedWork = { id: Hex; isBusy: boolean; error: ShownError | undefined }

/** How long a dataset is looked for. */
const findTimeoutMs = 30_000

class EmbedsState {
  list = $state.raw<readonly EmbedItem[]>()
  error = $state.raw<ShownError>()
  work = $state.raw<EmbedWork>()
  /** By id, once it was asked for. */
  uses = $state.raw<ReadonlyMap<Hex, EmbedUse>>(new Map())
  #account: Hex | undefined
  /** The highest revision that was seen here: a relay may be behind. */
  readonly #known = new Map<Hex, Embed>()

  /** Reads the account's embeds; what was shown for another account is dropped at once. */
  async load(account: Hex | undefined): Promise<void> {
    if (account !== this.#account) {
      this.list = undefined
      this.work = undefined
      this.uses = new Map()
      this.#known.clear()
    }
    this.#account = account
    this.error = undefined
    if (account === undefined) return
    try {
      const found = await (await embedsClient()).of({ account })
      if (this.#account !== account) return
      for (const embed of found) this.#take(embed)
      this.#show()
    } catch (error) {
      if (this.#account === account) this.error = await wallet.explain(error)
    }
  }

  /** Signs a new one; throws the wallet's refusals, and `no-relay` and the like where no relay took it. */
  async create({ dataset, ...terms }: EmbedPlan, account: Hex): Promise<Hex> {
    const [client] = await Promise.all([embedsClient(), wallet.parts()])
    const embed = await client.create({ signer: createWalletSigner(account), dataset, terms })
    this.#publish(embed, account)
    announcer.say('The embed is published.')
    return embed.grant.grant.id
  }

  pause(id: Hex): Promise<void> {
    return this.#revise(id, { isPaused: true }, 'The embed is paused; nodes obey within a minute.')
  }

  resume(id: Hex): Promise<void> {
    return this.#revise(id, { isPaused: false }, 'The embed runs again.')
  }

  /** Of the account's present epoch: it ended with all others. */
  bringBack(id: Hex): Promise<void> {
    return this.#revise(id, {}, 'The embed runs again.')
  }

  /** To 30 days from now. */
  extend(id: Hex): Promise<void> {
    return this.#revise(id, { expiresInSeconds: wireLimits.embedSeconds }, 'The embed runs for 30 days from now.')
  }

  /** Within what an embed's limits must stay; undefined and `work` where its dataset cannot be found. */
  async boundsOf(id: Hex): Promise<LimitBounds | undefined> {
    const embed = this.#known.get(id)
    if (embed === undefined || this.work?.isBusy === true) return undefined
    this.work = { id, isBusy: true, error: undefined }
    try {
      const { maxRows } = await loadConsoleDataset(embed.dataset, AbortSignal.timeout(findTimeoutMs))
      this.work = undefined
      const share = Math.min(10_000, ...embed.grant.grant.nodes.map(({ bps }) => bps))
      return { mostRows: maxRows, leastAnswers: leastAnswersOf(share) }
    } catch (error) {
      this.work = { id, isBusy: false, error: await wallet.explain(error) }
      return undefined
    }
  }

  /** True where they were signed. */
  async setLimits(id: Hex, limits: EmbedLimits): Promise<boolean> {
    const templates = this.#known.get(id)?.templates ?? []
    const [only] = templates
    // Of several templates each keeps its own rows, within those of the embed.
    const change = templates.length === 1 && only !== undefined ? [{ ...only, maxRows: limits.maxRows }] : templates
    await this.#revise(id, { limits, templates: change }, 'The embed has new limits.')
    return this.work === undefined
  }

  /** Asks the dataset's nodes, which see this browser's address and tell its session alone. */
  async readUse(id: Hex): Promise<void> {
    const embed = this.#known.get(id)
    const { account } = wallet
    if (embed === undefined || account === undefined || this.work?.isBusy === true) return
    this.work = { id, isBusy: true, error: undefined }
    try {
      await authorizeSession()
      const client = await embedsClient()
      const signal = AbortSignal.timeout(findTimeoutMs)
      const { usage, missing } = await client.usage({ dataset: embed.dataset, account, ids: [id], signal })
      const counted = usage.get(id)
      if (counted !== undefined) this.uses = new Map(this.uses).set(id, { ...counted, missing })
      this.work = undefined
    } catch (error) {
      this.work = { id, isBusy: false, error: await wallet.explain(error) }
    }
  }

  async #revise(id: Hex, change: Partial<EmbedTerms>, said: string): Promise<void> {
    const embed = this.#known.get(id)
    const { account } = wallet
    if (embed === undefined || account === undefined || this.work?.isBusy === true) return
    this.work = { id, isBusy: true, error: undefined }
    try {
      const [client]: [Embeds, unknown] = await Promise.all([embedsClient(), wallet.parts()])
      this.#publish(await client.revise({ signer: createWalletSigner(account), embed, change }), account)
      this.work = undefined
      announcer.say(said)
    } catch (error) {
      this.work = { id, isBusy: false, error: await wallet.explain(error) }
    }
  }

  #publish(embed: Embed, account: Hex): void {
    if (this.#account !== account) return
    this.#take(embed)
    this.#show()
  }

  #take(embed: Embed): void {
    const { id, revision } = embed.grant.grant
    if (revision > (this.#known.get(id)?.grant.grant.revision ?? -1)) this.#known.set(id, embed)
  }

  #show(): void {
    this.list = [...this.#known.values()].map(toItem).toSorted((a, b) => b.expiresAtSeconds - a.expiresAtSeconds)
  }
}

function toItem({ dataset, templates, grant: { grant } }: Embed): EmbedItem {
  return {
    ...{ id: grant.id, dataset, templates, limits: grant.limits, revision: grant.revision, epoch: grant.epoch },
    ...{ origins: grant.origin === '' ? [] : grant.origin.split(' '), expiresAtSeconds: grant.validUntil },
    ...{ isPaused: isPaused(grant), isMinted: grant.profile !== 'open' },
  }
}

export const embeds = new EmbedsState()
