/** The worker role: runs each dataset's curation script on its schedule and brings the snapshots out (DESIGN §8). */
import { type Hex, MarketplaceError } from '@enigma/protocol'
import { resumeSnapshot } from '../../snapshot/publish-snapshot.ts'
import { sleep } from '../../clock.ts'
import { curateDataset, type CurateParts, type PublisherPlace, type WorkerDataset } from './curate-dataset.ts'
import { createHeadPusher, type HeadPusherParts } from './push-heads.ts'
import type { CurationRun } from './run-log.ts'
import { createSchedule, dueTime } from './schedule.ts'

export type WorkerRoleParts = CurateParts &
  Omit<HeadPusherParts, 'onFailure'> & {
    datasets: readonly WorkerDataset[]
    /** Takes in the newest snapshot that the dataset's nodes have; throws when they cannot tell. */
    catchUp: (dataset: WorkerDataset, signal: AbortSignal) => Promise<PublisherPlace>
    /** Scripts that run at once on this machine; 2. */
    maxRuns?: number | undefined
    onPushFailure?: HeadPusherParts['onFailure']
    /** What ended the loop of a dataset, such as a schedule that cannot be read, or what its start could not read. */
    onDatasetFailure: (failure: { dataset: Hex; error: unknown }) => void
    onRun?: ((run: CurationRun) => void) | undefined
  }

export type WorkerRole = {
  /** Ends running scripts and pushes; a run that is cut short is done again at the next start. */
  stop(): Promise<void>
  /** The newest runs first. */
  runs(wish?: { dataset?: Hex; limit?: number }): CurationRun[]
  /** Runs a dataset's script now, after one that is under way; returns how it ended. */
  runNow(dataset: Hex): Promise<CurationRun>
  /** Replaces the datasets; those of the same version run on, running scripts of the others are ended. */
  setDatasets(datasets: readonly WorkerDataset[]): Promise<void>
}

/** Starts the role. A dataset that never ran, or missed its time, runs at once. */
export function startWorkerRole(parts: WorkerRoleParts): WorkerRole {
  const { runLog } = parts
  const pusher = createHeadPusher({ ...parts, onFailure: parts.onPushFailure })
  const limit = createLimit(parts.maxRuns ?? 2)
  let loops = new Map<Hex, DatasetLoop>()
  const start = (target: WorkerDataset) => {
    const loop = new DatasetLoop({ parts, target, limit, offer: (stored) => pusher.offer({ ...target, stored }) })
    loop.start()
    return [target.dataset, loop] as const
  }
  loops = new Map(parts.datasets.map(start))
  return {
    async stop() {
      await Promise.all([...loops.values()].map((loop) => loop.stop()))
      await pusher.stop()
    },
    runs: (wish = {}) => runLog.runs(wish),
    async runNow(dataset) {
      const loop = loops.get(dataset)
      if (loop === undefined) throw unknownDataset(dataset)
      return loop.runNow()
    },
    async setDatasets(datasets) {
      const kept = [...loops].filter(([, loop]) => datasets.some((target) => loop.runs(target)))
      const dropped = [...loops.values()].filter((loop) => !kept.some(([, each]) => each === loop))
      loops = new Map(kept)
      await Promise.all(dropped.map((loop) => loop.stop()))
      for (const target of datasets) if (!loops.has(target.dataset)) loops.set(...start(target))
    },
  }
}

type LoopParts = {
  parts: WorkerRoleParts
  target: WorkerDataset
  limit: Limit
  offer: (stored: NonNullable<Awaited<ReturnType<typeof curateDataset>>>) => void
}

/** One dataset: its runs follow one another and never overlap. */
class DatasetLoop {
  readonly #loop: LoopParts
  readonly #end = new AbortController()
  #place: PublisherPlace | undefined
  #runs: Promise<unknown> = Promise.resolve()
  #done: Promise<void> = Promise.resolve()

  constructor(loop: LoopParts) {
    this.#loop = loop
  }

