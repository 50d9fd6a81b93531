/** `mode="frame"`: a viewer's own rows on a page of somebody else, which is hostile: it reads, covers, forges and floods. */
import type { FrameLocator, Page } from '@playwright/test'
import { expectNoFindings } from './support/axe.ts'
import { answer, pathOf, subscribeInDevelopment } from './support/demo.ts'
import { expect, open, test } from './support/test.ts'
import { type Site, startSite } from './support/widget-page.ts'

let site: Site

test.beforeAll(async () => {
  site = await startSite(process.env['E2E_BASE_URL'] ?? '')
})
test.afterAll(() => site.stop())

const sql = 'SELECT zip_code, city FROM zipcodes ORDER BY zip_code'
const widget = (page: Page) => page.locator('enigma-query')
const inside = (page: Page): FrameLocator => page.frameLocator('enigma-query iframe')
const press = (page: Page) => inside(page).getByRole('button', { name: 'Show the rows' })

function tagOf(dataset: string, attributes = ''): string {
  return `<enigma-query mode="frame" loading="eager" dataset="${dataset}" sql="${sql}" limit="20" ${attributes}>
  <p>Zip codes of the country.</p></enigma-query>`
}

/** Subscribes to the dataset and signs once for a session, on the relay's own pages. */
async function signIn(page: Page, dataset: string): Promise<void> {
  await subscribeInDevelopment(page, dataset)
  await open(page, `/console?dataset=${dataset}`)
  await expect(page.locator('[data-sql-editor] .cm-content')).toContainText('LIMIT 100')
  await page.getByRole('main').getByRole('button', { name: 'Run', exact: true }).click()
  await page.getByRole('button', { name: 'Sign once in the wallet and run' }).click()
  await answer(page, 'Sign')
  await expect(page.getByText(/100 rows/).first()).toBeVisible({ timeout: 40_000 })
}

/** What the frame does when its viewer comes back to its tab. */
const comeBack = (page: Page) =>
  inside(page)
    .locator('body')
    .evaluate(() => document.dispatchEvent(new Event('visibilitychange')))

async function expectRows(page: Page, count: number): Promise<void> {
  await expect(widget(page)).toHaveAttribute('state', 'ready', { timeout: 40_000 })
  await expect(inside(page).getByRole('row')).toHaveCount(count + 1)
}

