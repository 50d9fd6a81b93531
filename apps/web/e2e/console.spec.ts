/** The console: write SQL, see rows that only this browser could open, and do things with them. */
import { readFile } from 'node:fs/promises'
import type { Download, Page } from '@playwright/test'
import { pathOf } from './support/demo.ts'
import { expect, open, test } from './support/test.ts'

const result = (page: Page) => page.getByRole('region', { name: 'Result' })
const verified = (page: Page) => page.getByRole('button', { name: /receipt verified/ })

async function openConsole(page: Page, dataset: Parameters<typeof pathOf>[1]): Promise<void> {
  await open(page, `/console?dataset=${await pathOf(page, dataset)}`)
  await expect(page.locator('[data-sql-editor] .cm-content')).toBeVisible()
  // The first query is written once the dataset's tables are known.
  await expect(page.locator('[data-sql-editor] .cm-content')).toContainText('LIMIT 100')
}

/** Replaces what stands in the editor, as a person does. */
async function write(page: Page, sql: string): Promise<void> {
  await page.locator('[data-sql-editor] .cm-content').click()
  await page.keyboard.press('ControlOrMeta+a')
  await page.keyboard.insertText(sql)
}

async function run(page: Page, sql: string): Promise<void> {
  await write(page, sql)
  await page.keyboard.press('ControlOrMeta+Enter')
  await expect(verified(page)).toBeVisible({ timeout: 30_000 })
}

async function textOf(download: Promise<Download>): Promise<{ name: string; bytes: Buffer }> {
  const file = await download
  return { name: file.suggestedFilename(), bytes: await readFile(await file.path()) }
}

test('a sample without a wallet: rows, their proof, their order, a chart, and files', async ({ page, context }) => {
  await openConsole(page, 'zipcodes')
  await run(page, 'SELECT zip_code, city, latitude FROM zipcodes ORDER BY zip_code LIMIT 200')
  await expect(result(page).locator('[data-status-line]')).toContainText('200 rows')
  await expect(result(page).locator('[data-status-line]')).toContainText(/blind path over (WebRTC|WebSocket)/)

  await test.step('what was checked', async () => {
    await verified(page).click()
    const proof = page.getByRole('dialog', { name: 'What was checked' })
    await expect(proof.getByRole('heading', { level: 3 }).first()).toBeVisible()
    await expect(proof.getByText(/^0x[0-9a-f]{4}/).first()).toBeVisible()
    await page.keyboard.press('Escape')
  })

  await test.step('a cell copied, opened in full, and its column made wider', async () => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write'])
    const cell = result(page).getByRole('gridcell').nth(1)
    const city = await cell.innerText()
    await cell.click()
    await page.keyboard.press('ControlOrMeta+c')
    await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe(city)
    await page.keyboard.press('Enter')
    await expect(page.getByRole('dialog', { name: 'city' }).locator('[data-cell-value]')).toHaveText(city)
    await page.keyboard.press('Escape')
    const widthOf = async () => (await cell.boundingBox())?.width ?? 0
    const before = await widthOf()
    await page.keyboard.press('ArrowUp')
    await page.keyboard.press('Alt+ArrowRight')
    await expect.poll(widthOf).toBeGreaterThan(before)
  })

  await test.step('sorted here, and said so', async () => {
    await result(page)
      .getByRole('columnheader', { name: /latitude/ })
      .click()
    await expect(result(page).getByRole('status')).toContainText('Sorted here: only the 200 rows')
  })

  await test.step('files', async () => {
    const files: Record<string, Buffer> = {}
    for (const format of ['CSV', 'JSON', 'Arrow', 'Parquet']) {
      const download = page.waitForEvent('download')
      await result(page).getByRole('button', { name: format, exact: true }).click()
      const { name, bytes } = await textOf(download)
      expect(name).toMatch(/^zipcodes-snapshot\d+-\d{8}-\d{6}\./)
      files[format] = bytes
    }
    const lines = (files['CSV']?.toString() ?? '').trim().split('\r\n')
    expect(lines[0]).toBe('zip_code,city,latitude')
    expect(lines).toHaveLength(201)
    expect(JSON.parse(files['JSON']?.toString() ?? '')).toHaveLength(200)
    expect(files['Parquet']?.subarray(0, 4).toString()).toBe('PAR1')
    expect(files['Arrow']?.readUInt32LE(0)).toBe(0xffffffff)
  })

  await test.step('a chart, and its values as a table', async () => {
    await result(page).getByRole('tab', { name: 'Chart' }).click()
    const pictures = new Set<string>()
    for (const kind of ['line', 'bar', 'scatter']) {
      await result(page).getByRole('combobox', { name: 'Chart' }).selectOption(kind)
      const picture = result(page).getByRole('tabpanel').locator('svg').last()
      await expect(picture).toBeVisible()
      await expect.poll(async () => pictures.has(await picture.innerHTML())).toBe(false)
      pictures.add(await picture.innerHTML())
    }
    await result(page).getByText('The values as a table').click()
    await expect(result(page).getByRole('table')).toBeVisible()
    await result(page).getByRole('tab', { name: 'Columns' }).click()
    await expect(result(page).getByRole('tabpanel')).toContainText('city')
  })
})

test('a mistake is marked at its place, and the query can be asked again', async ({ page }) => {
  await openConsole(page, 'zipcodes')
  await write(page, 'SELECT zip_code, cty FROM zipcodes')
  await page.getByRole('button', { name: /^Run/ }).click()
  await expect(page.getByRole('main').getByRole('alert')).toContainText('cty')
  await expect(page.locator('.cm-lintRange-error')).toHaveText('cty')
  await run(page, 'SELECT zip_code, city FROM zipcodes LIMIT 3')
  await expect(page.locator('.cm-lintRange-error')).toHaveCount(0)
  await expect(page.getByRole('main').getByRole('alert')).toHaveCount(0)
})

