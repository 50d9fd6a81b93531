/** Values that want to be more than text: in a dataset's words, in its rows, in errors and in addresses. */
import { readFile } from 'node:fs/promises'
import type { Page } from '@playwright/test'
import Papa from 'papaparse'
import { hostileTexts } from '@enigma/result/fixtures/hostile-texts'
import { type HostileDataset, listHostileDataset, table } from './support/hostile-dataset.ts'
import { chooseFile, next, stepIs } from './support/publish-draft.ts'
import { expect, open, test } from './support/test.ts'

let hostile: HostileDataset

test.beforeAll(async () => {
  test.setTimeout(120_000)
  // What no text column can hold is left out, and the very long ones but for one.
  const isText = (text: string) => text.isWellFormed() && !text.includes('\0')
  const texts = hostileTexts.filter((text, at) => isText(text) && (text.length < 10_000 || at < 100))
  expect(texts.length).toBeGreaterThanOrEqual(1000)
  hostile = await listHostileDataset(process.env['E2E_DIRECTORY'] ?? '', texts)
})

/** Fails on dialogs, on requests that leave this machine, and on markup that came to life. */
test.beforeEach(({ page }) => {
  page.on('dialog', (dialog) => {
    throw new Error(`a script ran: ${dialog.message()}`)
  })
  page.on('request', (request) => {
    const { protocol, hostname } = new URL(request.url())
    const isHere = hostname === '127.0.0.1' || protocol === 'data:' || protocol === 'blob:'
    if (!isHere) throw new Error(`a request left: ${request.url().slice(0, 200)}`)
  })
})

async function expectInert(page: Page): Promise<void> {
  const found = await page.evaluate(() => {
    const alive = [...document.querySelectorAll('main *')].filter(
      (element) =>
        /^(script|iframe|object|embed|base|style|img|form\[action\])$/i.test(element.localName) ||
        [...element.attributes].some(({ name }) => name.startsWith('on')) ||
        /^(javascript|data|vbscript):/i.test(element.getAttribute('href') ?? ''),
    )
    const { clientWidth, scrollWidth } = document.documentElement
    const outside = [...document.querySelectorAll('main aside *, main article *')].filter((element) => {
      const frame = element.closest('aside, article')
      return frame !== null && element.getBoundingClientRect().right > frame.getBoundingClientRect().right + 1
    })
    const textOf = ({ outerHTML }: Element) => outerHTML.slice(0, 200)
    return { alive: alive.map(textOf), outside: outside.map(textOf), isWide: scrollWidth > clientWidth }
  })
  expect(found).toEqual({ alive: [], outside: [], isWide: false })
}

for (const width of [1280, 390]) {
  test(`its words stay words, and the layout holds at ${width} px`, async ({ page }) => {
    await page.setViewportSize({ width, height: 844 })
    await open(page, '/?q=threats')
    const card = page.getByRole('article').filter({ hasText: '<img src=https://evil.example/t' }).first()
    await expect(card).toBeVisible({ timeout: 30_000 })
    await expectInert(page)
    for (const tab of ['schema', 'health', 'activity', 'use', 'sample']) {
      await open(page, `/d/${hostile.path}?tab=${tab}`)
      await expect(page.getByRole('heading', { level: 1 })).toContainText('<img src=')
      await expect(page.getByText('Description checked with the chain')).toBeVisible()
      await expect(page.locator('main [aria-busy=true]')).toHaveCount(0)
      await expectInert(page)
    }
  })
}

test('its rows stay text in the table, the cell, the chart, the columns and the files', async ({ page }) => {
  test.slow()
  await open(page, `/console?dataset=${hostile.path}`)
  await expect(page.locator('.cm-content')).toContainText('LIMIT 100')
  await page.locator('.cm-content').click()
  await page.keyboard.press('ControlOrMeta+a')
  await page.keyboard.insertText(`SELECT id, threat FROM ${table} ORDER BY id`)
  await page.keyboard.press('ControlOrMeta+Enter')
  const result = page.getByRole('region', { name: 'Result' })
  await expect(result.getByRole('button', { name: /receipt verified/ })).toBeVisible({ timeout: 30_000 })
  await result.getByRole('gridcell').nth(1).click()
  for (let screen = 0; screen < hostile.texts.length / 10; screen++) await page.keyboard.press('PageDown')
  await expect(result.getByRole('gridcell', { name: String(hostile.texts.length - 1) }).first()).toBeVisible()
  await expectInert(page)
  await page.keyboard.press('Enter')
  await expect(page.locator('dialog[open]')).toBeVisible()
  await expectInert(page)
  await page.keyboard.press('Escape')
  for (const tab of ['Chart', 'Columns']) {
    await result.getByRole('tab', { name: tab }).click()
    await expect(result.locator('[aria-busy=true]')).toHaveCount(0)
    await expectInert(page)
  }
  expect(await rowsOf(page, 'JSON')).toEqual(hostile.texts.map((threat, id) => ({ id, threat })))
  const { data } = Papa.parse<{ id: string; threat: string }>(String(await fileOf(page, 'CSV')), {
    header: true,
    skipEmptyLines: true,
  })
  expect(data).toHaveLength(hostile.texts.length)
  expect(data.filter(({ threat }) => /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/.test(threat))).toEqual([])
})

