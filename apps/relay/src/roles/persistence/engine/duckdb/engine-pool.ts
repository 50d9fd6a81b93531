/** The processes of one open database: warm ones are reused, dead ones replaced, askers wait in line. */
import { MarketplaceError } from '@enigma/protocol'
import type { EngineHealth, EngineTable } from '../engine.ts'
import { engineLimits } from '../engine-limits.ts'
import { type EngineProcess, type EngineTools, startEngineProcess } from './engine-process.ts'

export type EngineSettings = { tools: EngineTools; memoryBytes: number; threads: number; processes: number }

type Waiting = { resolve: (process_: EngineProcess) => void; reject: (error: unknown) => void }

/** A pool on one database file. */
export class EnginePool {
  readonly #settings: EngineSettings
  readonly #databasePath: string
  readonly #tables: readonly EngineTable[]
  readonly #idle: EngineProcess[] = []
  readonly #all = new Set<EngineProcess>()
  readonly #waiting: Waiting[] = []
  #killed = 0
  #isClosed = false

  constructor(settings: EngineSettings, databasePath: string, tables: readonly EngineTable[]) {
    this.#settings = settings
    this.#databasePath = databasePath
    this.#tables = tables
  }

  /** A process of one's own until `release`; throws `rate-limited` when too many wait. */
  async acquire(): Promise<EngineProcess> {
    if (this.#isClosed) throw closed()
    for (let process_ = this.#idle.pop(); process_ !== undefined; process_ = this.#idle.pop()) {
      if (process_.isAlive) return process_
      this.#all.delete(process_)
    }
    if (this.#all.size < this.#settings.processes) return this.#start()
    if (this.#waiting.length >= engineLimits.waiting) {
      throw new MarketplaceError({ code: 'rate-limited', message: 'Too many queries wait on this dataset; try again.' })
    }
    const { promise, resolve, reject } = Promise.withResolvers<EngineProcess>()
    this.#waiting.push({ resolve, reject })
    return promise
  }

  /** A process that has not served anyone: an idle one makes room for it. */
  async acquireFresh(): Promise<EngineProcess> {
    const process_ = await this.acquire()
    if (!process_.isUsed) return process_
    await process_.kill()
    this.#all.delete(process_)
    return this.#start()
  }

  /** Gives a process back, alive or dead: the next in line gets it, or a fresh one in its place. */
  release(process_: EngineProcess): void {
    const isUsable = process_.isAlive && !this.#isClosed
    if (!isUsable) this.#all.delete(process_)
    const next = this.#waiting.shift()
    if (next === undefined) {
      if (isUsable) this.#idle.push(process_)
    } else if (isUsable) {
      next.resolve(process_)
    } else {
      this.#start().then(next.resolve, next.reject)
    }
  }

  /** Ends all processes and refuses those that wait. */
  async close(): Promise<void> {
    this.#isClosed = true
    for (const { reject } of this.#waiting.splice(0)) reject(closed())
    await Promise.all([...this.#all].map((process_) => process_.kill()))
  }

  get health(): EngineHealth {
    const processes = this.#all.size
    return { processes, busy: processes - this.#idle.length, waiting: this.#waiting.length, killed: this.#killed }
  }

  async #start(): Promise<EngineProcess> {
    const { tools, memoryBytes, threads } = this.#settings
    const process_ = startEngineProcess({ tools, memoryBytes, onKilled: () => this.#killed++ })
    this.#all.add(process_)
    try {
      const request = {
        kind: 'open',
        databasePath: this.#databasePath,
        tables: this.#tables,
        memoryBytes,
        threads,
      } as const
      await process_.ask(request, engineLimits.startTimeoutMs)
      return process_
    } catch (error) {
      this.#all.delete(process_)
      await process_.kill()
      throw error
    }
  }
}

function closed(): MarketplaceError {
  return new MarketplaceError({ code: 'snapshot-unknown', message: 'The snapshot was closed; ask again.' })
}
