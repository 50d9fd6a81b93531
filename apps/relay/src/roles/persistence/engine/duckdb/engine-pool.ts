/**
 * The processes of one open database: warm ones are reused, dead ones replaced, askers wait in turns. One asker never
 * holds all processes, and a reader who fetches slowly gives its process up when others wait for one.
 */
import { MarketplaceError } from '@enigma/protocol'
import type { EngineHealth, EngineTable } from '../engine.ts'
import { engineLimits } from '../engine-limits.ts'
import { type EngineProcess, type EngineTools, startEngineProcess } from './engine-process.ts'
import { createFairLine } from '../../fair-line.ts'
import type { MemoryRoom, RoomPlace } from './memory-room.ts'

export type EngineSettings = {
  tools: EngineTools
  memoryBytes: number
  threads: number
  processes: number
  /** How long readers may hold a process back that others wait for. */
  readerHoldMs: number
  /** What all databases of the node share. */
  room: MemoryRoom
}

/** For whom a process is asked; `signal` leaves the line. */
export type Turn = { lane: string; signal: AbortSignal }

/** A process of one's own until `release`. */
export type Hold = {
  readonly process: EngineProcess
  /** Given up for others; the process is dead. */
  readonly isEvicted: boolean
  readonly isPaused: boolean
  /** To be called when the process has nothing to do because its reader does not fetch, and when it has again. */
  pause: () => void
  resume: () => void
  /** Gives the process back, alive or dead; once. */
  release: () => void
}

type Holding = Hold & { lane: string; blockedMs: number; evict: () => void }
type Waiting = { lane: string; resolve: (hold: Holding) => void; reject: (error: unknown) => void }

/** A pool on one database file. */
export class EnginePool {
  readonly #settings: EngineSettings
  readonly #databasePath: string
  readonly #tables: readonly EngineTable[]
  readonly #idle: EngineProcess[] = []
  /** With the room that each has. */
  readonly #all = new Map<EngineProcess, RoomPlace>()
  readonly #holds = new Set<Holding>()
  readonly #line = createFairLine<Waiting>()
  /** Processes being started, by lane. */
  readonly #starting: string[] = []
  #evictions: ReturnType<typeof setInterval> | undefined
  #killed = 0
  #isClosed = false

  constructor(settings: EngineSettings, databasePath: string, tables: readonly EngineTable[]) {
    this.#settings = settings
    this.#databasePath = databasePath
    this.#tables = tables
  }

