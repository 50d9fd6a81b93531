/** `bench browser-query`: one query in Chromium by each way, beside `fetch` of the same rows as JSON from the same engine. */
import { readFile, writeFile } from 'node:fs/promises'
import type { Browser, Page } from '@playwright/test'
import { serveHttpJson } from './http-json.ts'
import { launchChromium } from './launch-chromium.ts'
import { type QueryNetwork, startQueryNetwork } from './query-network.ts'
import type { Bench, BenchReport, ReportTable } from './report.ts'
import type { SdkPage } from './sdk-page.ts'
import { serveSdkPage } from './serve-sdk-page.ts'

const sizes = [
  { rows: 1, repetitions: 30 },
  { rows: 100, repetitions: 30 },
  { rows: 100_000, repetitions: 5 },
  { rows: 1_000_000, repetitions: 3 },
] as const
const sqlOf = (rows: number) => `SELECT date, delay, distance, origin, destination FROM flights LIMIT ${rows}`

type Ways = { dataset: string; httpUrl: string }
type Asked = Awaited<ReturnType<SdkPage['query']>>
type Way = { name: string; ask: (page: Page, rows: number) => Promise<Asked> }
type Measured = {
  way: string
  rows: number
  p50Ms: number
  firstMs: number
  bytes: number
  transport: string
  longestTaskMs: number
  peakBytes: number
}

/** It takes no arguments. */
export const browserQueryBench: Bench = async ({ onProgress }) => {
  onProgress('starting: chain, relay, persistence node, 3,000,000 flights')
  const network = await startQueryNetwork(onProgress)
  const http = await serveHttpJson()
  const sdk = await serveSdkPage()
  const browser = await launchChromium()
  try {
    const measured: Measured[] = []
    for (const way of waysOf({ dataset: network.dataset, httpUrl: http.url })) {
      for (const size of sizes) {
        const one = await measure(browser, { url: sdk.url, network, way, size })
        measured.push(one)
        onProgress(`${way.name}, ${size.rows} rows: ${one.p50Ms.toFixed(1)} ms, longest task ${one.longestTaskMs} ms`)
      }
    }
    return toReport(measured)
  } finally {
    await browser.close()
    await sdk.stop()
    await http.stop()
    await network.stop()
  }
}

function waysOf({ dataset, httpUrl }: Ways): Way[] {
  const common = (rows: number) => ({ dataset, sql: sqlOf(rows), maxBytes: 2 ** 30 })
  const queryBy =
    (choice: Pick<Parameters<SdkPage['query']>[0], 'path' | 'transport' | 'webrtcOnly'>) =>
    (page: Page, rows: number) =>
      page.evaluate((ask) => sdkPage.query(ask), { ...common(rows), ...choice })
  return [
    {
      name: 'fetch + JSON.parse',
      ask: (page, rows) =>
        page.evaluate((url) => sdkPage.fetchJson(url), `${httpUrl}/?sql=${encodeURIComponent(sqlOf(rows))}`),
    },
    { name: 'direct, WebSocket', ask: queryBy({ path: 'direct', transport: 'websocket' }) },
    { name: 'direct, webrtc-direct', ask: queryBy({ path: 'direct', webrtcOnly: true }) },
    { name: 'blind', ask: queryBy({ path: 'blind', transport: 'websocket' }) },
  ]
}

type MeasureParameters = { url: string; network: QueryNetwork; way: Way; size: (typeof sizes)[number] }

/** In a page of its own, so that memory is this size's alone. */
async function measure(browser: Browser, { url, network, way, size }: MeasureParameters): Promise<Measured> {
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
    const [{ bytes, transport }] = asked as [Asked, ...Asked[]]
    return {
      ...{ way: way.name, rows, bytes, transport },
      p50Ms: medianOf(asked.map(({ totalMs }) => totalMs)),
      firstMs: medianOf(asked.map(({ firstMs }) => firstMs)),
      longestTaskMs: await page.evaluate(() => sdkPage.takeLongestTask()),
      peakBytes: Math.max(...(await Promise.all(pids.map(peakBytes)))),
    }
  } finally {
    await page.close()
  }
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

type Goal = { goal: string; measured: string; isMet: boolean }

function toReport(measured: readonly Measured[]): BenchReport {
  const goals = goalsOf(measured)
  return {
    tables: [wayTable(measured), goalTable(goals)],
    notes: [
      'Each way and size ran in a page of its own, one after the other; fetch reads the same engine by HTTP, without proof or encryption.',
      'Rows of the paths are columns, decrypted, receipt verified; rows of fetch are objects after JSON.parse.',
      'Longest task by the browser’s own long-task entries, which begin at 50 ms; peak is the renderer’s resident memory.',
    ],
    figures: { measured, goals },
    isMet: goals.every(({ isMet }) => isMet),
  }
}

function wayTable(measured: readonly Measured[]): ReportTable {
  return {
    title: 'One query in Chromium',
    head: ['way', 'rows', 'p50 ms', 'first rows ms', 'beside fetch', 'longest task ms', 'peak MiB'],
    rows: measured.map(({ way, rows, p50Ms, firstMs, longestTaskMs, peakBytes: peak }) => [
      ...[way, rows.toLocaleString('en'), p50Ms.toFixed(1), firstMs.toFixed(1)],
      `${(p50Ms / p50Of(measured, 'fetch + JSON.parse', rows)).toFixed(2)}×`,
      longestTaskMs === 0 ? '< 50' : longestTaskMs.toFixed(0),
      (peak / 1024 ** 2).toFixed(0),
    ]),
  }
}

function goalsOf(measured: readonly Measured[]): Goal[] {
  const ratio = (rows: number) =>
    p50Of(measured, 'direct, WebSocket', rows) / p50Of(measured, 'fetch + JSON.parse', rows)
  const longest = Math.max(
    ...measured
      .filter(({ way, rows }) => rows === 1_000_000 && !way.startsWith('fetch'))
      .map((each) => each.longestTaskMs),
  )
  return [
    ...([1, 100] as const).map((rows) => ({
      goal: `${rows} ${rows === 1 ? 'row' : 'rows'} by WebSocket at most 1.25 × fetch`,
      measured: `${ratio(rows).toFixed(2)}×`,
      isMet: ratio(rows) <= 1.25,
    })),
    {
      goal: '100,000 rows by WebSocket faster than fetch + JSON.parse',
      measured: `${ratio(100_000).toFixed(2)}×`,
      isMet: ratio(100_000) < 1,
    },
    {
      goal: '1,000,000 rows without a main-thread task over 50 ms',
      measured: longest === 0 ? 'none' : `${longest.toFixed(0)} ms`,
      isMet: longest <= 50,
    },
  ]
}

function goalTable(goals: readonly Goal[]): ReportTable {
  const rows = goals.map(({ goal, measured, isMet }) => [goal, measured, isMet ? '✓' : '✗'])
  return { title: 'Goals', head: ['goal', 'measured', ''], rows }
}

function p50Of(measured: readonly Measured[], way: string, rows: number): number {
  return measured.find((each) => each.way === way && each.rows === rows)?.p50Ms ?? Number.NaN
}

declare global {
  /** Of the page, not of this process. */
  const sdkPage: SdkPage
}
