/** `bench browser-query`: one query in Chromium by each way, beside `fetch` of the same rows as JSON from the same engine. */
import { readFile, writeFile } from 'node:fs/promises'
import { availableParallelism, loadavg } from 'node:os'
import type { Browser, Page } from '@playwright/test'
import { serveHttpJson } from './http-json.ts'
import { launchChromium } from './launch-chromium.ts'
import { fetchWay, type Measured, toReport } from './browser-query-report.ts'
import { type QueryNetwork, startQueryNetwork } from './query-network.ts'
import { type RawStreamServer, serveRawStreams } from './raw-stream.ts'
import type { Bench } from './report.ts'
import type { SdkPage } from './sdk-page.ts'
import { serveSdkPage } from './serve-sdk-page.ts'

const sizes = [
  { rows: 1, repetitions: 30 },
  { rows: 100, repetitions: 30 },
  { rows: 100_000, repetitions: 5 },
  { rows: 1_000_000, repetitions: 3 },
] as const
const sqlOf = (rows: number) => `SELECT date, delay, distance, origin, destination FROM flights LIMIT ${rows}`

const longBytes = 100_000

type Ways = { dataset: string; httpUrl: string }
type Asked = Awaited<ReturnType<SdkPage['query']>>
type Way = {
  name: string
  ask: (page: Page, rows: number) => Promise<Asked>
  /** The transport alone, where the way has one. */
  raw?: Pick<Parameters<SdkPage['readRaw']>[0], 'choice'>['choice']
}

/** It takes no arguments. */
export const browserQueryBench: Bench = async ({ onProgress }) => {
  onProgress('starting: chain, relay, persistence node, 3,000,000 flights')
  const network = await startQueryNetwork(onProgress)
  const http = await serveHttpJson()
  const sdk = await serveSdkPage()
  const raw = await serveRawStreams()
  const browser = await launchChromium()
  try {
    const measured: Measured[] = []
    const loads = [loadavg()[0] ?? 0]
    for (const way of waysOf({ dataset: network.dataset, httpUrl: http.url })) {
      for (const size of sizes) {
        const one = await measure(browser, { url: sdk.url, network, raw, way, size })
        measured.push(one)
        loads.push(loadavg()[0] ?? 0)
        onProgress(progressOf(one))
      }
    }
    return toReport(measured, { loads, cores: availableParallelism() })
  } finally {
    await browser.close()
    await raw.stop()
    await sdk.stop()
    await http.stop()
    await network.stop()
  }
}

const ws = { transport: 'websocket', preference: 'websocket' } as const
const webrtc = { webrtcOnly: true } as const

function progressOf({ way, rows, p50Ms, longestTaskMs, rawMs, rawDataMs }: Measured): string {
  const raw = rawMs === undefined ? '' : `, raw stream ${rawMs.toFixed(1)} and ${rawDataMs?.toFixed(1)} ms`
  return `${way}, ${rows} rows: ${p50Ms.toFixed(1)} ms, longest task ${longestTaskMs} ms${raw}`
}

function waysOf({ dataset, httpUrl }: Ways): Way[] {
  const common = (rows: number) => ({ dataset, sql: sqlOf(rows), maxBytes: 2 ** 30 })
  const queryBy =
    (choice: Pick<Parameters<SdkPage['query']>[0], 'path' | 'transport' | 'webrtcOnly'>) =>
    (page: Page, rows: number) =>
      page.evaluate((ask) => sdkPage.query(ask), { ...common(rows), ...choice })
  return [
    {
      name: fetchWay,
      ask: (page, rows) =>
        page.evaluate((url) => sdkPage.fetchJson(url), `${httpUrl}/?sql=${encodeURIComponent(sqlOf(rows))}`),
    },
    { name: 'direct, WebSocket', ask: queryBy({ path: 'direct', ...ws }), raw: ws },
    { name: 'direct, webrtc-direct', ask: queryBy({ path: 'direct', ...webrtc }), raw: webrtc },
    { name: 'blind', ask: queryBy({ path: 'blind', ...ws }), raw: ws },
  ]
}

type Size = (typeof sizes)[number]
type MeasureParameters = { url: string; network: QueryNetwork; raw: RawStreamServer; way: Way; size: Size }

/** In a page of its own, so that memory is this size's alone. */
async function measure(browser: Browser, { url, network, raw, way, size }: MeasureParameters): Promise<Measured> {
  const { rows, repetitions } = size
  const page = await browser.newPage()
  try {
    await page.goto(url)
    await page.evaluate((start) => sdkPage.start(start), { network: network.file, key: network.key })
    for (let warm = 0; warm < (rows > 1000 ? 1 : 3); warm++) await way.ask(page, rows)
    const pids = await renderersOf(browser)
    for (const pid of pids) await forgetPeak(pid)
    await page.evaluate(() => sdkPage.takeLongestTask())
    const asked: Asked[] = []
    for (let index = 0; index < repetitions; index++) {
      const answer = await way.ask(page, rows)
      if (answer.rows !== rows) throw new Error(`${answer.rows} rows instead of ${rows}`)
      asked.push(answer)
    }
    const [{ bytes, wireBytes, transport, stages }] = asked as [Asked, ...Asked[]]
    const longestTaskMs = await page.evaluate(() => sdkPage.takeLongestTask())
    const peak = Math.max(...(await Promise.all(pids.map(peakBytes))))
    return {
      ...{ way: way.name, rows, bytes, wireBytes, transport, stages, longestTaskMs, peakBytes: peak },
      p50Ms: medianOf(asked.map(({ totalMs }) => totalMs)),
      firstMs: medianOf(asked.map(({ firstMs }) => firstMs)),
      rawMs: await readRaw(page, { node: raw.node, choice: way.raw, bytes: wireBytes, repetitions }),
      rawDataMs: await readRaw(page, { node: raw.node, choice: way.raw, bytes, repetitions }),
    }
  } finally {
    await page.close()
  }
}

type RawParameters = Omit<Parameters<SdkPage['readRaw']>[0], 'choice'> & { choice: Way['raw'] }

/** Of long answers: a short one is bound by its round trips, which fetch is beside. */
async function readRaw(page: Page, { choice, ...raw }: RawParameters): Promise<number | undefined> {
  if (choice === undefined || raw.bytes < longBytes) return undefined
  const times = await page.evaluate((each) => sdkPage.readRaw(each), {
    ...raw,
    choice,
    repetitions: raw.repetitions + 1,
  })
  return medianOf(times.slice(1))
}

function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

async function renderersOf(browser: Browser): Promise<number[]> {
  const session = await browser.newBrowserCDPSession()
  const { processInfo } = await session.send('SystemInfo.getProcessInfo')
  await session.detach()
  return processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id)
}

/** Linux: the highest resident memory counts from here. */
async function forgetPeak(pid: number): Promise<void> {
  await writeFile(`/proc/${pid}/clear_refs`, '5')
}

async function peakBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024
}

declare global {
  /** Of the page, not of this process. */
  const sdkPage: SdkPage
}