test('a query that finds nothing still shows its columns', async ({ page }) => {
  await openConsole(page, 'zipcodes')
  await run(page, "SELECT zip_code, city FROM zipcodes WHERE city = 'Nowhere at all'")
  await expect(result(page).getByText('No rows', { exact: true })).toBeVisible()
  await expect(result(page).getByRole('columnheader', { name: /zip_code/ })).toBeVisible()
  await expect(result(page).getByRole('columnheader', { name: /city/ })).toBeVisible()
})

test('parameters: typed, checked before anything is sent, and in the link', async ({ page, context }) => {
  await openConsole(page, 'zipcodes')
  await write(page, 'SELECT zip_code, city FROM zipcodes WHERE latitude > $1 AND city <> $2 LIMIT 5')
  const lat = page.getByLabel(/^\$1/)
  await lat.fill('not a number')
  await page.getByRole('button', { name: /^Run/ }).click()
  await expect(page.getByRole('group', { name: 'Parameters' }).getByRole('alert')).toBeVisible()
  await lat.fill('40')
  await page.getByLabel(/^\$2/).fill("O'Fallon; DROP TABLE zipcodes")
  await page.getByRole('button', { name: /^Run/ }).click()
  await expect(verified(page)).toBeVisible({ timeout: 30_000 })
  await expect(result(page).locator('[data-status-line]')).toContainText('5 rows')

  await page.getByRole('button', { name: 'Share' }).click()
  const link = await page
    .getByRole('dialog')
    .getByText(/^http.*#/)
    .textContent()
  const other = await context.newPage()
  await open(other, link ?? '')
  await expect(other.locator('[data-sql-editor] .cm-content')).toContainText('latitude > $1')
  await expect(other.getByLabel(/^\$1/)).toHaveValue('40')
  await expect(other.getByLabel(/^\$2/)).toHaveValue("O'Fallon; DROP TABLE zipcodes")
  // It is not run by itself.
  await expect(result(other)).toHaveCount(0)
})

test('history and saved queries come back, and can be forgotten', async ({ page }) => {
  await openConsole(page, 'zipcodes')
  await run(page, 'SELECT count(*) AS n FROM zipcodes')
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByRole('dialog').getByLabel('Name').fill('How many')
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
  await page.reload()
  await page.locator('html[data-ready]').waitFor()
  await write(page, 'SELECT 1')
  await page.getByRole('button', { name: 'History' }).click()
  const dialog = page.getByRole('dialog', { name: 'Queries in this browser' })
  await expect(dialog.getByRole('button', { name: /count\(\*\).*1 row/ })).toBeVisible()
  await dialog.getByText('Saved', { exact: true }).click()
  await dialog.getByRole('button', { name: /^How many/ }).click()
  await expect(page.locator('[data-sql-editor] .cm-content')).toContainText('count(*)')
  await page.getByRole('button', { name: 'History' }).click()
  await dialog.getByRole('button', { name: 'Forget all' }).click()
  await expect(dialog.getByText('Nothing is saved yet.')).toBeVisible()
})

test('a result that the reader asked to keep is there after a reload', async ({ page }) => {
  await openConsole(page, 'earthquakes')
  await page.keyboard.press('Escape')
  await run(page, 'SELECT * FROM earthquakes LIMIT 4')
  await page.getByLabel(/Keep my last result/).check()
  await run(page, 'SELECT * FROM earthquakes LIMIT 7')
  await expect(page.getByText('This one is kept.')).toBeVisible()
  await page.reload()
  await expect(page.getByText('A result that was kept in this browser')).toBeVisible()
  await expect(result(page).locator('[data-status-line]')).toContainText('7 rows')
  await page.getByLabel(/Keep my last result/).click()
  await expect(page.getByText('A result that was kept in this browser')).toBeHidden()
  await page.reload()
  await page.locator('html[data-ready]').waitFor()
  await expect(page.locator('[data-sql-editor] .cm-content')).toBeVisible()
  await expect(result(page)).toHaveCount(0)
})

test('the direct path, and leaving a query', async ({ page }) => {
  await openConsole(page, 'zipcodes')
  await page.getByText('Direct path', { exact: true }).click()
  await expect(page.getByText('the node sees your network address')).toBeVisible()
  await run(page, 'SELECT zip_code FROM zipcodes LIMIT 2')
  await expect(result(page).locator('[data-status-line]')).toContainText('direct path over')

  const join = (table: string) => `JOIN zipcodes ${table} ON ${table}.latitude <> a.longitude`
  await write(
    page,
    `SELECT sum(a.latitude * b.longitude - c.latitude * d.longitude) FROM zipcodes a ${['b', 'c', 'd'].map(join).join(' ')}`,
  )
  await page.keyboard.press('ControlOrMeta+Enter')
  await expect(page.getByRole('list', { name: 'Stages of the query' })).toBeVisible()
  await page.getByRole('button', { name: 'Cancel' }).click()
  await expect(page.getByText('The query was cancelled.', { exact: true }).first()).toBeVisible()
  await run(page, 'SELECT zip_code FROM zipcodes LIMIT 2')
})

test('the thread that decodes is there before the first query', async ({ page }) => {
  await openConsole(page, 'zipcodes')
  await expect.poll(() => page.workers().map((worker) => worker.url())).toEqual([expect.stringContaining('decoder')])
  await run(page, 'SELECT * FROM zipcodes LIMIT 500')
})
