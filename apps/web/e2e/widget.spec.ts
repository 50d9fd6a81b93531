/** `<enigma-query>` on a page of somebody else: one pasted tag shows live, verified rows, and nothing else happens there. */
import { type NetworkFile, networkAnchor, parseNetworkFile } from '@enigma/protocol'
import type { Page } from '@playwright/test'
import { pathOf } from './support/demo.ts'
import { isInstalled, openEngine } from './support/engines.ts'
import { expect, test } from './support/test.ts'
import { type Site, startSite } from './support/widget-page.ts'

let site: Site

test.beforeAll(async () => {
  site = await startSite(process.env['E2E_BASE_URL'] ?? '')
})
test.afterAll(() => site.stop())

type Tag = { dataset: string; sql?: string; attributes?: string }

function tagOf({
  dataset,
  sql = 'SELECT zip_code, city, state FROM zipcodes ORDER BY zip_code',
  attributes = '',
}: Tag): string {
  return `<enigma-query dataset="${dataset}" limit="20" ${attributes}>
  <script type="application/sql">${sql}</script>
  <p>Zip codes of the country.</p>
</enigma-query>`
}

const widget = (page: Page) => page.locator('enigma-query').first()

/** Waits until rows were verified. */
async function expectRows(page: Page): Promise<void> {
  await expect(widget(page)).toHaveAttribute('state', 'ready', { timeout: 30_000 })
  await expect(widget(page).locator('[part=badge]')).toHaveText('✓ verified')
}

/** Keeps what the element's last error event says. */
async function noteErrors(page: Page): Promise<void> {
  await page.addInitScript(() => {
    addEventListener('enigma-error', (event) =>
      Object.assign(globalThis, { told: (event as CustomEvent<unknown>).detail }),
    )
  })
}

const errorOf = (page: Page) => page.evaluate(() => (globalThis as unknown as { told: unknown }).told)

/** Addresses of scripts that the page asked for. */
const scriptsOf = (page: Page) =>
  page.evaluate(() =>
    performance
      .getEntriesByType('resource')
      .map(({ name }) => new URL(name).pathname)
      .filter((path) => path.endsWith('.js')),
  )

test('only the pasted tag: verified rows without a wallet, and nothing moves when they come', async ({ page }) => {
  const dataset = await pathOf(page, 'zipcodes')
  await page.addInitScript(() => {
    const shifts: unknown[] = []
    Object.assign(globalThis, { shifts })
    // From when the element has its place: what a page shows before its scripts run is the page's own.
    void customElements
      .whenDefined('enigma-query')
      .then(() =>
        requestAnimationFrame(() =>
          requestAnimationFrame(() =>
            new PerformanceObserver((list) => shifts.push(...list.getEntries())).observe({ type: 'layout-shift' }),
          ),
        ),
      )
  })
  await page.goto(site.add({ body: `${tagOf({ dataset, attributes: 'loading="eager"' })}<p>Below.</p>` }))
  await expectRows(page)
  await expect(widget(page).getByRole('columnheader')).toHaveText(['zip_code', 'city', 'state'])
  await expect(widget(page).getByRole('row')).toHaveCount(21)
  await expect(page.getByText('Zip codes of the country.')).toBeHidden()
  const read = await widget(page).evaluate((element) => {
    const { rows, columns } = element as unknown as { rows: unknown[][]; columns: unknown[] }
    return { rows: rows.length, columns }
  })
  expect(read).toMatchObject({ rows: 20, columns: [{ name: 'zip_code' }, { name: 'city' }, { name: 'state' }] })
  expect(await page.evaluate(() => (globalThis as unknown as { shifts: unknown[] }).shifts)).toEqual([])
})

test('under the strictest policy it works and is styled', async ({ page, baseURL }) => {
  const dataset = await pathOf(page, 'zipcodes')
  const policy = [
    `default-src 'none'; script-src ${baseURL ?? ''}; style-src 'none'; img-src 'none'`,
    `connect-src http://127.0.0.1:* ws://127.0.0.1:*; base-uri 'none'; form-action 'none'`,
    `require-trusted-types-for 'script'; trusted-types 'none'`,
  ].join('; ')
  await page.goto(site.add({ policy, body: tagOf({ dataset, attributes: 'controls' }) }))
  await expectRows(page)
  const frame = widget(page).locator('[part=frame]')
  await expect(frame).toHaveCSS('border-top-width', '1px')
  await expect(frame).toHaveCSS('display', 'flex')
  await widget(page).evaluate((element) => element.setAttribute('view', 'bar'))
  await expect(
    widget(page).getByRole('alert').or(widget(page).locator('[part=chart], [part=error]')).first(),
  ).toBeVisible()
})

