/** The embedded engine: DuckDB in a pool of processes for each open database, never in the daemon (DESIGN §7). */
import { MarketplaceError } from '@enigma/protocol'
import { version } from '@duckdb/node-api'
import type { Engine, EngineBatch, EngineQuery, EngineResult } from '../engine.ts'
import { engineLimits } from '../engine-limits.ts'
import { EnginePool, type EngineSettings } from './engine-pool.ts'
import { type EngineProcess, type EngineTools, startEngineProcess } from './engine-process.ts'

export type DuckdbEngineParameters = {
  tools: EngineTools
  memoryBytes?: number
  threads?: number
  /** Processes for each open database. */
  processes?: number
}

/** Creates the engine; nothing runs until a database is opened. */
export function createDuckdbEngine(parameters: DuckdbEngineParameters): Engine {
  const { memoryBytes, threads, processes } = engineLimits
  const settings: EngineSettings = { memoryBytes, threads, processes, ...parameters }
  return {
    engineId: `duckdb/${version().replace(/^v/, '')}`,
    async open({ databasePath, tables }) {
      const pool = new EnginePool(settings, databasePath, tables)
      pool.release(await pool.acquire())
      return {
        stream: async (query) => streamQuery({ query, process_: await pool.acquire(), pool }),
        close: () => pool.close(),
        get health() {
          return pool.health
        },
      }
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

type StreamParameters = { query: EngineQuery; process_: EngineProcess; pool: EnginePool }

async function streamQuery({ query, process_, pool }: StreamParameters): Promise<EngineResult> {
  const { signal, ...request } = query
  const abort = () => process_.cancel()
  let isReleased = false
  const end = () => {
    if (isReleased) return
    isReleased = true
    signal.removeEventListener('abort', abort)
    pool.release(process_)
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
