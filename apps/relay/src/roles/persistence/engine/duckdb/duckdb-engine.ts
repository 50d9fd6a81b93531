/** The embedded engine: DuckDB in a pool of processes for each open database, never in the daemon (DESIGN §7). */
import { rm } from 'node:fs/promises'
import { MarketplaceError } from '@enigma/protocol'
import { version } from '@duckdb/node-api'
import type { Engine, EngineBatch, EngineHealth, EngineQuery, EngineResult } from '../engine.ts'
import { engineLimits } from '../engine-limits.ts'
import type { EngineRequest, NextReply } from './engine-messages.ts'
import { EnginePool, type EngineSettings, type Hold, type Turn } from './engine-pool.ts'
import { type EngineProcess, type EngineTools, startEngineProcess } from './engine-process.ts'
import { createMemoryRoom, type MemoryRoom } from './memory-room.ts'

export type DuckdbEngineParameters = {
  tools: EngineTools
  memoryBytes?: number
  threads?: number
  /** Processes for each open database. */
  processes?: number
  readerHoldMs?: number
  /** Shared with the other engines of the node; without it the processes are bounded for each database alone. */
  room?: MemoryRoom
}

/** Creates the engine; nothing runs until a database is opened. */
export function createDuckdbEngine(parameters: DuckdbEngineParameters): Engine {
  const { memoryBytes, threads, processes, readerHoldMs } = engineLimits
  const room = createMemoryRoom({ maxBytes: Infinity })
  const settings: EngineSettings = { memoryBytes, threads, processes, readerHoldMs, room, ...parameters }
  const pools = new Set<EnginePool>()
  /** Processes that ingest, and those killed that belong to no open pool any more. */
  const others = { ingesting: 0, killed: 0 }
  const close = async (pool: EnginePool) => {
    await pool.close()
    if (pools.delete(pool)) others.killed += pool.health.killed
  }
  return {
    get health() {
      return sumOf(pools, others)
    },
    engineId: `duckdb/${version().replace(/^v/, '')}`,
    async open({ databasePath, tables }) {
      const pool = new EnginePool(settings, databasePath, tables)
      // One process is warm before the first query, and tells whether the file can be opened.
      const warm = await pool.acquire({ lane: '', signal: new AbortController().signal })
      warm.release()
      pools.add(pool)
      return {
        stream: (query) => streamOnSoundProcess(pool, query),
        close: () => close(pool),
        get health() {
          return pool.health
        },
      }
    },
    async ingest({ signal, ...request }) {
      signal?.throwIfAborted()
      const place = settings.room.enter(settings.memoryBytes)
      const process_ = startEngineProcess({
        ...settings,
        fileBytes: request.maxBytes,
        onKilled: () => others.killed++,
      })
      void process_.ended.then(place.leave)
      others.ingesting++
      const abort = () => void process_.kill()
      signal?.addEventListener('abort', abort)
      try {
        const limits = { memoryBytes: settings.memoryBytes, threads: settings.threads }
        await process_.ask({ kind: 'ingest', ...limits, ...request }, engineLimits.ingestTimeoutMs)
      } catch (error) {
        await process_.kill()
        await removeDatabase(request.databasePath)
        throw error
      } finally {
        signal?.removeEventListener('abort', abort)
        await process_.kill()
        others.ingesting--
      }
    },
  }
}

/** With what DuckDB writes beside it, which a killed process leaves behind. */
async function removeDatabase(path: string): Promise<void> {
  for (const file of [path, `${path}.wal`, `${path}.tmp`]) await rm(file, { recursive: true, force: true })
}

function sumOf(
  pools: Iterable<EnginePool>,
  { ingesting, killed }: { ingesting: number; killed: number },
): EngineHealth {
  const sum = { processes: ingesting, busy: ingesting, waiting: 0, killed }
  for (const { health } of pools) {
    sum.processes += health.processes
    sum.busy += health.busy
    sum.waiting += health.waiting
    sum.killed += health.killed
  }
  return sum
}

/** What earlier queries left behind in a process must not fail an honest one: that is asked again of a fresh process. */
async function streamOnSoundProcess(pool: EnginePool, query: EngineQuery): Promise<EngineResult> {
  const turn: Turn = { lane: query.lane ?? '', signal: query.signal }
  const hold = await pool.acquire(turn)
  const { isUsed } = hold.process
  const started = performance.now()
  try {
    return await streamQuery(query, hold)
  } catch (error) {
    if (!isUsed || !isUnsound(error)) throw error
    const fresh = await pool.acquireFresh(turn)
    const timeoutMs = Math.floor(query.timeoutMs - (performance.now() - started))
    if (timeoutMs > 0) return await streamQuery({ ...query, timeoutMs }, fresh)
    fresh.release()
    throw error
  }
}

/** After these a process is not used again: its memory is spent or nobody knows its state. */
function isUnsound(error: unknown): boolean {
  return error instanceof MarketplaceError && (error.code === 'too-large' || error.code === 'engine-failed')
}

