/**
 * One dataset that this node serves: its newest snapshot is open and warm, an older one that is still kept is opened for
 * those who name it. A new snapshot is swapped in when it is ready; queries under way finish on theirs (DESIGN §8).
 */
import { type Hex, type Manifest, MarketplaceError, type Query } from '@enigma/protocol'
import type { DatasetSnapshots, StoredSnapshot } from '../../snapshot/dataset-snapshots.ts'
import type { EngineHealth } from './engine/engine.ts'
import type { LeasedDatabase } from './leased-database.ts'
import { openFullDatabase, type OpenDatabaseParts, openSampleDatabase } from './open-databases.ts'
import { createOlderSnapshots, type OlderRoom, type OlderSnapshots } from './older-snapshots.ts'
import type { OpenedSnapshot } from './opened-snapshot.ts'
import type { PersistenceLimits } from './persistence-limits.ts'
import { streamTableSizes } from './stream-table-sizes.ts'

export type DatasetTerms = {
  manifest: Manifest
  manifestHash: Hex
  /** The largest database that its snapshots may unpack to; any size when absent. */
  maxDatabaseBytes?: number | undefined
}

export type DatasetHealth = {
  dataset: Hex
  /** Undefined until a snapshot is served. */
  seq: number | undefined
  createdAt: number | undefined
  engine: EngineHealth | undefined
}

export type DatasetService = {
  readonly manifest: Manifest
  hasSnapshot: (wish: Query['snapshot']) => boolean
  /**
   * A lease on the snapshot that the query wishes for; throws `snapshot-unknown`, `sample-limited`, `busy` or
   * `rate-limited`. The `account` is whose share of the superseded snapshots is used.
   */
  openSnapshot: (query: Query, signal: AbortSignal, account?: string) => Promise<OpenedSnapshot>
  /** Takes a newer manifest; `settle` brings its sample. */
  setTerms: (terms: DatasetTerms) => void
  /** Resolves when the newest snapshot in the store is the one that is served; throws when it cannot be opened. */
  settle: () => Promise<void>
  health: () => DatasetHealth
  close: () => Promise<void>
}

export type DatasetServiceParts = OpenDatabaseParts & {
  snapshots: DatasetSnapshots
  /** Shared by all datasets of the node. */
  olderRoom: OlderRoom
  terms: DatasetTerms
  limits: Pick<
    PersistenceLimits,
    'sampleTimeoutMs' | 'maxOlderSnapshots' | 'olderSnapshotIdleMs' | 'reopenMs' | 'reopenMostMs'
  >
  /** Told when a snapshot cannot be opened; the one before it goes on serving, and it is tried again. */
  onError: (error: unknown) => void
}

/** `sampleTerms`: what the sample was made for. */
type Serving = {
  stored: StoredSnapshot
  full: LeasedDatabase
  sample: LeasedDatabase | undefined
  sampleTerms: string
}

/** Serves the newest snapshot of the store, and every newer one as it is committed. */
export async function createDatasetService(parts: DatasetServiceParts): Promise<DatasetService> {
  const service = new SnapshotServer(parts)
  await service.settle().catch(parts.onError)
  return service
}

class SnapshotServer implements DatasetService {
  readonly #parts: DatasetServiceParts
  readonly #closing = new AbortController()
  readonly #unsubscribe: () => void
  readonly #older: OlderSnapshots
  #terms: DatasetTerms
  #serving: Serving | undefined
  #swaps: Promise<void> = Promise.resolve()
  #failures = 0
  #retry: NodeJS.Timeout | undefined

