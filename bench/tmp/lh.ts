import { launch } from 'chrome-launcher'
import lighthouse from 'lighthouse'
import { chromiumFlags, chromiumPath } from '../src/launch-chromium.ts'
const base = process.env.BASE ?? 'http://127.0.0.1:4242'
const { entries } = await (await fetch(`${base}/catalogue.json?limit=50`)).json() as any
const l = entries.map((e: any) => e.listing).find((l: any) => l.name === 'coinbase_data')
const runs = Number(process.argv[3] ?? 1)
for (const p of process.argv[2]!.split(',')) for (let i = 0; i < runs; i++) {
  const url = base + p.replace('DATASET', `${l.curator}/${l.name}`)
  const chrome = await launch({ chromePath: chromiumPath(), chromeFlags: ['--headless=new', ...chromiumFlags] })
  const { lhr } = (await lighthouse(url, { port: chrome.port, onlyCategories: ['performance'], logLevel: 'error' }))!
  const v = (id: string) => Math.round((lhr.audits[id]?.numericValue ?? NaN) * 1000) / 1000
  console.log(p.slice(0, 12), 'perf', Math.round(lhr.categories.performance!.score! * 100), 'FCP', v('first-contentful-paint').toFixed(0), 'LCP', v('largest-contentful-paint').toFixed(0), 'TBT', v('total-blocking-time').toFixed(0), 'CLS', v('cumulative-layout-shift'), 'SI', v('speed-index').toFixed(0))
  if (process.env.MORE) {
    console.log(' LCP', JSON.stringify((lhr.audits['lcp-breakdown-insight'] as any)?.details ?? (lhr.audits['largest-contentful-paint-element'] as any)?.details)?.slice(0, 600))
    for (const t of ((lhr.audits['long-tasks'] as any)?.details?.items ?? [])) console.log('  task', t.startTime.toFixed(0), t.duration.toFixed(0), t.url.split('/').pop())
    for (const t of ((lhr.audits['cls-culprits-insight'] as any)?.details?.items ?? [])) console.log('  cls', JSON.stringify(t).slice(0, 500))
  }
  chrome.kill()
}