  start(): void {
    const { parts, target } = this.#loop
    this.#done = this.#follow().catch((error: unknown) => {
      if (!this.#end.signal.aborted) parts.onDatasetFailure({ dataset: target.dataset, error })
    })
  }

  /** Whether this loop is of that dataset in that version. */
  runs({ dataset, manifest }: WorkerDataset): boolean {
    const { target } = this.#loop
    return target.dataset === dataset && target.manifest.version === manifest.version
  }

  async stop(): Promise<void> {
    this.#end.abort(new MarketplaceError({ code: 'aborted', message: 'The worker stops.' }))
    await Promise.allSettled([this.#done, this.#runs])
  }

  /** Runs after what is under way. */
  async runNow(): Promise<CurationRun> {
    await this.#enqueue(Math.floor(this.#loop.parts.clock.nowMs()))
    const { parts, target } = this.#loop
    const [run] = parts.runLog.runs({ dataset: target.dataset, limit: 1 })
    if (run === undefined) throw unknownDataset(target.dataset)
    return run
  }

  async #follow(): Promise<void> {
    const { parts, target } = this.#loop
    const { clock, runLog } = parts
    await this.#resume()
    if (target.manifest.schedule === undefined) return
    const schedule = createSchedule(target.manifest.schedule)
    const { signal } = this.#end
    while (!signal.aborted) {
      const due = dueTime({ schedule, lastMs: runLog.lastEndedMs(target.dataset), nowMs: clock.nowMs() })
      if (due === undefined) {
        const next = schedule.next(clock.nowMs())
        if (next === undefined) return
        await sleep({ clock, delayMs: Math.max(1, next - clock.nowMs()), signal })
      } else await this.#enqueue(due)
    }
  }

  /** A disk that cannot be read now ends nothing: each run reads it again, and publishing signs what was left unsigned. */
  async #resume(): Promise<void> {
    const { parts, target, offer } = this.#loop
    try {
      await resumeSnapshot({ ...parts, dataset: target.dataset })
      const latest = (await parts.store.dataset(target.dataset)).latest()
      if (latest !== undefined) offer(latest)
    } catch (error) {
      parts.onDatasetFailure({ dataset: target.dataset, error })
    }
  }

  #enqueue(scheduledAtMs: number): Promise<void> {
    const run = this.#runs.then(() => this.#loop.limit(() => this.#run(scheduledAtMs)))
    this.#runs = run.catch(() => undefined)
    return run
  }

  /** Once for each start, before the first publication; what the nodes had is brought to those that had it not. */
  async #findPlace(): Promise<PublisherPlace> {
    if (this.#place !== undefined) return this.#place
    const { parts, target, offer } = this.#loop
    const place = await parts.catchUp(target, this.#end.signal)
    const latest = (await parts.store.dataset(target.dataset)).latest()
    if (latest !== undefined) offer(latest)
    this.#place = place
    return place
  }

  async #run(scheduledAtMs: number): Promise<void> {
    const { parts, target, offer } = this.#loop
    const { signal } = this.#end
    if (signal.aborted) return
    const stored = await curateDataset({ parts, target, scheduledAtMs, findPlace: () => this.#findPlace(), signal })
    if (stored !== undefined) offer(stored)
    const [run] = parts.runLog.runs({ dataset: target.dataset, limit: 1 })
    if (run !== undefined) parts.onRun?.(run)
  }
}

type Limit = <Result>(work: () => Promise<Result>) => Promise<Result>

/** At most `count` works at once; the others wait in order. */
function createLimit(count: number): Limit {
  const waiting: (() => void)[] = []
  let free = count
  return async (work) => {
    if (free === 0) await new Promise<void>((resolve) => waiting.push(resolve))
    else free -= 1
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next === undefined) free += 1
      else next()
    }
  }
}

function unknownDataset(dataset: Hex): MarketplaceError {
  const message = 'This worker runs no script of that dataset; name the script in worker.scripts of its settings.'
  return new MarketplaceError({ code: 'dataset-unknown', message, details: dataset })
}