  /** Throws `rate-limited` when too many wait, and what `signal` says when the asker leaves. */
  async acquire({ lane, signal }: Turn): Promise<Hold> {
    if (this.#isClosed) throw closed()
    signal.throwIfAborted()
    const waiting = this.#line.size
    if (waiting === 0 && this.#hasRoom() && this.#mayHold(lane)) return this.#take(lane)
    if (waiting >= engineLimits.waiting) {
      throw new MarketplaceError({ code: 'rate-limited', message: 'Too many queries wait on this dataset; try again.' })
    }
    const { promise, resolve, reject } = Promise.withResolvers<Hold>()
    const give = (hold: Hold) => (signal.aborted ? hold.release() : resolve(hold))
    const leave = this.#line.push(lane, { lane, resolve: give, reject })
    const abort = () => {
      leave()
      reject(signal.reason as Error)
    }
    signal.addEventListener('abort', abort)
    this.#serve()
    if (this.#line.size > 0) this.#watchReaders()
    return promise.finally(() => signal.removeEventListener('abort', abort))
  }

  /** A process that has not served anyone: an idle one makes room for it. */
  async acquireFresh(turn: Turn): Promise<Hold> {
    const hold = await this.acquire(turn)
    if (!hold.process.isUsed) return hold
    await hold.process.kill()
    this.#forget(hold.process)
    // Begun before the hold is released, so that nobody else takes the place.
    const fresh = this.#startHeld(turn.lane)
    hold.release()
    return fresh
  }

  /** Ends all processes and refuses those that wait. */
  async close(): Promise<void> {
    this.#isClosed = true
    for (const { reject } of this.#line.clear()) reject(closed())
    this.#serve()
    await Promise.all([...this.#all.keys()].map((process_) => process_.kill()))
  }

  get health(): EngineHealth {
    const processes = this.#all.size
    return { processes, busy: processes - this.#idle.length, waiting: this.#line.size, killed: this.#killed }
  }

  /** Where others have all the memory of the node, those that ask wait for a process of this database, if it has one. */
  #hasRoom(): boolean {
    if (this.#idle.length > 0) return true
    const { processes, memoryBytes, room } = this.#settings
    const running = this.#all.size
    return running === 0 || (running < processes && room.hasRoom(memoryBytes))
  }

  /** One process stays for the others, where there is more than one. */
  #mayHold(lane: string): boolean {
    const held = [...this.#holds].filter((hold) => hold.lane === lane).length
    const starting = this.#starting.filter((each) => each === lane).length
    return held + starting < Math.max(1, this.#settings.processes - 1)
  }

  async #take(lane: string): Promise<Holding> {
    for (let process_ = this.#idle.pop(); process_ !== undefined; process_ = this.#idle.pop()) {
      if (process_.isAlive) {
        this.#all.get(process_)?.work()
        return this.#hold(process_, lane)
      }
      this.#forget(process_)
    }
    return this.#startHeld(lane)
  }

  async #startHeld(lane: string): Promise<Holding> {
    this.#starting.push(lane)
    try {
      return this.#hold(await this.#start(), lane)
    } finally {
      this.#starting.splice(this.#starting.indexOf(lane), 1)
    }
  }

  #hold(process_: EngineProcess, lane: string): Holding {
    const hold = createHold({
      process: process_,
      lane,
      onRelease: () => {
        this.#holds.delete(hold)
        const isUsable = process_.isAlive && !this.#isClosed
        if (isUsable) this.#rest(process_)
        else this.#forget(process_)
        this.#serve()
      },
    })
    this.#holds.add(hold)
    return hold
  }

  #rest(process_: EngineProcess): void {
    this.#idle.push(process_)
    this.#all.get(process_)?.rest(() => {
      const at = this.#idle.indexOf(process_)
      if (at >= 0) this.#idle.splice(at, 1)
      this.#all.delete(process_)
      void process_.kill()
    })
  }

  /** Dead or about to be: its room is free for the process that replaces it. */
  #forget(process_: EngineProcess): void {
    this.#all.get(process_)?.leave()
    this.#all.delete(process_)
  }

  /** Gives free processes to those whose turn it is. */
  #serve(): void {
    while (this.#hasRoom() && !this.#isClosed) {
      const next = this.#line.take((lane) => this.#mayHold(lane))
      if (next === undefined) break
      this.#take(next.lane).then(next.resolve, (error: unknown) => {
        next.reject(error)
        this.#serve()
      })
    }
    if (this.#line.size > 0) return
    clearInterval(this.#evictions)
    this.#evictions = undefined
  }

  #watchReaders(): void {
    let checkedAt = performance.now()
    this.#evictions ??= setInterval(() => {
      const sinceMs = performance.now() - checkedAt
      checkedAt += sinceMs
      this.#evictSlowest(sinceMs)
    }, engineLimits.evictionCheckMs)
  }

  /**
   * Of the readers that held a process back from others for too long, the slowest gives it up. However slowly one read
   * before anybody waited does not count, and one that works for its query now keeps it.
   */
  #evictSlowest(sinceMs: number): void {
    const isInTheWay = ({ lane }: Holding) => this.#line.some((other) => other !== lane && this.#mayHold(other))
    const paused = [...this.#holds].filter((hold) => hold.isPaused && isInTheWay(hold))
    for (const hold of paused) hold.blockedMs += sinceMs
    const slow = paused.filter(({ blockedMs }) => blockedMs > this.#settings.readerHoldMs)
    slow.toSorted((a, b) => b.blockedMs - a.blockedMs)[0]?.evict()
  }

  async #start(): Promise<EngineProcess> {
    const { tools, memoryBytes, threads, room } = this.#settings
    const place = room.enter(memoryBytes)
    const process_ = startEngineProcess({ tools, memoryBytes, onKilled: () => this.#killed++ })
    void process_.ended.then(place.leave)
    this.#all.set(process_, place)
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

function createHold({
  process: process_,
  lane,
  onRelease,
}: {
  process: EngineProcess
  lane: string
  onRelease: () => void
}): Holding {
  let isPaused = false
  let isEvicted = false
  let isReleased = false
  const release = () => {
    if (isReleased) return
    isReleased = true
    onRelease()
  }
  return {
    process: process_,
    lane,
    get isEvicted() {
      return isEvicted
    },
    get isPaused() {
      return isPaused
    },
    pause: () => (isPaused = true),
    resume: () => (isPaused = false),
    blockedMs: 0,
    evict() {
      isEvicted = true
      void process_.kill()
      release()
    },
    release,
  }
}

function closed(): MarketplaceError {
  return new MarketplaceError({ code: 'snapshot-unknown', message: 'The snapshot was closed; ask again.' })
}
