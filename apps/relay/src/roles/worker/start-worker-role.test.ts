import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Hex, Manifest } from '@enigma/protocol'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openSnapshotStore } from '../../snapshot/snapshot-store.ts'
import {
  dataset,
  deployment,
  onUnexpectedDamage,
  publisher,
  temporaryDirectory,
  workInProcess,
} from '../../snapshot/test-support/publishing.ts'
import { openDatabase } from '../../store/open-database.ts'
import { createRunLog, type CurationRun, runLogMigrations } from './run-log.ts'
import { hashScript } from './run-script.ts'
import { startWorkerRole, type WorkerRoleParts } from './start-worker-role.ts'
import { ManualClock } from '../../test-support/manual-clock.ts'

const minuteMs = 60_000
const start = Date.UTC(2026, 0, 5, 12, 0, 30)

/** Fetches the minutes since the last good run, with one minute of overlap. */
const candleScript = `export default async function* curate(ctx) {
  const from = ctx.since === undefined ? ctx.now.getTime() - 3 * 60_000 : ctx.since.getTime() - 60_000
  const response = await ctx.fetch('https://exchange.demo/candles?from=' + from + '&to=' + ctx.now.getTime())
  for (const [time, close] of await response.json()) yield { time: new Date(time), close }
}`

let exchange: Server
let exchangeUrl: string
let hang = false
let asked = Promise.withResolvers<undefined>()

beforeAll(async () => {
  exchange = createServer((request, response) => {
    asked.resolve(undefined)
    if (hang) return
    const { searchParams } = new URL(request.url ?? '', 'http://exchange.demo')
    const rows: [number, number][] = []
    for (let at = Number(searchParams.get('from')); at < Number(searchParams.get('to')); at += minuteMs) {
      const minute = Math.floor(at / minuteMs)
      rows.push([minute * minuteMs, (minute % 1000) + 0.25])
    }
    response.setHeader('content-type', 'application/json').end(JSON.stringify(rows))
  })
  await new Promise<void>((resolve) => exchange.listen(0, '127.0.0.1', resolve))
  exchangeUrl = `http://127.0.0.1:${(exchange.address() as AddressInfo).port}`
})
afterAll(() => {
  exchange.closeAllConnections()
  exchange.close()
})

function manifestOf(source: string, changes: Partial<Manifest> = {}): Manifest {
  return {
    v: 1,
    curator: publisher.address.toLowerCase() as Hex,
    name: 'candles',
    version: 1,
    title: 'Candles',
    description: '',
    licence: 'none',
    tags: [],
    tables: [
      {
        name: 'candles',
        columns: [
          { name: 'time', type: 'timestamp', encryption: 'none' },
          { name: 'close', type: 'decimal(18,2)', encryption: 'none' },
        ],
        key: ['time'],
      },
    ],
    sample: [],
    trialSeconds: 0,
    publisher: publisher.address.toLowerCase() as Hex,
    schedule: { cron: '* * * * *', timeZone: 'UTC' },
    script: {
      hash: hashScript(Buffer.from(source)),
      hosts: ['exchange.demo'],
      timeoutSeconds: 20,
      memoryBytes: 64 * 1024 ** 2,
      maxRows: 10_000,
    },
    storage: { engine: 'duckdb', place: 'here' },
    nodes: [
      {
        peerId: '12D3KooWPersistencePersistencePersistencePersist',
        signer: publisher.address.toLowerCase() as Hex,
        roles: ['persistence'],
        acceptance: `0x${'00'.repeat(65)}`,
      },
    ],
    limits: { maxRows: 1000, timeoutSeconds: 10 },
    ...changes,
  }
}

/** Runs of the log as they come. */
function createRunQueue() {
  const runs: CurationRun[] = []
  let wake = () => undefined as unknown
  return {
    onRun: (run: CurationRun) => {
      runs.push(run)
      wake()
    },
    async next(): Promise<CurationRun> {
      while (runs.length === 0) await new Promise<void>((resolve) => (wake = resolve))
      return runs.shift()!
    },
  }
}

async function startWorker(
  directory: string,
  clock: ManualClock,
  changes: Partial<WorkerRoleParts> = {},
  source = candleScript,
) {
  const store = await openSnapshotStore({ directory: join(directory, 'snapshots'), onDamaged: onUnexpectedDamage })
  const database = openDatabase({ path: join(directory, 'worker.sqlite'), migrations: runLogMigrations })
  const queue = createRunQueue()
  const failures: unknown[] = []
  const pushed: number[] = []
  const role = startWorkerRole({
    store,
    work: workInProcess(store),
    runLog: createRunLog({ database }),
    clock,
    deployment,
    publisher,
    hostOverrides: { 'exchange.demo': exchangeUrl },
    catchUp: () => Promise.resolve({ lowestSeq: 1 }),
    push: ({ stored }) => Promise.resolve(void pushed.push(stored.snapshot.seq)),
    peerId: '12D3KooWWorker',
    random: () => 0.5,
    datasets: [{ dataset, manifest: manifestOf(source), readScript: () => Promise.resolve(Buffer.from(source)) }],
    onDatasetFailure: ({ error }) => failures.push(error),
    onRun: queue.onRun,
    ...changes,
  })
  const minutes = async () => {
    const snapshots = await store.dataset(dataset)
    const segments = snapshots.latest()?.snapshot.tables[0]?.segments ?? []
    if (segments.length === 0) return []
    const connection = await (await DuckDBInstance.create()).connect()
    const files = segments.map(({ hash }) => `'${snapshots.segmentPath(hash)}'`).join(', ')
    const reader = await connection.runAndReadAll(`SELECT epoch_ms(time) FROM read_parquet([${files}]) ORDER BY 1`)
    return reader.getRows().map(([time]) => Number(time) / minuteMs)
  }
  const stop = async () => {
    await role.stop()
    database.close()
  }
  return { role, store, queue, failures, pushed, minutes, stop }
}