test('errors and addresses that quote them stay text, too', async ({ page }) => {
  const markup = '<img src=https://evil.example/e onerror=alert(1)>'
  await open(page, `/console?dataset=${hostile.path}`)
  await expect(page.locator('.cm-content')).toContainText('LIMIT 100')
  await page.locator('.cm-content').click()
  await page.keyboard.press('ControlOrMeta+a')
  await page.keyboard.insertText(`SELECT "${markup}" FROM ${table}`)
  await page.keyboard.press('ControlOrMeta+Enter')
  await expect(page.getByRole('main').getByRole('alert')).toContainText('<img', { timeout: 30_000 })
  await expectInert(page)
  const addresses = [
    `/?q=${encodeURIComponent(markup)}`,
    `/?curator=${encodeURIComponent(markup)}&page=${encodeURIComponent(markup)}&sort=${encodeURIComponent(markup)}`,
    `/d/${encodeURIComponent(markup)}/${encodeURIComponent(markup)}`,
    `/console?dataset=${encodeURIComponent(markup)}`,
    `/console?dataset=${hostile.path}#${encodeURIComponent(markup)}`,
  ]
  for (const address of addresses) {
    await open(page, address)
    await expect(page.getByRole('heading', { level: 1 }).first()).toBeVisible()
    await expectInert(page)
  }
})

test('a file to be published, and the words that are typed for it', async ({ page }) => {
  const names = ['<img src=https://evil.example/n onerror=alert(1)>', '=cmd|calc', '\u202eeman', 'W'.repeat(300)]
  const rows = hostile.texts.map((text, at) => [text, String(at), text.slice(0, 100), ''])
  const buffer = Buffer.from(Papa.unparse([names, ...rows]))
  await open(page, '/publish')
  await chooseFile(page, { name: '<b onclick=alert(1)>.csv', mimeType: 'text/csv', buffer })
  await expectInert(page)
  await next(page)
  await stepIs(page, 'Columns')
  await expectInert(page)
  for (const width of [390, 1280]) {
    await page.setViewportSize({ width, height: 844 })
    await page.getByRole('link', { name: 'Description' }).click()
    await page.getByLabel('Title').fill(names[0] ?? '')
    await expectInert(page)
    await page.getByRole('link', { name: 'Review' }).click()
    await stepIs(page, 'Review')
    await expectInert(page)
  }
})

test('the builder of embeds, and the name of a wallet', async ({ page }) => {
  await open(page, `/embed?dataset=${hostile.path}`)
  await expect(page.locator('.cm-content')).toContainText(table)
  await expectInert(page)
  const name = '<img src=https://evil.example/w onerror=alert(1)>'
  await page.addInitScript((text) => {
    const info = {
      uuid: crypto.randomUUID(),
      name: text,
      icon: 'javascript:alert(1)',
      rdns: '"><script>alert(1)</script>',
    }
    const provider = {
      request: () => new Promise(() => undefined),
      on: () => undefined,
      removeListener: () => undefined,
    }
    const say = () =>
      window.dispatchEvent(new CustomEvent('eip6963:announceProvider', { detail: Object.freeze({ info, provider }) }))
    window.addEventListener('eip6963:requestProvider', say)
    say()
  }, name)
  await open(page, '/network')
  await page.getByRole('button', { name: 'Connect wallet', exact: true }).click()
  const dialog = page.getByRole('dialog', { name: 'Connect a wallet' })
  await expect(dialog.getByText(name)).toBeVisible()
  await expect(dialog.locator('img:not([src^="data:image/"])')).toHaveCount(0)
})

async function fileOf(page: Page, format: string): Promise<Buffer> {
  const download = page.waitForEvent('download')
  await page.getByRole('button', { name: format, exact: true }).click()
  return readFile(await (await download).path())
}

async function rowsOf(page: Page, format: string): Promise<unknown> {
  return JSON.parse(String(await fileOf(page, format))) as unknown
}