test('a page whose scripts are allowed by nonce alone needs nothing else', async ({ page }) => {
  const dataset = await pathOf(page, 'zipcodes')
  const policy = [
    `default-src 'none'; script-src 'nonce-bm9uY2U='; connect-src http://127.0.0.1:* ws://127.0.0.1:*`,
    `require-trusted-types-for 'script'; trusted-types 'none'`,
  ].join('; ')
  const head = site.tag().replace('<script', '<script nonce="bm9uY2U="')
  await page.goto(site.add({ policy, head, body: tagOf({ dataset, attributes: 'loading="eager"' }) }))
  await expectRows(page)
  // A part that is loaded later, too.
  const size = await widget(page).evaluate(async (element) => {
    const { size: bytes } = await (element as unknown as { export: (format: string) => Promise<Blob> }).export('csv')
    return bytes
  })
  expect(size).toBeGreaterThan(100)
})

test('the network is pinned by its anchor: another file is refused before anybody is asked', async ({ page }) => {
  const dataset = await pathOf(page, 'zipcodes')
  const network = parseNetworkFile(await (await page.request.get('/enigma-network.json')).text())
  const attributes = `loading="eager" anchor="${await networkAnchor(network)}"`
  const mirrored = { head: site.tag(site.url), body: tagOf({ dataset, attributes }) }
  await page.goto(site.add(mirrored))
  await expectRows(page)
  const asked: string[] = []
  page.on('request', (request) => asked.push(request.url()))
  page.on('websocket', (socket) => asked.push(socket.url()))
  const evil = 'http://127.0.0.1:9/'
  site.tamper((path, text) =>
    path === '/enigma-network.json' ? JSON.stringify({ ...network, rpcUrls: [evil] } satisfies NetworkFile) : text,
  )
  await noteErrors(page)
  await page.goto(site.add(mirrored))
  await expect(widget(page)).toHaveAttribute('state', 'error')
  await expect(widget(page).locator('[part=error]')).toContainText('not the one that the attribute anchor names')
  expect(await errorOf(page)).toMatchObject({ code: 'setting-invalid' })
  expect(asked.filter((url) => url === evil || url.startsWith('ws'))).toEqual([])
  site.tamper(undefined)
})

test('below the fold only the loader is fetched, until a reader comes near', async ({ page }) => {
  const dataset = await pathOf(page, 'zipcodes')
  const filler = '<p>Words.</p>'.repeat(200)
  await page.goto(site.add({ body: filler + tagOf({ dataset }) }))
  await expect(widget(page)).toHaveJSProperty('state', 'idle')
  await page.waitForLoadState('networkidle')
  expect(await scriptsOf(page)).toEqual([expect.stringMatching(/\/enigma-query\.js$/)])
  await widget(page).scrollIntoViewIfNeeded()
  await expectRows(page)
})

test('a press begins it where the page wants that', async ({ page }) => {
  const dataset = await pathOf(page, 'zipcodes')
  await page.goto(site.add({ body: tagOf({ dataset, attributes: 'loading="click"' }) }))
  await expect(page.getByText('Zip codes of the country.')).toBeVisible()
  await page.waitForLoadState('networkidle')
  expect(await scriptsOf(page)).toHaveLength(1)
  await page.getByRole('button', { name: 'Show live data' }).click()
  await expectRows(page)
})

test('with scripts off the page’s own words are there', async ({ browser }) => {
  const context = await browser.newContext({ javaScriptEnabled: false })
  const page = await context.newPage()
  await page.goto(site.add({ body: tagOf({ dataset: `0x${'11'.repeat(20)}/x` }) }))
  await expect(page.getByText('Zip codes of the country.')).toBeVisible()
  await context.close()
})

