// usage: timeline.ts path throttle until minMs
import { launchChromium } from '../src/launch-chromium.ts'
const base = process.env.BASE ?? 'http://127.0.0.1:4242'
const [, , pathArg = '/', throttle = '1', until = 'row', minMs = '6'] = process.argv
const { entries } = await (await fetch(`${base}/catalogue.json?limit=50`)).json() as any
const l = entries.map((e: any) => e.listing).find((l: any) => l.name === 'coinbase_data')
const url = base + pathArg.replace('DATASET', `${l.curator}/${l.name}`)
const browser = await launchChromium()
// warm the browser process
{ const c = await browser.newContext(); const p = await c.newPage(); await p.goto('about:blank'); await c.close() }
const context = await browser.newContext({ viewport: { width: throttle === '1' ? 1280 : 412, height: 900 } })
const page = await context.newPage()
const s = await context.newCDPSession(page)
if (throttle !== '1') await s.send('Emulation.setCPUThrottlingRate', { rate: Number(throttle) })
if (process.env.SLOW) { await s.send('Network.enable'); await s.send('Network.emulateNetworkConditions', { offline: false, latency: 150, downloadThroughput: 200_000, uploadThroughput: 93_750 }) }
await page.addInitScript(() => {
  setInterval(() => {
    if ((globalThis as any).nopress) return
    const host = document.querySelector('[data-sql-editor]')
    const area = document.querySelector<HTMLTextAreaElement>('textarea[aria-label=SQL]')
    const b = [...document.querySelectorAll<HTMLButtonElement>('main button:enabled')].find((each) => /^\s*Run/.test(each.textContent))
    if (document.documentElement.dataset['ready'] !== undefined && b && `${area?.value ?? ''}${host?.shadowRoot?.textContent ?? ''}`.includes('LIMIT')) { (globalThis as any).nopress = performance.now(); b.click() }
  }, 5)
})
const events: any[] = []
const bs = await browser.newBrowserCDPSession()
bs.on('Tracing.dataCollected' as any, ({ value }: any) => events.push(...value))
await bs.send('Tracing.start' as any, { transferMode: 'ReportEvents', traceConfig: { includedCategories: ['devtools.timeline', 'v8', 'v8.execute', 'disabled-by-default-v8.compile', 'toplevel', 'blink.user_timing', 'loading'] } })
await page.goto(url, { waitUntil: 'commit' })
if (until === 'row') await page.waitForFunction(() => document.querySelector('[role=rowheader][data-row="0"]') !== null, undefined, { timeout: 60000 })
else await page.waitForTimeout(Number(until))
const info = await page.evaluate(() => ({ now: performance.now(), pressed: (globalThis as any).nopress, origin: performance.timeOrigin, fcp: performance.getEntriesByName('first-contentful-paint')[0]?.startTime, res: performance.getEntriesByType('resource').map((e: any) => [e.startTime, e.responseEnd, e.name.replace(location.origin, '').slice(0, 70), e.encodedBodySize]) }))
const done = new Promise((r) => bs.once('Tracing.tracingComplete' as any, r))
await bs.send('Tracing.end' as any); await done
await browser.close()
// find the navigation's renderer main thread
const nav = events.filter((e) => e.name === 'navigationStart' && e.args?.data?.documentLoaderURL?.startsWith(base)).pop()
const { pid, tid } = nav; const t0 = nav.ts
const mine = events.filter((e) => e.pid === pid && e.tid === tid && e.ph === 'X' && e.ts >= t0).sort((a, b) => a.ts - b.ts || b.dur - a.dur)
console.log('now', info.now.toFixed(0), 'pressed', info.pressed?.toFixed(0), 'fcp', info.fcp?.toFixed(0))
const stack: any[] = []
const label = (e: any) => { const d = e.args?.data ?? {}; const u = (d.url ?? d.fileName ?? e.args?.fileName ?? '').replace(base, '').split('/').pop(); return `${e.name}${u ? ' ' + u : ''}${d.functionName ? ' ' + d.functionName : ''}` }
const selfs = new Map<string, number>()
let busy = 0
const lines: any[] = []
for (const e of mine) {
  while (stack.length && stack.at(-1).ts + stack.at(-1).dur <= e.ts) stack.pop()
  const parent = stack.at(-1)
  if (!parent) busy += e.tdur ?? e.dur
  e.self = e.dur; if (parent) parent.self -= e.dur
  e.depth = stack.length
  stack.push(e)
}
for (const e of mine) { selfs.set(e.name, (selfs.get(e.name) ?? 0) + e.self / 1000); if (e.dur / 1000 >= Number(minMs) && !/ThreadController|RunTask|SequenceManager/.test(e.name)) console.log(`${((e.ts - t0) / 1000).toFixed(0).padStart(6)} ${(e.dur / 1000).toFixed(0).padStart(5)} cpu ${((e.tdur ?? 0) / 1000).toFixed(0).padStart(4)} ${' '.repeat(e.depth)}${label(e)}`) }
console.log('busy cpu', (busy / 1000).toFixed(0)); console.log([...selfs].sort((a, b) => b[1] - a[1]).slice(0, 25).map(([k, v]) => `${v.toFixed(1).padStart(8)} ${k}`).join('\n'))
if (process.env.RES) for (const [a, b, n, z] of info.res) console.log(a.toFixed(0).padStart(6), b.toFixed(0).padStart(6), String(z).padStart(7), n)
