/** The embedded engine: DuckDB in a pool of processes for each open database, never in the daemon (DESIGN §7). */
import { MarketplaceError } from '@enigma/protocol'
import { version } from '@duckdb/node-api'
import type { Engine, EngineBatch, EngineDatabase, EngineQuery, EngineResult, EngineTable } from '../engine.ts'
import { engineLimits } from '../engine-limits.ts'
import { type EngineProcess, type EngineTools, startEngineProcess } from './engine-process.ts'

export type DuckdbEngineParameters = {
  tools: EngineTools
  memoryBytes?: number
  threads?: number
  /** Processes for each open database. */
  processes?: number
}

type Settings = Required<DuckdbEngineParameters>

/** Creates the engine; nothing runs until a database is opened. */
export function createDuckdbEngine(parameters: DuckdbEngineParameters): Engine {
  const { memoryBytes, threads, processes } = engineLimits
  const settings: Settings = { memoryBytes, threads, processes, ...parameters }
  return {
    engineId: `duckdb/${version().replace(/^v/, '')}`,
    async open({ databasePath, tables }) {
      const pool = createPool(settings, databasePath, tables)
      pool.release(await pool.start())
      return pool.database
    },
    async ingest({ signal, ...request }) {
      signal?.throwIfAborted()
      const process_ = startEngineProcess({ ...settings, onKilled: () => undefined })
      const abort = () => void process_.kill()
      signal?.addEventListener('abort', abort)
      try {
        const limits = { memoryBytes: settings.memoryBytes, threads: settings.threads }
        await process_.ask({ kind: 'ingest', ...limits, ...request }, engineLimits.ingestTimeoutMs)
      } finally {
        signal?.removeEventListener('abort', abort)
        await process_.kill()
      }
    },
  }
}

function createPool(settings: Settings, databasePath: string, tables: readonly EngineTable[]) {
  const idle: EngineProcess[] = []
  const all = new Set<EngineProcess>()
  const waiting: { resolve: (process_: EngineProcess) => void; reject: (error: Error) => void }[] = []
  let starting = 0
  let killed = 0
  let isClosed = false

  const start = async (): Promise<EngineProcess> => {
    starting++
    const { memoryBytes, threads } = settings
    const process_ = startEngineProcess({ ...settings, onKilled: () => killed++ })
    all.add(process_)
    try {
      await process_.ask({ kind: 'open', databasePath, tables, memoryBytes, threads }, engineLimits.startTimeoutMs)
      return process_
    } catch (error) {
      all.delete(process_)
      await process_.kill()
      throw error
    } finally {
      starting--
    }
  }
  /** Gives a free or dead process back: the next in line gets it, or a fresh one in its place. */
  const release = (process_: EngineProcess) => {
    if (process_.isAlive && !isClosed) {
      const next = waiting.shift()
      if (next === undefined) idle.push(process_)
      else next.resolve(process_)
      return
    }
    all.delete(process_)
    const next = waiting.shift()
    if (next !== undefined) start().then(next.resolve, next.reject)
  }
  const acquire = async (): Promise<EngineProcess> => {
    if (isClosed)
      throw new MarketplaceError({ code: 'snapshot-unknown', message: 'The snapshot was closed; ask again.' })
    for (let process_ = idle.pop(); process_ !== undefined; process_ = idle.pop()) {
      if (process_.isAlive) return process_
      all.delete(process_)
    }
    if (all.size < settings.processes) return start()
    if (waiting.length >= engineLimits.waiting) {
      throw new MarketplaceError({ code: 'rate-limited', message: 'Too many queries wait on this dataset; try again.' })
    }
    const { promise, resolve, reject } = Promise.withResolvers<EngineProcess>()
    waiting.push({ resolve, reject })
    return promise
  }
  const database: EngineDatabase = {
    stream: async (query) => streamQuery({ query, process_: await acquire(), release }),
    async close() {
      isClosed = true
      const error = new MarketplaceError({ code: 'snapshot-unknown', message: 'The snapshot was closed; ask again.' })
      for (const { reject } of waiting.splice(0)) reject(error)
      await Promise.all([...all].map((process_) => process_.kill()))
    },
    get health() {
      return { processes: all.size, busy: all.size - idle.length - starting, waiting: waiting.length, killed }
    },
  }
  return { start, release, database }
}

type StreamParameters = { query: EngineQuery; process_: EngineProcess; release: (process_: EngineProcess) => void }

async function streamQuery({ query, process_, release }: StreamParameters): Promise<EngineResult> {
  const { signal, ...request } = query
  const abort = () => process_.cancel()
  let isReleased = false
  const end = () => {
    if (isReleased) return
    isReleased = true
    signal.removeEventListener('abort', abort)
    release(process_)
  }
  signal.addEventListener('abort', abort)
  try {
    signal.throwIfAborted()
    const reply = await process_.ask({ kind: 'query', ...request }, query.timeoutMs)
    if (reply.kind !== 'columns') throw unexpected(process_)
    const state = { truncated: false }
    return {
      columns: reply.columns,
      deterministic: reply.deterministic,
      guardMs: reply.guardMs,
      get truncated() {
        return state.truncated
      },
      batches: readBatches(process_, query, state, end),
    }
  } catch (error) {
    end()
    throw error
  }
}

async function* readBatches(
  process_: EngineProcess,
  query: EngineQuery,
  state: { truncated: boolean },
  end: () => void,
): AsyncGenerator<EngineBatch, void, undefined> {
  try {
    for (;;) {
      query.signal.throwIfAborted()
      const reply = await process_.ask({ kind: 'next' }, query.timeoutMs)
      if (reply.kind === 'end') {
        state.truncated = reply.truncated
        return
      }
      if (reply.kind !== 'batch') throw unexpected(process_)
      yield reply
    }
  } finally {
    end()
  }
}

/** A process that says what was not asked for is not trusted again. */
function unexpected(process_: EngineProcess): MarketplaceError {
  void process_.kill()
  return new MarketplaceError({ code: 'engine-failed', message: 'The engine process answered out of turn; try again.' })
}
