import { launchChromium } from '../src/launch-chromium.ts'
const base = process.env.BASE ?? 'http://127.0.0.1:4242'
const { entries } = await (await fetch(`${base}/catalogue.json?limit=50`)).json() as any
const browser = await launchChromium()
for (const l of entries.map((e: any) => e.listing)) {
const context = await browser.newContext({ viewport: { width: 412, height: 823 } })
const page = await context.newPage()
const s = await context.newCDPSession(page)
await s.send('Emulation.setCPUThrottlingRate', { rate: 4 })
await page.addInitScript(() => {
  ;(globalThis as any).shifts = []
  new PerformanceObserver((list) => { for (const e of list.getEntries() as any) (globalThis as any).shifts.push([Math.round(e.startTime), e.value.toFixed(4), e.sources.map((s: any) => `${s.node?.nodeName}.${String(s.node?.className).slice(0, 40)} y ${Math.round(s.previousRect.top)}+${Math.round(s.previousRect.height)} → ${Math.round(s.currentRect.top)}+${Math.round(s.currentRect.height)}`)]) }).observe({ type: 'layout-shift', buffered: true })
})
await page.goto(`${base}/d/${l.curator}/${l.name}`)
await page.waitForTimeout(4000)
console.log(l.name, JSON.stringify(await page.evaluate(() => (globalThis as any).shifts), null, 1))
await context.close()
}
await browser.close()