function range(fromMs: number, toMs: number): number[] {
  const from = Math.floor(fromMs / minuteMs)
  return Array.from({ length: Math.floor(toMs / minuteMs) - from }, (_, at) => from + at)
}

describe('startWorkerRole', () => {
  it('runs at once when it never ran, then every minute, and offers each head', async () => {
    await using directory = await temporaryDirectory()
    const clock = new ManualClock(start)
    const worker = await startWorker(directory.path, clock)
    expect(await worker.queue.next()).toMatchObject({ state: 'ok', added: 3, seq: 1, scheduledAtMs: start - 30_000 })
    await clock.whenWaiting()
    clock.advance(30_000)
    expect(await worker.queue.next()).toMatchObject({
      state: 'ok',
      rows: 2,
      added: 1,
      seq: 2,
      scheduledAtMs: start + 30_000,
    })
    expect(worker.pushed).toEqual([1, 2])
    expect(await worker.minutes()).toEqual(range(start - 30_000 - 3 * minuteMs, start + 30_000))
    await worker.stop()
    expect(worker.failures).toEqual([])
  })

  it('catches up once after a stop, and loses and doubles nothing', async () => {
    await using directory = await temporaryDirectory()
    const clock = new ManualClock(start)
    const before = await startWorker(directory.path, clock)
    await before.queue.next()
    await before.stop()
    clock.advance(60 * minuteMs)
    const after = await startWorker(directory.path, clock)
    expect(await after.queue.next()).toMatchObject({ state: 'ok', added: 60, seq: 2 })
    expect(await after.minutes()).toEqual(range(start - 3 * minuteMs - 30_000, start + 60 * minuteMs - 30_000))
    expect(after.role.runs()).toHaveLength(2)
    await after.stop()
  })

  it('does a run again that was cut short', async () => {
    await using directory = await temporaryDirectory()
    const clock = new ManualClock(start)
    hang = true
    asked = Promise.withResolvers()
    const before = await startWorker(directory.path, clock)
    await asked.promise
    await before.stop()
    hang = false
    const after = await startWorker(directory.path, clock)
    expect(await after.queue.next()).toMatchObject({ state: 'ok', added: 3, seq: 1 })
    expect(after.role.runs().map(({ state }) => state)).toEqual(['ok', 'interrupted'])
    await after.stop()
  })

  it('changes nothing but the run log when the script fails, and goes on with the next minute', async () => {
    await using directory = await temporaryDirectory()
    const clock = new ManualClock(start)
    const source = candleScript.replace(
      'const from',
      "if (ctx.now.getUTCMinutes() === 1) throw new Error('boo')\nconst from",
    )
    const worker = await startWorker(directory.path, clock, {}, source)
    await worker.queue.next()
    await clock.whenWaiting()
    clock.advance(30_000)
    expect(await worker.queue.next()).toMatchObject({ state: 'failed', code: 'script-failed' })
    expect((await worker.store.dataset(dataset)).latest()?.snapshot.seq).toBe(1)
    await clock.whenWaiting()
    clock.advance(minuteMs)
    expect(await worker.queue.next()).toMatchObject({ state: 'ok', added: 2, seq: 2 })
    expect(await worker.minutes()).toEqual(range(start - 30_000 - 3 * minuteMs, start + 30_000 + minuteMs))
    await worker.stop()
  })

  it('pushes again after a failure, with growing pauses', async () => {
    await using directory = await temporaryDirectory()
    const clock = new ManualClock(start)
    let attempts = 0
    const taken = Promise.withResolvers<number>()
    const worker = await startWorker(directory.path, clock, {
      push: () => {
        attempts += 1
        if (attempts < 4) return Promise.reject(new Error('unreachable'))
        taken.resolve(attempts)
        return Promise.resolve()
      },
    })
    await worker.queue.next()
    for (let seconds = 0; attempts < 4 && seconds < 20; seconds++) {
      await Promise.race([clock.whenWaiting(2), taken.promise])
      clock.advance(1000)
    }
    expect(await taken.promise).toBe(4)
    await worker.stop()
  })

  it('says why a dataset cannot run: schedule, publisher, script', async () => {
    await using directory = await temporaryDirectory()
    const clock = new ManualClock(start)
    const readScript = () => Promise.resolve(Buffer.from('other'))
    const manifest = manifestOf(candleScript, { schedule: { cron: 'never', timeZone: 'UTC' } })
    const failed = Promise.withResolvers<unknown>()
    const worker = await startWorker(directory.path, clock, {
      datasets: [{ dataset, manifest, readScript }],
      onDatasetFailure: ({ error }) => failed.resolve(error),
    })
    expect(await failed.promise).toMatchObject({ code: 'setting-invalid' })
    expect(await worker.role.runNow(dataset)).toMatchObject({ state: 'failed', code: 'manifest-mismatch' })
    const stranger = manifestOf(candleScript, { version: 2, publisher: `0x${'99'.repeat(20)}` })
    await worker.role.setDatasets([{ dataset, manifest: stranger, readScript }])
    expect(await worker.role.runNow(dataset)).toMatchObject({ state: 'failed', code: 'setting-invalid' })
    await worker.stop()
  })
})