test('what its files say is proven by the tag: changed ones are refused and never run', async ({ page }) => {
  const dataset = await pathOf(page, 'zipcodes')
  await noteErrors(page)
  const mirrored = { head: site.tag(site.url), body: tagOf({ dataset, attributes: 'loading="eager"' }) }
  for (const part of ['core-', 'peers-', 'client-']) {
    site.tamper((path, text) => (path.includes(part) ? `globalThis.hacked = true;${text}` : text))
    await page.goto(site.add(mirrored))
    await expect(widget(page)).toHaveAttribute('state', 'error')
    await expect(widget(page).getByRole('alert')).toContainText('not the one it should be')
    await expect(page.getByText('Zip codes of the country.')).toBeVisible()
    expect(await page.evaluate(() => 'hacked' in globalThis)).toBe(false)
    expect(await errorOf(page)).toMatchObject({ code: 'client-failed' })
  }
  site.tamper((path, text) => (path.endsWith('enigma-query.js') ? `${text};globalThis.hacked = true` : text))
  await page.goto(site.add(mirrored))
  await expect(page.getByText('Zip codes of the country.')).toBeVisible()
  expect(await page.evaluate(() => [customElements.get('enigma-query'), 'hacked' in globalThis])).toEqual([
    undefined,
    false,
  ])
  site.tamper(undefined)
})

test('no file is asked for twice: what was proven is what runs', async ({ page }) => {
  const dataset = await pathOf(page, 'zipcodes')
  const seen = new Set<string>()
  // The second time it would be another one.
  site.tamper((path, text) => {
    if (!seen.has(path)) {
      seen.add(path)
      return text
    }
    return `globalThis.hacked = true;${text}`
  })
  const before = site.asked.length
  await page.goto(site.add({ head: site.tag(site.url), body: tagOf({ dataset, attributes: 'loading="eager"' }) }))
  await expectRows(page)
  const files = site.asked.slice(before).filter((path) => path.endsWith('.js'))
  expect(files.length).toBeGreaterThan(2)
  expect(new Set(files).size).toBe(files.length)
  expect(await page.evaluate(() => 'hacked' in globalThis)).toBe(false)
  site.tamper(undefined)
})

test('a hundred on one page: one connection, and nothing is left when they go', async ({ page }) => {
  test.slow()
  const dataset = await pathOf(page, 'zipcodes')
  const sockets: { url: string; isClosed: boolean }[] = []
  page.on('websocket', (socket) => {
    const one = { url: socket.url(), isClosed: false }
    sockets.push(one)
    socket.on('close', () => (one.isClosed = true))
  })
  const sqlOf = (at: number) => `SELECT city FROM zipcodes WHERE zip_code > '${at % 10}' ORDER BY zip_code`
  await page.addInitScript(() => {
    // Widgets that showed their rows in one task: what is more urgent than their own tasks comes before the next one.
    const shown = { most: 0, now: 0 }
    Object.assign(globalThis, { shown })
    const reset = () => (shown.now = 0)
    const { scheduler } = globalThis as unknown as {
      scheduler: { postTask: (task: () => void, options: { priority: 'user-blocking' }) => void }
    }
    addEventListener('enigma-result', () => {
      if (shown.now++ === 0) scheduler.postTask(reset, { priority: 'user-blocking' })
      shown.most = Math.max(shown.most, shown.now)
    })
  })
  const tags = Array.from({ length: 100 }, (_, at) => tagOf({ dataset, sql: sqlOf(at), attributes: 'loading="eager"' }))
  await page.goto(site.add({ body: tags.join('') }))
  await expect(page.locator('enigma-query[state=ready]')).toHaveCount(100, { timeout: 60_000 })
  expect(sockets).toHaveLength(1)
  // One at a time, and the reader's turn in between (`bench widget` prints how long the longest task is).
  expect(await page.evaluate(() => (globalThis as unknown as { shown: { most: number } }).shown.most)).toBe(1)
  const counters = await heapOf(page)
  await page.evaluate(() => {
    const kept = [...document.querySelectorAll('enigma-query')].map((element) => new WeakRef(element))
    Object.assign(globalThis, { kept })
    document.querySelector('main')?.remove()
  })
  await expect.poll(() => sockets.filter(({ isClosed }) => isClosed).length).toBe(1)
  const session = await page.context().newCDPSession(page)
  await expect
    .poll(async () => {
      await session.send('HeapProfiler.collectGarbage')
      return page.evaluate(
        () =>
          (globalThis as unknown as { kept: WeakRef<Element>[] }).kept.filter((each) => each.deref() !== undefined)
            .length,
      )
    })
    .toBe(0)
  const left = await heapOf(page)
  expect(counters.bytes).toBeLessThan(mostHeapBytes)
  expect(left.listeners).toBeLessThan(counters.listeners / 10)
  expect(left.nodes).toBeLessThan(counters.nodes / 10)
})

