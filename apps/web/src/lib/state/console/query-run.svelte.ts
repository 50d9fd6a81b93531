/**
 * One query at a time: its stages, its rows as they come, and how it ended. Rows are provisional until the receipt was
 * verified; an attempt that begins anew takes the place of the one before.
 */
import type { Batch, QueryProgress, QueryRun } from '@enigma/client'
import type { Hex } from '@enigma/protocol'
import { formatPlural } from '#lib/format/numbers.ts'
import { ResultSet, type RowSource } from '@enigma/result/result-set'
import type { ParameterValue } from '#lib/sql/parse-parameter.ts'
import { announcer } from '../announcer.svelte.ts'
import { app } from '../app.svelte.ts'
import { lastQuery } from '../last-query.svelte.ts'
import { type ConsoleError, toConsoleError } from './console-error.ts'
import { type QueryOutcome, toOutcome } from './query-outcome.ts'

/** In the order in which they are passed. */
export const runStages = ['find', 'connect', 'verify', 'run', 'decrypt'] as const
export type RunStage = (typeof runStages)[number]
export type RunPhase = 'idle' | 'running' | 'verified' | 'failed' | 'cancelled'

export type AskedQuery = {
  dataset: string
  sql: string
  parameters: readonly ParameterValue[]
  path: 'blind' | 'direct'
  /** Asks as this subscriber; the free sample when absent. */
  account?: Hex
  maxRows?: number
  minBlock?: number
}

/** What a query that is begun tells of itself, and what ends it. */
type BeginOptions = { signal: AbortSignal; onProgress: (progress: QueryProgress) => void }
export type BeginQuery = (asked: AskedQuery, options: BeginOptions) => Promise<QueryRun>

/** As subscriber, or for the free sample. */
const beginQuery: BeginQuery = async ({ account, minBlock = 0, ...rest }, options) => {
  const client = await app.client()
  options.signal.throwIfAborted()
  const query = { ...rest, ...options }
  return account === undefined ? client.sample(query) : client.query({ ...query, account, minBlock })
}

const tickMs = 100

export class QueryRunState {
  phase = $state<RunPhase>('idle')
  stage = $state<RunStage>('find')
  /** What is going on, in words. */
  text = $state('')
  elapsedMs = $state(0)
  rows = $state.raw<RowSource>()
  bytes = $state(0)
  asked = $state.raw<AskedQuery>()
  outcome = $state.raw<QueryOutcome>()
  error = $state.raw<ConsoleError>()
  /** When it ended, in Unix milliseconds. */
  endedAtMs = $state(0)
  #running: AbortController | undefined

  /** Runs a query to its end; one that is under way is cancelled first. Never throws. */
  async run(asked: AskedQuery, begin = beginQuery): Promise<void> {
    this.#running?.abort()
    const running = new AbortController()
    this.#running = running
    this.#begin(asked)
    const startedMs = performance.now()
    const timer = setInterval(() => (this.elapsedMs = performance.now() - startedMs), tickMs)
    try {
      await this.#receive(asked, running.signal, begin)
      this.phase = 'verified'
      const { rowCount } = this.outcome ?? { rowCount: 0 }
      announcer.say(`${formatPlural(rowCount, 'row')}, the receipt is verified.`)
    } catch (error) {
      if (this.#running === running) this.#fail(error, asked, running.signal)
    } finally {
      clearInterval(timer)
      if (this.#running === running) {
        this.elapsedMs = performance.now() - startedMs
        this.endedAtMs = Date.now()
        this.#running = undefined
      }
    }
  }

  /** Leaves the query; the node stops, and the rows so far stay as unverified. */
  cancel(): void {
    this.#running?.abort()
  }

  /** Shows what stood in the way of a query before it was asked. */
  refuse(shown: ConsoleError): void {
    this.error = shown
    this.phase = 'failed'
  }

  /** Forgets everything, as for another dataset. */
  clear(): void {
    this.#running?.abort()
    this.#running = undefined
    this.phase = 'idle'
    this.rows = undefined
    this.asked = undefined
    this.outcome = undefined
    this.error = undefined
  }

  #begin(asked: AskedQuery): void {
    this.phase = 'running'
    this.stage = 'find'
    this.text = 'starting the peer-to-peer client'
    this.elapsedMs = 0
    this.bytes = 0
    this.rows = undefined
    this.asked = asked
    this.outcome = undefined
    this.error = undefined
  }

  async #receive(asked: AskedQuery, signal: AbortSignal, begin: BeginQuery): Promise<void> {
    const run = await begin(asked, { signal, onProgress: (progress) => this.#progress(progress, signal) })
    signal.throwIfAborted()
    let set: ResultSet | undefined
    for await (const batch of run) {
      signal.throwIfAborted()
      if (set === undefined || batch.isRestart) {
        set = new ResultSet(batch.columns)
        this.bytes = 0
      }
      set.append(batch)
      this.bytes += bytesOf(batch)
      this.rows = set.view()
    }
    const [result, network] = await Promise.all([run.result, app.loadNetwork()])
    signal.throwIfAborted()
    // A result without rows has columns all the same.
    this.rows ??= new ResultSet(result.columns).view()
    this.outcome = toOutcome(result, network)
    lastQuery.keep(asked.dataset, result)
  }

  #progress({ stage, text }: QueryProgress, signal: AbortSignal): void {
    if (signal.aborted) return
    this.text = text
    if (stage === 'retry') {
      this.stage = 'find'
      announcer.say(text)
    } else {
      this.stage = stage
    }
  }

  #fail(error: unknown, asked: AskedQuery, signal: AbortSignal): void {
    if (signal.aborted) {
      this.phase = 'cancelled'
      announcer.say('The query was cancelled.')
      return
    }
    this.error = toConsoleError(error, asked)
    this.phase = 'failed'
  }
}

/** Of the columns' own buffers, as they were decrypted. */
function bytesOf({ data }: Batch): number {
  let bytes = 0
  for (const column of data) {
    for (const part of Object.values(column)) if (ArrayBuffer.isView(part)) bytes += part.byteLength
  }
  return bytes
}