test('a viewer’s own rows: signed in elsewhere, asked by one press, out of the page’s reach', async ({ page }) => {
  test.setTimeout(240_000)
  const dataset = await pathOf(page, 'zipcodes')
  const visit = await page.context().newPage()
  await visit.goto(site.add({ body: tagOf(dataset) }))

  await test.step('without a session it is locked, with a way to the dataset', async () => {
    await expect(widget(visit)).toHaveAttribute('state', 'locked')
    await expect(inside(visit).getByText('Sign in at')).toBeVisible()
    await expectNoFindings(visit, 'locked')
    const opened = page.context().waitForEvent('page', { timeout: 15_000 })
    await inside(visit).getByRole('link', { name: 'Open the dataset' }).click()
    const tab = await opened
    await expect(tab.getByRole('heading', { level: 1 })).toContainText(/zip/i)
    await tab.close()
  })

  await test.step('back from there, it says which site asks what, and a press shows the rows', async () => {
    await signIn(page, dataset)
    await comeBack(visit)
    await expect(inside(visit).getByText(`${new URL(visit.url()).origin} wants to show you rows`)).toBeVisible()
    await expect(inside(visit).getByText(sql)).toBeVisible()
    await expectNoFindings(visit, 'asking')
    await press(visit).click()
    await expectRows(visit, 20)
    await expectNoFindings(visit, 'ready')
  })

  await test.step('the page cannot read them', async () => {
    const read = await widget(visit).evaluate(async (element) => {
      const own = element as unknown as {
        rows: unknown[]
        columns: unknown[]
        export: (format: string) => Promise<Blob>
      }
      const frame = element.shadowRoot?.querySelector('iframe')
      let thrown: string
      try {
        thrown = frame?.contentWindow?.document.title ?? 'none'
      } catch (error) {
        thrown = (error as Error).name
      }
      const exported = await own.export('csv').catch((error: unknown) => String(error))
      return { document: frame?.contentDocument, thrown, rows: own.rows, columns: own.columns, exported }
    })
    expect(read).toEqual({
      ...{ document: null, thrown: 'SecurityError', rows: [], columns: [] },
      exported: expect.stringContaining('for its viewer alone'),
    })
  })

  await test.step('the same question needs no other press, another one does', async () => {
    await visit.reload()
    await expectRows(visit, 20)
    await widget(visit).evaluate((element) => element.setAttribute('sql', 'SELECT state FROM zipcodes'))
    await expect(widget(visit)).toHaveAttribute('state', 'locked')
    await expect(inside(visit).getByRole('row')).toHaveCount(0)
    await press(visit).click()
    await expectRows(visit, 20)
  })

  await test.step('how it looks is live', async () => {
    await widget(visit).evaluate((element) => element.setAttribute('theme', 'dark'))
    await expect(inside(visit).locator('[part=frame]')).toHaveCSS('background-color', 'rgb(24, 28, 36)')
    await widget(visit).evaluate((element) => element.remove())
    expect(visit.frames()).toHaveLength(1)
  })

  await test.step('on a page of another site it is locked until the browser hands the session over', async () => {
    const address = site.add({ body: tagOf(dataset) }).replace('127.0.0.1', 'localhost')
    await visit.goto(address)
    const own = inside(visit).getByRole('button', { name: 'I have signed in there' })
    await expect(own).toBeVisible()
    await expect(widget(visit)).toHaveAttribute('state', 'locked')
    // Any grant refuses all others. (What is granted so is not obeyed by the browser's storage: that part is untested.)
    await visit.context().grantPermissions(['geolocation'])
    await own.click()
    await expect(inside(visit).getByText('The browser refused')).toBeVisible()
    await expect(inside(visit).getByRole('link', { name: 'Open the dataset' })).toBeVisible()
    await visit.context().clearPermissions()
  })

  await test.step('a trap is not pressed: covered, faint, cut off', async () => {
    await visit.goto(site.add({ body: tagOf(dataset, 'params="[]"').replace(sql, `${sql} -- trap`) }))
    await expect(press(visit)).toBeEnabled()
    await restyle(visit, (element) => (element.style.opacity = '0.02'))
    await expect(press(visit)).toBeDisabled()
    await restyle(visit, (element) => (element.style.opacity = ''))
    await expect(press(visit)).toBeEnabled()
    await visit.evaluate(() => {
      const cover = document.createElement('div')
      cover.id = 'cover'
      cover.textContent = 'Win a prize!'
      cover.style.cssText = 'position:fixed;inset:0;background:#fff;pointer-events:none;z-index:9'
      document.body.append(cover)
    })
    await expect(press(visit)).toBeDisabled()
    // As a program would press it, too: nothing is asked.
    await press(visit).dispatchEvent('click')
    await expect(widget(visit)).toHaveAttribute('state', 'locked')
    await visit.evaluate(() => document.querySelector('#cover')?.remove())
    await expect(press(visit)).toBeEnabled()
    await press(visit).dispatchEvent('click')
    await expect(widget(visit)).toHaveAttribute('state', 'locked')
    await restyle(visit, (element) => (element.style.clipPath = 'inset(60% 0 0 0)'))
    await expect(press(visit)).toBeDisabled()
  })
})

/** Restyles the element, as its page may. */
const restyle = (page: Page, change: (element: HTMLElement) => void) => widget(page).evaluate(change)

/** In a page: a frame made by hand, and what it says on the ports that it was handed. */
type Hostile = { frame: HTMLIFrameElement; nonce: string; heard: unknown[][]; hand: (data: unknown) => MessagePort }

async function holdFrame(page: Page): Promise<void> {
  const address = new URL('frame.html', site.loaderUrl).href
  await page.evaluate(async (src) => {
    const nonce = 'ab'.repeat(16)
    const frame = Object.assign(document.createElement('iframe'), { src: `${src}#${nonce}` })
    const loaded = new Promise((resolve) => frame.addEventListener('load', resolve))
    document.body.append(frame)
    await loaded
    const heard: unknown[][] = []
    const hand = (data: unknown) => {
      const { port1, port2 } = new MessageChannel()
      const words: unknown[] = []
      heard.push(words)
      port1.onmessage = (event) => words.push(event.data)
      frame.contentWindow?.postMessage(data, new URL(src).origin, [port2])
      return port1
    }
    Object.assign(globalThis, { hostile: { frame, nonce, heard, hand } satisfies Hostile })
  }, address)
}

const heardBy = (page: Page) => page.evaluate(() => (globalThis as unknown as { hostile: Hostile }).hostile.heard)

