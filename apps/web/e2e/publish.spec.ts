/** A curator's first publication in the browser: from a file on disk to rows that strangers ask for. */
import { mkdtemp, open as openFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { answer, connectDevelopmentWallet, fundFromFaucet } from './support/demo.ts'
import {
  begin,
  button,
  chooseFile,
  describe,
  fileInput,
  fillDraft,
  freshName,
  isLive,
  isSending,
  next,
  price,
  signAll,
  stepIs,
} from './support/publish-draft.ts'
import { csvOf, jsonOf, parquetOf } from './support/publish-files.ts'
import { expect, open, test } from './support/test.ts'

/** Asks in the console and gives the cells back. */
async function ask(page: Page, path: string, sql: string, { signs = false } = {}): Promise<string[]> {
  await open(page, `/console?dataset=${path}`)
  await expect(page.locator('.cm-content')).toContainText('LIMIT 100')
  await page.locator('.cm-content').click()
  await page.keyboard.press('ControlOrMeta+a')
  await page.keyboard.insertText(sql)
  await page.keyboard.press('ControlOrMeta+Enter')
  if (signs) {
    await page.getByRole('button', { name: 'Sign once in the wallet and run' }).click()
    await answer(page, 'Sign')
  }
  await expect(page.getByRole('button', { name: /receipt verified/ })).toBeVisible({ timeout: 40_000 })
  const cells = await page.getByRole('gridcell').allInnerTexts()
  return cells.map((text) => text.trim())
}

const pathOfLive = async (page: Page) =>
  (await page.getByRole('link', { name: 'Open its page' }).getAttribute('href'))?.replace(/^\/d\//, '') ?? ''

test.describe.configure({ timeout: 180_000 })
test.use({ actionTimeout: 20_000 })

test('a CSV of 5,000 rows becomes a dataset that others find, subscribe to and ask', async ({ page, browser }) => {
  const name = freshName('tides')
  const title = `Tides of ${name}`
  await fillDraft(page, csvOf(5000), { name, title })
  await button(page, 'Publish').click()
  await signAll(page)
  await isLive(page)
  await test.step('the key of its rows is offered as a file', async () => {
    const download = page.waitForEvent('download')
    await button(page, 'Save a copy of the key').click()
    expect((await download).suggestedFilename()).toMatch(/^enigma-publisher-[0-9a-f]{8}\.key$/)
  })
  const path = await pathOfLive(page)
  await test.step('its page, checked with the chain', async () => {
    await page.getByRole('link', { name: 'Open its page' }).click()
    await expect(page.getByRole('heading', { level: 1, name: title })).toBeVisible()
    await expect(page.getByText('Description checked with the chain')).toBeVisible()
    await expect(page.getByRole('main')).toContainText('decimal(18,2)')
  })
  const stranger = await (await browser.newContext({ baseURL: new URL(page.url()).origin })).newPage()
  await test.step('a stranger finds it, subscribes and asks all of its rows', async () => {
    await open(stranger, `/?q=${name}`)
    await expect(stranger.getByRole('article').getByRole('link', { name: title })).toBeVisible({ timeout: 30_000 })
    await connectDevelopmentWallet(stranger)
    await fundFromFaucet(stranger)
    await open(stranger, `/d/${path}`)
    await button(stranger, 'Subscribe').click()
    await answer(stranger, 'Sign')
    await answer(stranger, 'Send')
    await expect(stranger.getByRole('region', { name: 'Subscription' })).toContainText('You are subscribed.')
    const sql = 'SELECT count(*) AS n, min(day) AS first_day, sum(price) AS total, max(station) AS station FROM tides'
    expect(await ask(stranger, path, sql, { signs: true })).toEqual([
      ...['5000', '2020-01-01', '2498750.00', 'Station "6", north'],
    ])
  })
  await stranger.context().close()
})

test('JSON: refused and wrong things first, then its sample is there without a wallet', async ({ page }) => {
  const name = freshName('notes')
  await begin(page)
  await test.step('no file, a file that is none, one that is too large', async () => {
    await next(page)
    await expect(page.getByRole('main').getByRole('alert')).toContainText('Choose a CSV, JSON or Parquet file.')
    await fileInput(page).setInputFiles({ name: 'a.csv', mimeType: 'text/csv', buffer: Buffer.from('PK\u0003\u0004') })
    await expect(page.getByRole('main').getByRole('alert').first()).toContainText('an Excel workbook')
    const directory = await mkdtemp(join(tmpdir(), 'enigma-large-'))
    const large = await openFile(join(directory, 'large.csv'), 'w')
    await large.truncate(600 * 1024 * 1024)
    await large.close()
    await fileInput(page).setInputFiles(join(directory, 'large.csv'))
    await expect(page.getByRole('main').getByRole('alert').first()).toContainText('at most 536 MB')
    await rm(directory, { recursive: true })
  })
  await chooseFile(page, jsonOf(40))
  await next(page)
  await test.step('a column name that is none, and one column left out', async () => {
    await page.locator('[data-column=seen]').getByLabel('Name', { exact: true }).fill('Seen at')
    await next(page)
    await expect(page.getByRole('main').getByRole('alert').first()).toContainText('Mend the columns')
    await page.locator('[data-column="Seen at"]').getByLabel('Name', { exact: true }).fill('seen_at')
    await button(page, 'Leave out ok').click()
    await next(page)
  })
  await test.step('a name that is none', async () => {
    await stepIs(page, 'Description')
    await describe(page, { name: 'No Name', title: '<img src=x onerror=alert(1)>' })
    await expect(page.getByRole('main').getByRole('alert')).toContainText('3 to 31 of a-z')
    await describe(page, { name, title: '<img src=x onerror=alert(1)>' })
  })
  await test.step('shares that do not make 100 %, or leave out the node', async () => {
    await page.getByRole('radio').first().check()
    await page.getByLabel(/^Price for 30 days/).fill('5')
    await page.getByLabel('Share 1, in per cent').fill('70')
    await next(page)
    await expect(page.getByRole('main').getByRole('alert')).toContainText('sum to 90 %')
    await page.getByLabel('Share 1, in per cent').fill('90')
    await page.getByLabel('Share 2, in per cent').fill('10')
    await expect(page.getByRole('main').getByRole('alert')).toContainText('asks that 20 % go to')
    await page.getByLabel('Share 1, in per cent').fill('80')
    await page.getByLabel('Share 2, in per cent').fill('20')
    await next(page)
    await stepIs(page, 'Review')
  })
  await test.step('what was typed is here after a reload', async () => {
    await page.reload()
    await page.locator('html[data-ready]').waitFor()
    await stepIs(page, 'Review')
    await expect(page.getByRole('main')).toContainText(name)
    await expect(page.getByRole('main')).toContainText('<img src=x onerror=alert(1)>')
  })
  await test.step('a refused signature and a refused transaction cost nothing, and are tried again', async () => {
    await button(page, 'Publish').click()
    await answer(page, 'Refuse')
    await expect(page.getByRole('main').getByRole('alert')).toContainText('You refused in your wallet')
    await button(page, 'Try again').click()
    await answer(page, 'Sign')
    await answer(page, 'Refuse')
    await expect(page.getByRole('main').getByRole('alert')).toContainText('You refused in your wallet')
    await button(page, 'Try again').click()
    await answer(page, 'Send')
    await isSending(page)
    await answer(page, 'Send')
    await isLive(page)
  })
  const path = await pathOfLive(page)
  await page
    .getByRole('banner')
    .getByRole('button', { name: /Account/ })
    .click()
  await page.getByRole('banner').getByRole('button', { name: 'Disconnect' }).click()
  const cells = await ask(page, path, 'SELECT id, seen_at, text FROM notes ORDER BY id DESC LIMIT 1')
  expect(cells).toEqual(['39', '2020-02-09', '<b>note 39</b>'])
})

test('Parquet, and a page that goes away while its transaction is on its way', async ({ page }) => {
  const name = freshName('codes')
  await fillDraft(page, await parquetOf(3000), { name, title: 'Codes' })
  await button(page, 'Publish').click()
  await answer(page, 'Sign')
  await test.step('gone while the wallet was asked: nothing is on chain, and it goes on', async () => {
    await expect(page.getByRole('dialog', { name: 'Development wallet' })).toBeVisible()
    await page.reload()
    await page.locator('html[data-ready]').waitFor()
    await expect(page.getByText('This page went away while your wallet was asked.')).toBeVisible()
    await button(page, 'Clear').click()
    await button(page, 'Go on').click()
    await answer(page, 'Send')
    await isSending(page)
  })
  await test.step('gone when it was sent: the listing is found on chain, and not paid twice', async () => {
    const sent = page.waitForResponse((response) => response.request().postData()?.includes('eth_sendRaw') ?? false)
    await answer(page, 'Send')
    await sent
    await page.reload()
    await page.locator('html[data-ready]').waitFor()
    await button(page, 'Go on').click()
    await isLive(page)
    await expect(page.getByRole('dialog', { name: 'Development wallet' })).toBeHidden()
  })
})

test('later rows: by key into the table, from another browser with the copy of the key, and in place of all', async ({
  page,
  browser,
}) => {
  const name = freshName('levels')
  await begin(page)
  await chooseFile(page, csvOf(1000))
  await next(page)
  await page.locator('[data-column=id]').getByText('Part of the key').click()
  await next(page)
  await describe(page, { name, title: 'Levels' })
  await price(page)
  await button(page, 'Publish').click()
  await signAll(page)
  await isLive(page)
  const path = await pathOfLive(page)
  const download = page.waitForEvent('download')
  await button(page, 'Save a copy of the key').click()
  const backup = await (await download).path()
  const counted = 'SELECT count(*) AS n, max(id) AS last, sum(price) AS total FROM tides'

  await test.step('rows that are there already stay, new ones are added', async () => {
    await button(page, 'Add rows').click()
    await chooseFile(page, csvOf(1000, { from: 500, name: 'more.csv' }))
    await button(page, 'Publish these rows').click()
    await expect(page.getByText('The new rows are live.')).toBeVisible({ timeout: 60_000 })
    await expect(page.getByRole('main')).toContainText('500 rows added, snapshot 2')
  })
  const other = await (await browser.newContext({ baseURL: new URL(page.url()).origin })).newPage()
  await test.step('elsewhere: another key is refused, the copy is taken; nothing new is said so', async () => {
    await open(other, `/publish?dataset=${path}`)
    const wrong = { name: 'wrong.key', mimeType: 'text/plain', buffer: Buffer.from(`0x${'11'.repeat(32)}\n`) }
    await other.getByLabel('Copy of the key').setInputFiles(wrong)
    await expect(other.getByRole('main').getByRole('alert')).toContainText('does not hold the key')
    await other.getByLabel('Copy of the key').setInputFiles(backup)
    await chooseFile(other, csvOf(1000, { from: 500, name: 'more.csv' }))
    await button(other, 'Publish these rows').click()
    await expect(other.getByRole('main').getByRole('alert')).toContainText('there is nothing to add')
    await button(other, 'Leave it').click()
  })
  await test.step('a file without a column of the table is refused before anything is made', async () => {
    await chooseFile(other, { name: 'short.csv', mimeType: 'text/csv', buffer: Buffer.from('id,day\n1,2024-01-01\n') })
    await expect(other.getByRole('main').getByRole('alert')).toContainText('price, station')
    await expect(button(other, 'Publish these rows')).toBeDisabled()
  })
  await test.step('all rows replaced; a stranger who subscribes sees the last version', async () => {
    await chooseFile(other, csvOf(10, { name: 'fresh.csv' }))
    await other.getByText('Replace all rows').click()
    await button(other, 'Publish these rows').click()
    await expect(other.getByText('The new rows are live.')).toBeVisible({ timeout: 60_000 })
    const cells = await ask(other, path, counted)
    expect(cells).toEqual(['10', '9', '47.50'])
  })
  await other.context().close()
})