/** A hundred tables of twenty rows, the client and its connection. */
const mostHeapBytes = 64 * 1024 * 1024

/** What the page holds once its garbage is gone. */
async function heapOf(page: Page): Promise<{ bytes: number; nodes: number; listeners: number }> {
  const session = await page.context().newCDPSession(page)
  await session.send('HeapProfiler.collectGarbage')
  const { nodes, jsEventListeners: listeners } = await session.send('Memory.getDOMCounters')
  const { usedSize: bytes } = await session.send('Runtime.getHeapUsage')
  await session.detach()
  return { bytes, nodes, listeners }
}

test('one that is moved goes on, and one that comes back asks again', async ({ page }) => {
  const dataset = await pathOf(page, 'zipcodes')
  await page.goto(site.add({ body: `${tagOf({ dataset, attributes: 'loading="eager"' })}<section></section>` }))
  await expectRows(page)
  await page.evaluate(() => document.querySelector('section')?.append(document.querySelector('enigma-query') ?? ''))
  await expect(widget(page)).toHaveAttribute('state', 'ready')
  await page.evaluate(async () => {
    const element = document.querySelector('enigma-query')
    element?.remove()
    await Promise.resolve()
    await Promise.resolve()
    document.querySelector('section')?.append(element ?? '')
  })
  await expectRows(page)
})

for (const [attributes, message, code] of [
  ['mode="popup"', 'mode is "popup"; use inline, frame', 'setting-invalid'],
  ['access="viewer"', '"viewer" needs mode="frame"', 'setting-invalid'],
  ['anchor="sha256-x"', 'anchor must be sha256-', 'setting-invalid'],
  ['view="pie"', 'view is "pie"', 'setting-invalid'],
  ['grant="0xab"', 'must be the id of an embed', 'setting-invalid'],
  [`grant="0x${'ab'.repeat(32)}"`, 'No relay knows this embed', 'grant-unknown'],
] as const) {
  test(`${attributes} is told to the page’s author`, async ({ page }) => {
    const dataset = await pathOf(page, 'zipcodes')
    await noteErrors(page)
    await page.goto(site.add({ body: tagOf({ dataset, attributes }) }))
    await expect(widget(page)).toHaveAttribute('state', 'error')
    await expect(widget(page).locator('[part=error]')).toContainText(message)
    expect(await errorOf(page)).toMatchObject({ code })
  })
}

for (const name of ['firefox', 'webkit'] as const) {
  test(`${name}: rows by the pasted tag, and changed code is refused`, async ({ page }) => {
    test.skip(!isInstalled(name), `${name} is not on this machine`)
    test.slow()
    const dataset = await pathOf(page, 'zipcodes')
    const mirrored = { head: site.tag(site.url), body: tagOf({ dataset, attributes: 'loading="eager"' }) }
    const engine = await openEngine(name)
    const stateOf = () => engine.run(() => document.querySelector('enigma-query')?.getAttribute('state') ?? '')
    try {
      await engine.goto(site.add(mirrored))
      await expect.poll(stateOf, { timeout: 30_000 }).toBe('ready')
      for (const part of ['core-', 'peers-', 'client-']) {
        site.tamper((path, text) => (path.includes(part) ? `globalThis.hacked = true;${text}` : text))
        await engine.goto(site.add(mirrored))
        await expect.poll(stateOf).toBe('error')
        expect(await engine.run(() => 'hacked' in globalThis)).toBe(false)
      }
    } finally {
      site.tamper(undefined)
      await engine.close()
    }
  })
}