  constructor(parts: DatasetServiceParts) {
    this.#parts = parts
    this.#terms = parts.terms
    const { limits, olderRoom: room, onError } = parts
    const open = (stored: StoredSnapshot) => openFullDatabase({ parts, stored, ...this.#bounds() })
    this.#older = createOlderSnapshots({ open, room, limits, onError })
    this.#unsubscribe = parts.snapshots.onCommit(() => void this.settle().catch(parts.onError))
  }

  get manifest(): Manifest {
    return this.#terms.manifest
  }

  hasSnapshot = (wish: Query['snapshot']): boolean =>
    wish.kind === 'latest' ? this.#serving !== undefined : this.#find(wish.seq) !== undefined

  setTerms = (terms: DatasetTerms): void => {
    this.#terms = terms
  }

  openSnapshot = async (query: Query, signal: AbortSignal, account = ''): Promise<OpenedSnapshot> => {
    const serving = this.#serving
    if (serving === undefined) throw snapshotUnknown()
    const { snapshot: wish } = query
    if (wish.kind === 'latest' || wish.seq === serving.stored.snapshot.seq) {
      if (query.kind === 'probe') return this.#leaseProbe(serving)
      return query.kind === 'sample' ? this.#leaseSample(serving) : this.#lease(serving.stored, serving.full)
    }
    const stored = this.#find(wish.seq)
    if (stored === undefined || query.kind !== 'query') throw snapshotUnknown()
    const { database, release } = await this.#older.use(stored, { account, signal })
    const opened = this.#lease(stored, database)
    return { ...opened, release: () => [opened.release, release].forEach((leave) => leave()) }
  }

  settle = (): Promise<void> => {
    const swap = this.#swaps.then(() => this.#swap())
    this.#swaps = swap.then(
      () => void (this.#failures = 0),
      () => this.#settleLater(),
    )
    return swap
  }

  health = (): DatasetHealth => {
    const { dataset } = this.#parts.snapshots
    const snapshot = this.#serving?.stored.snapshot
    return { dataset, seq: snapshot?.seq, createdAt: snapshot?.createdAt, engine: this.#serving?.full.database.health }
  }

  close = async (): Promise<void> => {
    this.#unsubscribe()
    this.#closing.abort()
    clearTimeout(this.#retry)
    await this.#swaps
    const serving = this.#serving
    this.#serving = undefined
    await Promise.all([serving?.full.close(), serving?.sample?.close(), this.#older.close()])
  }

  /** What failed may have passed by then: too many processes, no memory, a disk that was full. */
  #settleLater(): void {
    const { reopenMs, reopenMostMs } = this.#parts.limits
    if (this.#closing.signal.aborted) return
    clearTimeout(this.#retry)
    const delayMs = Math.min(reopenMostMs, reopenMs * 2 ** this.#failures++)
    this.#retry = setTimeout(() => void this.settle().catch(this.#parts.onError), delayMs)
  }

  async #swap(): Promise<void> {
    const stored = this.#parts.snapshots.latest()
    if (stored === undefined || this.#closing.signal.aborted) return
    try {
      await this.#serve(stored)
    } catch (error) {
      if (this.#serving === undefined) await this.#serveBefore(stored)
      throw error
    }
  }

  /** Serves the newest older snapshot that can be opened. */
  async #serveBefore({ snapshot: { seq } }: StoredSnapshot): Promise<void> {
    for (const older of this.#parts.snapshots.list().toReversed()) {
      if (older.snapshot.seq >= seq || this.#closing.signal.aborted) continue
      try {
        await this.#serve(older)
        return
      } catch (error) {
        this.#parts.onError(error)
      }
    }
  }

  async #serve(stored: StoredSnapshot): Promise<void> {
    const before = this.#serving
    const isSameSnapshot = before?.stored.snapshot.seq === stored.snapshot.seq
    const sampleTerms = JSON.stringify(this.#terms.manifest.sample)
    if (isSameSnapshot && before.sampleTerms === sampleTerms) return
    const request = { parts: this.#parts, stored, manifest: this.#terms.manifest, ...this.#bounds() }
    const sample = await openSampleDatabase(request)
    try {
      const full = isSameSnapshot ? before.full : await openFullDatabase(request)
      this.#serving = { stored, full, sample, sampleTerms }
    } catch (error) {
      await sample?.retire()
      throw error
    }
    this.#older.keepOnly(this.#parts.snapshots.list())
    const superseded = isSameSnapshot ? [before.sample] : [before?.full, before?.sample]
    for (const database of superseded) database?.retire().catch(this.#parts.onError)
  }

  #bounds() {
    return { maxBytes: this.#terms.maxDatabaseBytes, signal: this.#closing.signal }
  }

  #find(seq: number): StoredSnapshot | undefined {
    return this.#parts.snapshots.list().find(({ snapshot }) => snapshot.seq === seq)
  }

  #lease({ signed }: StoredSnapshot, { database, lease }: LeasedDatabase): OpenedSnapshot {
    const { manifest, manifestHash } = this.#terms
    const { engineId } = this.#parts.engine
    const timeoutMs = manifest.limits.timeoutSeconds * 1000
    return { head: signed, manifestHash, engineId, timeoutMs, stream: database.stream, release: lease() }
  }

  /** By the processes of the free sample where there is one. */
  #leaseProbe({ stored, full, sample }: Serving): OpenedSnapshot {
    const leased = this.#lease(stored, sample ?? full)
    const stream = streamTableSizes(stored.snapshot, leased.stream)
    return { ...leased, stream, timeoutMs: this.#parts.limits.sampleTimeoutMs }
  }

  #leaseSample({ stored, sample }: Serving): OpenedSnapshot {
    if (sample === undefined) {
      const message = 'This dataset offers no free sample; start a trial or subscribe.'
      throw new MarketplaceError({ code: 'sample-limited', message })
    }
    return { ...this.#lease(stored, sample), timeoutMs: this.#parts.limits.sampleTimeoutMs }
  }
}

function snapshotUnknown(): MarketplaceError {
  return new MarketplaceError({
    code: 'snapshot-unknown',
    message: 'This node does not hold that snapshot; ask for the latest one, or ask another node.',
  })
}
