// usage: profile.ts path throttle untilExpr [fromMs]
import { readFileSync, existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { launchChromium } from '../src/launch-chromium.ts'
const require = createRequire('/work/main/node_modules/.pnpm/@jridgewell+trace-mapping@0.3.31/node_modules/@jridgewell/trace-mapping/package.json')
const { TraceMap, originalPositionFor } = require('@jridgewell/trace-mapping')
const base = process.env.BASE ?? 'http://127.0.0.1:4242'
const [, , pathArg = '/', throttle = '1', until = 'row', ...rest] = process.argv
const { entries } = await (await fetch(`${base}/catalogue.json?limit=50`)).json() as any
const l = entries.map((e: any) => e.listing).find((l: any) => l.name === 'coinbase_data')
const url = base + pathArg.replace('DATASET', `${l.curator}/${l.name}`)
const browser = await launchChromium()
const context = await browser.newContext({ viewport: { width: throttle === '1' ? 1280 : 412, height: 900 } })
const page = await context.newPage()
const s = await context.newCDPSession(page)
if (throttle !== '1') await s.send('Emulation.setCPUThrottlingRate', { rate: Number(throttle) })
await s.send('Profiler.enable'); await s.send('Profiler.setSamplingInterval', { interval: 200 })
await page.addInitScript(() => {
  ;(globalThis as any).longs = []
  new PerformanceObserver((list) => { for (const e of list.getEntries()) (globalThis as any).longs.push([Math.round(e.startTime), Math.round(e.duration)]) }).observe({ type: 'longtask', buffered: true })
  setInterval(() => {
    if ((globalThis as any).nopress) return
    const host = document.querySelector('[data-sql-editor]')
    const area = document.querySelector<HTMLTextAreaElement>('textarea[aria-label=SQL]')
    const b = [...document.querySelectorAll<HTMLButtonElement>('main button:enabled')].find((each) => /^\s*Run/.test(each.textContent))
    if (b && `${area?.value ?? ''}${host?.shadowRoot?.textContent ?? ''}`.includes('LIMIT')) { (globalThis as any).nopress = performance.now(); b.click() }
  }, 5)
})
await s.send('Profiler.start')
await page.goto(url, { waitUntil: 'commit' })
if (until === 'row') await page.waitForFunction(() => document.querySelector('[role=rowheader][data-row="0"]') !== null, undefined, { timeout: 60000 })
else await page.waitForTimeout(Number(until))
const { profile } = await s.send('Profiler.stop') as any
const info = await page.evaluate(() => ({ now: performance.now(), longs: (globalThis as any).longs, pressed: (globalThis as any).nopress, fcp: performance.getEntriesByName('first-contentful-paint')[0]?.startTime }))
console.log(JSON.stringify(info))
const nodes = new Map(profile.nodes.map((n: any) => [n.id, n]))
const maps = new Map<string, any>()
const mapOf = (u: string) => { const p = u.replace(base, '/work/main/apps/web/build') + '.map'; if (!maps.has(p)) maps.set(p, existsSync(p) ? new TraceMap(readFileSync(p, 'utf8')) : null); return maps.get(p) }
const nameOf = (n: any) => { const f = n.callFrame; const m = f.url && mapOf(f.url); let src = f.url.split('/').pop(); if (m) { const o = originalPositionFor(m, { line: f.lineNumber + 1, column: f.columnNumber }); if (o.source) src = o.source.replace(/.*node_modules\//, '').replace(/.*\/(shared|apps)\//, '$1/') + ':' + o.line } return [src || '(native)', f.functionName] }
const parent = new Map<number, number>(); for (const n of profile.nodes) for (const c of n.children ?? []) parent.set(c, n.id)
const self = new Map<string, number>(), file = new Map<string, number>(), pkg = new Map<string, number>()
let t = profile.startTime
let total = 0, idle = 0
for (let i = 0; i < profile.samples.length; i++) {
  const d = profile.timeDeltas[i] / 1000; t += profile.timeDeltas[i]
  const n: any = nodes.get(profile.samples[i])
  const fn = n.callFrame.functionName
  if (fn === '(idle)') { idle += d; continue }
  total += d
  const [src, name] = nameOf(n)
  const key = `${src} ${name}`; self.set(key, (self.get(key) ?? 0) + d)
  const f = src.replace(/:\d+$/, ''); file.set(f, (file.get(f) ?? 0) + d)
  // inclusive by first named package below root
  const seen = new Set<string>()
  for (let p: any = n; p; p = nodes.get(parent.get(p.id) as any)) { const [ps, pn] = nameOf(p); const k = `${ps} ${pn}`; if (!seen.has(k)) { seen.add(k); pkg.set(k, (pkg.get(k) ?? 0) + d) } }
}
const top = (m: Map<string, number>, n: number) => [...m].sort((a, b) => b[1] - a[1]).slice(0, n).map(([k, v]) => `${v.toFixed(1).padStart(8)} ${k}`).join('\n')
console.log('busy', total.toFixed(0), 'idle', idle.toFixed(0))
console.log('SELF\n' + top(self, 35)); console.log('FILE\n' + top(file, 40)); console.log('INCL\n' + top(pkg, 70))
await browser.close()
