import { launchChromium } from '../src/launch-chromium.ts'
const base = process.env.BASE ?? 'http://127.0.0.1:4242'
const { entries } = await (await fetch(`${base}/catalogue.json?limit=50`)).json() as any
const l = entries.map((e: any) => e.listing).find((l: any) => l.name === 'coinbase_data')
const browser = await launchChromium()
for (const [path, until] of [['/', 4000], [`/d/${l.curator}/${l.name}`, 4000], [`/console?dataset=${l.curator}/${l.name}`, 'row']] as const) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
  const page = await context.newPage()
  await page.addInitScript(() => {
    setInterval(() => {
      if ((globalThis as any).nopress) return
      const area = document.querySelector<HTMLTextAreaElement>('textarea[aria-label=SQL]')
      const host = document.querySelector('[data-sql-editor]')
      const b = [...document.querySelectorAll<HTMLButtonElement>('main button:enabled')].find((each) => /^\s*Run/.test(each.textContent))
      if (location.pathname === '/console' && b && `${area?.value ?? ''}${host?.shadowRoot?.textContent ?? ''}`.includes('LIMIT')) { (globalThis as any).nopress = performance.now(); b.click() }
    }, 5)
  })
  await page.goto(base + path, { waitUntil: 'commit' })
  if (until === 'row') await page.waitForFunction(() => document.querySelector('[role=rowheader][data-row="0"]') !== null)
  else await page.waitForTimeout(until)
  const res = await page.evaluate(() => ({ fcp: performance.getEntriesByName('first-contentful-paint')[0]!.startTime, all: performance.getEntriesByType('resource').map((e: any) => [e.name.replace(location.origin, ''), e.startTime, e.encodedBodySize]) }))
  const js = res.all.filter(([n]) => /\.js$/.test(n))
  console.log(path.slice(0, 12), 'js', js.length, js.reduce((s: number, e: any) => s + e[2], 0), 'tiny(<1k)', js.filter((e: any) => e[2] < 1000).length)
  await context.close()
}
await browser.close()
