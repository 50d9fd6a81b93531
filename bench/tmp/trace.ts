import { launchChromium } from '../src/launch-chromium.ts'
const base = process.argv[2] ?? 'http://127.0.0.1:4242'
const slow = process.argv[3] === 'slow'
const { entries } = await (await fetch(`${base}/catalogue.json?limit=50`)).json() as any
const l = entries.map((e: any) => e.listing).find((l: any) => l.name === 'coinbase_data')
const url = `${base}/console?dataset=${l.curator}/${l.name}`
const browser = await launchChromium()
for (let i = 0; i < 3; i++) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
  const page = await context.newPage()
  if (slow) {
    const s = await context.newCDPSession(page)
    await s.send('Network.enable')
    await s.send('Network.emulateNetworkConditions', { offline: false, latency: 150, downloadThroughput: 200_000, uploadThroughput: 93_750 })
    await s.send('Emulation.setCPUThrottlingRate', { rate: 4 })
  }
  await page.addInitScript(() => {
    const log: any[] = []
    ;(globalThis as any).log = log
    const mark = (name: string) => log.push([Math.round(performance.now()), name])
    const seen = new Set<string>()
    const once = (name: string) => { if (!seen.has(name)) { seen.add(name); mark(name) } }
    new PerformanceObserver((list) => { for (const e of list.getEntries()) log.push([Math.round(e.startTime), `LONG ${Math.round(e.duration)}`]) }).observe({ type: 'longtask', buffered: true })
    new PerformanceObserver((list) => { for (const e of list.getEntries()) log.push([Math.round(e.startTime), `paint ${e.name}`]) }).observe({ type: 'paint', buffered: true })
    const OW = WebSocket
    ;(globalThis as any).WebSocket = class extends OW { constructor(u: any, p?: any) { super(u, p); mark(`ws new ${u}`); this.addEventListener('open', () => mark('ws open')) } }
    const OR = RTCPeerConnection
    ;(globalThis as any).RTCPeerConnection = class extends OR { constructor(c: any) { super(c); mark('rtc new'); this.addEventListener('connectionstatechange', () => mark('rtc ' + this.connectionState)) } }
    const OWk = Worker
    ;(globalThis as any).Worker = class extends OWk { constructor(u: any, o?: any) { super(u, o); mark('worker new') } }
    let pressed = false
    setInterval(() => {
      if (document.documentElement.dataset['ready'] !== undefined) once('hydrated')
      const host = document.querySelector('[data-sql-editor]')
      const area = document.querySelector<HTMLTextAreaElement>('textarea[aria-label=SQL]')
      if (`${area?.value ?? ''}${host?.shadowRoot?.textContent ?? ''}`.includes('LIMIT')) once('query written')
      const b = [...document.querySelectorAll<HTMLButtonElement>('main button:enabled')].find((each) => /^\s*Run/.test(each.textContent))
      if (b) once('run enabled')
      if (seen.has('query written') && b && !pressed) { pressed = true; mark('pressed'); b.click() }
      const t = document.querySelector('[role=progressbar],[data-progress],[role=status]')?.textContent
      const stage = [...document.querySelectorAll('[aria-current=step]')].map((e) => e.textContent!.trim()).join()
      if (stage) once('stage ' + stage)
      if (document.querySelector('[role=rowheader][data-row="0"]')) once('ROW')
    }, 2)
  })
  await page.goto(url, { waitUntil: 'commit' })
  await page.waitForFunction(() => (globalThis as any).log.some((l: any) => l[1] === 'ROW'), undefined, { timeout: 60000 })
  const out = await page.evaluate(() => {
    const res = performance.getEntriesByType('resource').map((e: any) => [Math.round(e.startTime), `  res ${e.name.replace(location.origin, '').slice(0, 60)} end ${Math.round(e.responseEnd)} size ${e.encodedBodySize}`])
    return [...(globalThis as any).log, ...res].sort((a: any, b: any) => a[0] - b[0])
  })
  if (i === 2) for (const [t, n] of out) console.log(String(t).padStart(6), n)
  else console.log(out.filter((o: any) => !o[1].startsWith('  res')).map((o: any) => o.join(' ')).join(' | '))
  await context.close()
}
await browser.close()
