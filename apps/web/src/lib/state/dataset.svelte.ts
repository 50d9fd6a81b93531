/**
 * One dataset for its page. The relay that serves this site describes it first, unproven; the SDK then reads the chain and
 * checks the manifest against the hash there. Each part is shown as soon as it is known, and each may fail by itself.
 */
import type { ActivityCursor, ActivityEvent, DatasetTerms } from '@enigma/chain'
import type { Manifest } from '@enigma/protocol'
import type { ShownError } from '#lib/format/shown-error.ts'
import { app } from './app.svelte.ts'
import { connectivity } from './connectivity.svelte.ts'
import { fetchUnprovenManifest } from './read-unproven-manifest.ts'
import { toShownError } from './to-shown-error.ts'

export class DatasetState {
  readonly path: string
  manifest = $state.raw<Manifest>()
  /** Whether the manifest was checked against the hash on chain. */
  isVerified = $state(false)
  /** Why no verified manifest could be had. */
  manifestError = $state.raw<ShownError>()
  terms = $state.raw<DatasetTerms>()
  termsError = $state.raw<ShownError>()
  /** peerIds of nodes with a valid record, once the manifest is verified. */
  foundNodes = $state.raw<ReadonlySet<string>>()
  activity = $state.raw<readonly ActivityEvent[]>()
  activityError = $state.raw<ShownError>()
  /** Where older events begin; undefined when all were read. */
  olderActivity = $state.raw<ActivityCursor>()
  isReadingActivity = $state(false)
  readonly #ending = new AbortController()

  constructor(path: string) {
    this.path = path
  }

  /** Whether the chain knows no such dataset. */
  get isUnknown(): boolean {
    return this.termsError?.code === 'dataset-unknown' || this.termsError?.code === 'name-invalid'
  }

  async load(): Promise<void> {
    this.manifestError = undefined
    this.termsError = undefined
    if (this.manifest === undefined) await this.#readFirst()
    await Promise.all([this.#readTerms(), this.#readManifest()])
  }

  /** Drops what is under way. */
  stop(): void {
    this.#ending.abort()
  }

  /** Reads the newest events, or older ones behind those that are shown. */
  async readActivity(): Promise<void> {
    if (this.isReadingActivity) return
    this.isReadingActivity = true
    this.activityError = undefined
    try {
      const client = await app.client()
      const before = this.olderActivity
      const { events, next } = await client.activity({
        dataset: this.path,
        ...(before === undefined ? {} : { before }),
      })
      this.activity = [...(before === undefined ? [] : (this.activity ?? [])), ...events]
      this.olderActivity = next
    } catch (error) {
      this.activityError = toShownError(error)
    }
    this.isReadingActivity = false
  }

  async #readFirst(): Promise<void> {
    const manifest = await fetchUnprovenManifest(this.path, this.#ending.signal)
    if (manifest !== undefined && !this.isVerified) this.manifest = manifest
  }

  async #readTerms(): Promise<void> {
    try {
      const client = await app.client()
      this.terms = await client.terms(this.path)
    } catch (error) {
      this.termsError = toShownError(error)
    }
  }

  async #readManifest(): Promise<void> {
    const { signal } = this.#ending
    try {
      const client = await app.client()
      const { manifest, nodes } = await client.dataset(this.path, { signal, isNodeNeeded: false })
      this.manifest = manifest
      this.isVerified = true
      this.foundNodes = new Set(nodes.map(({ peerId }) => peerId))
      connectivity.report()
    } catch (error) {
      if (signal.aborted) return
      this.manifestError = toShownError(error)
      connectivity.report(this.manifestError.code)
      // What the chain does not bear out is not shown on.
      if (this.manifestError.code === 'manifest-mismatch') this.manifest = undefined
    }
  }
}
