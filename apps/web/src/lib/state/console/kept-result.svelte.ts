/** The last result, kept in this browser only where the reader asked for it: for a day, and until the account signs out. */
import type { RowSource } from '@enigma/result/result-set'
import { dropOldResults, keepResult, readResult, readWish, removeResult, writeWish } from './console-store.ts'
import { pageSlices } from '@enigma/result/page-slices'
import { nobody } from './query-history.svelte.ts'
import type { QueryRunState } from './query-run.svelte.ts'

/** What is worth keeping; more is asked again. */
const maxRows = 200_000
const maxBytes = 32 * 1024 * 1024

export type KeptRows = { rows: RowSource; sql: string; atMs: number; seq: number; isTruncated: boolean; bytes: number }

export class KeptResultState {
  /** Whether results are to be kept. */
  isWanted = $state(false)
  kept = $state.raw<KeptRows>()
  /** What became of the newest result: it is being written, is kept, or cannot be. */
  progress = $state<'keeping' | 'kept' | 'too-large' | 'no-room'>()
  #account = nobody

  /** Another account, another result; also takes up whether one is wanted. */
  useAccount(account: string | undefined): void {
    this.#account = account ?? nobody
    this.isWanted = readWish(this.#account)
    this.kept = undefined
    this.progress = undefined
  }

  /** Chooses; no longer wanted results are gone at once. */
  async want(isWanted: boolean): Promise<void> {
    this.isWanted = isWanted
    writeWish(this.#account, isWanted)
    if (isWanted) return
    this.kept = undefined
    this.progress = undefined
    await removeResult(this.#account)
  }

  /** Shows what was kept for a dataset. */
  async restore(dataset: string): Promise<void> {
    this.kept = undefined
    const nowMs = Date.now()
    await dropOldResults(nowMs)
    const account = this.#account
    const found = await readResult(account, nowMs)
    if (found?.dataset !== dataset || account !== this.#account) return
    try {
      const bytes = new Uint8Array(await found.arrow.arrayBuffer())
      const { readPhysicalArrow } = await import('@enigma/result/arrow')
      const { sql, atMs, seq, isTruncated } = found
      this.kept = { rows: readPhysicalArrow(bytes, found.columns), sql, atMs, seq, isTruncated, bytes: bytes.length }
    } catch {
      // Written by another version of this page: it is of no use any more.
      await removeResult(account)
    }
  }

  /** Keeps a verified result that is not too large. */
  async keep({ run, dataset }: { run: QueryRunState; dataset: string }): Promise<void> {
    const { rows, outcome, asked } = run
    this.progress = undefined
    if (!this.isWanted || rows === undefined || outcome === undefined || asked === undefined) return
    if (rows.rowCount > maxRows || run.bytes > maxBytes) {
      this.progress = 'too-large'
      return
    }
    this.progress = 'keeping'
    const account = this.#account
    const { arrowPieces } = await import('@enigma/result/arrow')
    const slices = pageSlices()
    const parts: Uint8Array<ArrayBuffer>[] = []
    for (const piece of arrowPieces(rows, { isPhysical: true })) {
      parts.push(piece)
      if (slices.isDue()) await slices.pause()
    }
    const isKept = await keepResult({
      ...{ account, dataset, sql: asked.sql, atMs: Date.now(), seq: outcome.seq, isTruncated: outcome.isTruncated },
      columns: rows.columns.map(({ name, type }) => ({ name, type })),
      arrow: new Blob(parts),
    })
    if (account === this.#account && asked === run.asked) this.progress = isKept ? 'kept' : 'no-room'
  }
}
