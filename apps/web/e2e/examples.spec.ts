/** The examples, as a person copies them: built from the packed packages, served by another origin, run on the demo network. */
import { createPackedProject, type PackedProject } from '@enigma/testing/node'
import type { Page } from '@playwright/test'
import { execFile } from 'node:child_process'
import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { runExample, startMintServer, subscribeByCommand } from './support/node-example.ts'
import { pathOf } from './support/demo.ts'
import { freePort } from './support/engines.ts'
import { type ExampleSite, startExampleSite } from './support/example-site.ts'
import { expect, test } from './support/test.ts'
import { startSite } from './support/widget-page.ts'

const placeholders = { relay: 'https://relay.example', site: 'https://site.example', mint: 'https://mint.example' }
const waiting = { timeout: 30_000 }

let site: ExampleSite
let project: PackedProject
/** What a person who copies an example writes in place of what stands there. */
let fill: (text: string) => string
let dataset: string

test.beforeAll(async ({ browser }) => {
  test.setTimeout(240_000)
  const relay = process.env['E2E_BASE_URL'] ?? ''
  const page = await browser.newPage({ baseURL: relay })
  dataset = await pathOf(page, 'zipcodes')
  await page.close()
  const widget = await startSite(relay)
  const [integrity = ''] = /sha384-[^"]+/.exec(widget.tag()) ?? []
  await widget.stop()
  site = await startExampleSite(relay)
  project = await createPackedProject()
  fill = (text) =>
    text
      .replaceAll(placeholders.relay, relay)
      .replaceAll(placeholders.site, site.url)
      .replaceAll('0x0000000000000000000000000000000000000000/zipcodes', dataset)
      .replaceAll('sha384-…', integrity)
})
test.afterAll(async () => {
  await site.stop()
  await project.remove()
})

/** Puts an example on the site; one of an app is built first. */
async function publish(name: string, folder = '.'): Promise<string> {
  const example = await project.addExample(name, fill)
  const isApp = ['react', 'svelte'].includes(name)
  if (isApp) {
    const vite = join(project.directory, 'node_modules/vite/bin/vite.js')
    await promisify(execFile)(process.execPath, [vite, 'build', '--logLevel', 'warn'], { cwd: example })
  } else {
    const standalone = join(project.packageDirectory('client'), 'standalone')
    await cp(standalone, join(example, folder, 'enigma'), { recursive: true })
  }
  site.add(name, join(example, isApp ? 'dist' : folder))
  return `${site.url}/${name}`
}

const widget = (page: Page) => page.locator('enigma-query')

async function expectRows(page: Page): Promise<void> {
  await expect(widget(page)).toHaveAttribute('state', 'ready', waiting)
  await expect(widget(page).locator('[part=badge]')).toHaveText('✓ verified')
}

/** Before the page: counts results and looks for a wallet, and keeps the page's sockets. */
async function watch(page: Page): Promise<{ url: string; isClosed: boolean }[]> {
  const sockets: { url: string; isClosed: boolean }[] = []
  page.on('websocket', (socket) => {
    const one = { url: socket.url(), isClosed: false }
    sockets.push(one)
    socket.on('close', () => (one.isClosed = true))
  })
  await page.addInitScript(() => {
    const seen = { results: 0, wallets: 0 }
    Object.assign(globalThis, { seen })
    addEventListener('enigma-result', () => seen.results++)
    const get = () => {
      seen.wallets++
    }
    Object.defineProperty(globalThis, 'ethereum', { get })
  })
  return sockets
}

const seen = (page: Page) =>
  page.evaluate(() => (globalThis as unknown as { seen: { results: number; wallets: number } }).seen)

/** Whether the element that `keep` kept is still held by anything. */
async function isHeld(page: Page): Promise<boolean> {
  const session = await page.context().newCDPSession(page)
  await session.send('HeapProfiler.collectGarbage')
  await session.detach()
  return page.evaluate(() => (globalThis as unknown as { kept: WeakRef<Element> }).kept.deref() !== undefined)
}

for (const [name, file] of [
  ['react', 'index.html'],
  ['svelte', 'index.html'],
  ['static-page', 'sdk.html'],
] as const) {
  test(`${name}: rows, no wallet, refresh, theme, and nothing is left when it goes`, async ({ page }) => {
    test.setTimeout(120_000)
    const sockets = await watch(page)
    await page.goto(`${await publish(name)}/${file}`)
    await test.step('rows by the tag and by the SDK', async () => {
      await expectRows(page)
      await expect(widget(page).getByRole('row')).toHaveCount(21)
      await expect(page.getByText('20 rows', { exact: true })).toBeVisible()
      await expect(page.getByRole('list', { name: 'Cities' }).getByRole('listitem')).toHaveCount(5, waiting)
    })
    await test.step('it looks again when it is told', async () => {
      const { results } = await seen(page)
      await page.getByRole('button', { name: 'Look again' }).click()
      await expect.poll(async () => (await seen(page)).results, waiting).toBeGreaterThan(results)
    })
    await test.step('it takes the theme of the page', async () => {
      const background = () =>
        widget(page)
          .locator('[part=frame]')
          .evaluate((frame) => getComputedStyle(frame).backgroundColor)
      const light = await background()
      await page.getByRole('button', { name: 'Dark' }).click()
      await expect.poll(background).not.toBe(light)
    })
    await test.step('nothing is left when it is removed', async () => {
      await page.evaluate(() => {
        const element = document.querySelector('enigma-query')
        if (element !== null) Object.assign(globalThis, { kept: new WeakRef(element) })
      })
      await page.getByRole('button', { name: 'Hide' }).click()
      await expect(widget(page)).toHaveCount(0)
      expect(sockets.length).toBeGreaterThan(0)
      await expect.poll(() => sockets.filter(({ isClosed }) => !isClosed)).toEqual([])
      await expect.poll(() => isHeld(page)).toBe(false)
    })
    expect((await seen(page)).wallets).toBe(0)
  })
}

test('static-page: the pasted tag alone', async ({ page }) => {
  await page.goto(`${await publish('static-page')}/tag.html`)
  await expectRows(page)
  await expect(widget(page).getByRole('row')).toHaveCount(21)
})

test('notebook: cells by the tag and by the SDK, which run again when they are changed', async ({ page }) => {
  await page.goto(`${await publish('notebook')}/index.html`)
  await expectRows(page)
  const cell = (name: string) => page.getByRole('figure').filter({ has: page.getByLabel(name) })
  await expect(cell('Query 1').getByRole('row')).toHaveCount(4, waiting)
  await expect(cell('Query 2').getByRole('columnheader')).toHaveText(['south', 'north'], waiting)
  const query = page.getByLabel('Query 2')
  await query.fill('SELECT city FROM zipcodes ORDER BY city LIMIT 3')
  await query.press('Control+Enter')
  await expect(cell('Query 2').getByRole('row')).toHaveCount(4, waiting)
  await query.fill('SELECT nothing FROM zipcodes')
  await query.press('Control+Enter')
  await expect(cell('Query 2').locator('output')).toContainText('nothing', waiting)
})

test('node: rows as CSV, and a page whose visitors the site’s own server lets in', async ({ page, baseURL }) => {
  test.setTimeout(120_000)
  const mintUrl = `http://127.0.0.1:${await freePort()}`
  const unfilled = fill
  fill = (text) => unfilled(text).replaceAll(placeholders.mint, mintUrl)
  const url = await publish('node', 'site')
  const example = join(project.directory, 'node')
  const network = await (await fetch(`${baseURL ?? ''}/enigma-network.json`)).text()
  await writeFile(join(example, 'enigma-network.json'), network)

  const csv = await runExample(example, [
    ...['query-to-csv.ts', dataset, 'SELECT zip_code, city FROM zipcodes ORDER BY zip_code LIMIT 3'],
  ])
  expect(csv.split('\n')[0]).toBe('zip_code,city')
  expect(csv.trim().split('\n')).toHaveLength(4)

  await subscribeByCommand({ dataset, directory: example, network })
  const id = await runExample(example, ['create-embed.ts', dataset, 'owner.key'])
  expect(id).toMatch(/^0x[0-9a-f]{64}\n$/)
  expect(await readFile(join(example, 'minter.json'), 'utf8')).toContain(id.trim())
  const visitor = join(example, 'site/visitor.js')
  await writeFile(visitor, (await readFile(visitor, 'utf8')).replace(/0x0{64}/, id.trim()))
  const server = await startMintServer(example, mintUrl)
  try {
    await page.goto(`${url}/index.html`)
    await expect(page.getByRole('status')).toHaveText('20 verified rows', waiting)
    await page.getByLabel('State').selectOption('TX')
    await expect(page.getByRole('list', { name: 'Cities' })).toContainText(/7\d{4}/, waiting)
    expect((await fetch(`${mintUrl}/grant/0x04`)).status).toBe(403)
  } finally {
    await server.stop()
  }
})