test('forged, replayed and misdirected messages are ignored, and a flood ends it', async ({ page }) => {
  const dataset = await pathOf(page, 'zipcodes')
  await page.goto(site.add({ head: '', body: '' }))
  await holdFrame(page)
  const held = page.frameLocator('iframe')
  await page.evaluate((path) => {
    const { hostile } = globalThis as unknown as { hostile: Hostile }
    const values = { dataset: path, sql: 'SELECT 1' }
    hostile.hand('hello')
    hostile.hand({ enigma: 'frame', nonce: 'cd'.repeat(16), values })
    hostile.hand({ enigma: 'frame', nonce: hostile.nonce, values: { sql: 'x'.repeat(100_000) } })
    hostile.frame.contentWindow?.postMessage({ enigma: 'frame', nonce: hostile.nonce, values }, '*')
    const port = hostile.hand({ enigma: 'frame', nonce: hostile.nonce, values })
    // The same once more: replayed.
    hostile.hand({ enigma: 'frame', nonce: hostile.nonce, values: { ...values, sql: 'SELECT 2' } })
    Object.assign(globalThis, { port })
  }, dataset)
  await expect(held.getByText('Sign in at')).toBeVisible()
  expect((await heardBy(page)).map((words) => words.length > 0)).toEqual([false, false, false, true, false])
  const [, , , said = []] = await heardBy(page)
  expect(said[0]).toEqual({ kind: 'ready', nonce: 'ab'.repeat(16) })
  expect(said.filter((word) => (word as { kind: string }).kind !== 'height').at(-1)).toEqual({
    ...{ kind: 'state', state: 'locked' },
  })
  await page.evaluate(() => {
    const { port, hostile } = globalThis as unknown as { port: MessagePort; hostile: Hostile }
    for (let at = 0; at < 500; at++) port.postMessage({ kind: 'values', values: { theme: String(at) } })
    hostile.hand({ enigma: 'frame', nonce: hostile.nonce, values: {} })
  })
  await expect(held.getByText('This page asks too much')).toBeVisible()
  expect((await heardBy(page)).at(-1)).toEqual([])
})

test('a page within a page, and a page without an origin, are shown nothing', async ({ page }) => {
  const dataset = await pathOf(page, 'zipcodes')
  const nested = site.add({ body: tagOf(dataset) })
  await page.goto(site.add({ head: '', body: `<iframe src="${nested}"></iframe>` }))
  const within = page.frameLocator('iframe').frameLocator('enigma-query iframe')
  await expect(within.getByText('A page within a page')).toBeVisible()
  const src = new URL('frame.html', site.loaderUrl).href
  await page.goto(src)
  await expect(page.getByText('This page is a part of others')).toBeVisible()
})

test('whatever the page’s tag says, the frame is sandboxed by its own answer', async ({ page }) => {
  await page.goto(site.add({ head: '', body: '' }))
  await holdFrame(page)
  const frame = page.frames().find((each) => each.url().includes('frame.html'))
  expect(await frame?.evaluate(() => ({ asked: confirm('?'), opened: location.origin }))).toMatchObject({
    asked: false,
  })
})

for (const [attributes, message] of [
  ['mode="frame" access="sample"', '"sample" needs mode="inline"'],
  [`mode="frame" grant="0x${'ab'.repeat(32)}"`, '"viewer" goes without a grant'],
  ['mode="frame" network="https://evil.example/n.json"', 'network is not for mode="frame"'],
] as const) {
  test(`${attributes} is told to the page’s author`, async ({ page }) => {
    await page.addInitScript(() => {
      addEventListener('enigma-error', (event) =>
        Object.assign(globalThis, { told: (event as CustomEvent<unknown>).detail }),
      )
    })
    const words = '<p>The page’s own words.</p>'
    await page.goto(site.add({ body: `<enigma-query loading="eager" ${attributes}>${words}</enigma-query>` }))
    await expect(widget(page)).toHaveAttribute('state', 'error')
    await expect(page.getByText('The page’s own words.')).toBeVisible()
    const told = await page.evaluate(() => (globalThis as unknown as { told: unknown }).told)
    expect(told).toMatchObject({
      ...{ code: 'setting-invalid', message: expect.stringContaining(message) },
    })
    // Another mode is other code, at once.
    await widget(page).evaluate((element) => {
      for (const name of ['access', 'grant', 'network']) element.removeAttribute(name)
      element.setAttribute('mode', 'inline')
    })
    await expect(widget(page).locator('[part=error]')).toContainText('dataset is missing')
  })
}