async function streamQuery(query: EngineQuery, hold: Hold): Promise<EngineResult> {
  const { signal, onStarted, sql, parameters, maxRows, maxBytes, timeoutMs } = query
  const request = { kind: 'query', sql, parameters, maxRows, maxBytes, timeoutMs } as const
  const process_ = hold.process
  const end = () => {
    signal.removeEventListener('abort', abort)
    hold.release()
  }
  // A reader who has not fetched a batch yet may never do so, and then nothing else would give the process back.
  const abort = () => (hold.isPaused ? end() : process_.cancel())
  signal.addEventListener('abort', abort)
  try {
    signal.throwIfAborted()
    const ask = withinTime(process_, timeoutMs)
    onStarted?.()
    const reply = await ask(request)
    if (reply.kind !== 'columns') throw unexpected(process_)
    const state = { truncated: false }
    return {
      columns: reply.columns,
      deterministic: reply.deterministic,
      guardMs: reply.guardMs,
      isReady: reply.first !== undefined,
      get truncated() {
        return state.truncated
      },
      batches: readBatches(createBatchesAhead({ hold, ask, signal, state, end, first: reply.first })),
    }
  } catch (error) {
    await retire(process_, error)
    end()
    throw error
  }
}

async function retire(process_: EngineProcess, error: unknown): Promise<void> {
  if (isUnsound(error)) await process_.kill()
}

type Ask = (request: EngineRequest) => ReturnType<EngineProcess['ask']>

/** Asks a process so that all replies together take no longer than the query may; the reader's own time is free. */
function withinTime(process_: EngineProcess, timeoutMs: number): Ask {
  let remainingMs = timeoutMs
  return async (request) => {
    const started = performance.now()
    try {
      return await process_.ask(request, remainingMs)
    } finally {
      remainingMs = Math.max(1, remainingMs - (performance.now() - started))
    }
  }
}

type BatchesAheadParameters = {
  hold: Hold
  ask: Ask
  signal: AbortSignal
  state: { truncated: boolean }
  end: () => void
  /** What came with the columns. */
  first: NextReply | undefined
}

type BatchesAhead = {
  /** The next batch, or undefined after the last one. */
  take: () => Promise<EngineBatch | undefined>
  /** Ends what the process still does, and gives it back. */
  leave: () => Promise<void>
}

/** One batch is made while the one before is in use; while it waits for its reader, the process counts as held back. */
function createBatchesAhead({ hold, ask, signal, state, end, first }: BatchesAheadParameters): BatchesAhead {
  let isAsked = false
  const request = async (): Promise<NextReply> => {
    isAsked = true
    const reply = await ask({ kind: 'next' }).finally(() => (isAsked = false))
    if (reply.kind !== 'end' && reply.kind !== 'batch') throw unexpected(hold.process)
    return arrived(reply)
  }
  const arrived = (reply: NextReply): NextReply => {
    hold.pause()
    return reply
  }
  const begin = (pending: Promise<NextReply>): Promise<NextReply> => {
    // Thrown to whoever takes it. Nobody does when the query was ended: then the process is given back here.
    const settled = pending.then(
      () => undefined,
      (error: unknown) => (signal.aborted ? retire(hold.process, error) : undefined),
    )
    void settled.then(() => signal.aborted && end())
    return pending
  }
  let ahead: Promise<NextReply> | undefined = begin(first === undefined ? request() : Promise.resolve(arrived(first)))
  return {
    async take() {
      signal.throwIfAborted()
      if (ahead === undefined) return undefined
      const reply = await ahead
      // Ended while it waited: the process is given back already, and may be someone else's.
      signal.throwIfAborted()
      if (hold.isEvicted) throw slowReader()
      hold.resume()
      ahead = undefined
      if (reply.kind === 'batch' && reply.isLast !== true) ahead = begin(request())
      else end()
      if (reply.kind === 'batch') return reply
      state.truncated = reply.truncated
      return undefined
    },
    async leave() {
      if (isAsked) hold.process.cancel()
      await ahead?.catch((error: unknown) => retire(hold.process, error))
      end()
    },
  }
}

async function* readBatches({ take, leave }: BatchesAhead): AsyncGenerator<EngineBatch, void, undefined> {
  try {
    for (let batch = await take(); batch !== undefined; batch = await take()) yield batch
  } finally {
    await leave()
  }
}

function slowReader(): MarketplaceError {
  const message =
    'The answer was fetched too slowly while others waited for this dataset; ask for less, or fetch faster.'
  return new MarketplaceError({ code: 'too-slow', message })
}

/** A process that says what was not asked for is not trusted again. */
function unexpected(process_: EngineProcess): MarketplaceError {
  void process_.kill()
  return new MarketplaceError({ code: 'engine-failed', message: 'The engine process answered out of turn; try again.' })
}
