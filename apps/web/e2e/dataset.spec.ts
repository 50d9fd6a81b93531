/** A dataset's page: what it holds, what it costs, how it is, and its free sample. */
import type { Page } from '@playwright/test'
import { pathOf } from './support/demo.ts'
import { expect, open, test } from './support/test.ts'

const checked = (page: Page) => page.getByText('Description checked with the chain')

test('a dataset: schema, money and description, checked with the chain', async ({ page }) => {
  const path = await pathOf(page, 'coinbase_data')
  await open(page, `/d/${path}`)
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Minute candles from an exchange')
  await expect(checked(page)).toBeVisible()
  await expect(page).toHaveTitle(/^Minute candles from an exchange/)
  await expect(page.getByRole('row', { name: /^close.*decimal\(18,6\).*USD/ })).toBeVisible()
  await expect(page.getByText('In this demo', { exact: true })).toBeVisible()
  await expect(page.getByText('The curator locked 500 ENG.')).toBeVisible()
  await expect(page.getByLabel('Subscription').getByText('10 ENG', { exact: true })).toBeVisible()
})

test('its history on chain, by a link', async ({ page }) => {
  await open(page, `/d/${await pathOf(page, 'coinbase_data')}?tab=activity`)
  await expect(page.getByText('Listed for 10 ENG a month, with a deposit of 500 ENG')).toBeVisible()
  await page.getByRole('link', { name: 'Use it' }).click()
  await expect(page).toHaveURL(/\?tab=use$/)
  await expect(page.getByText('SELECT * FROM candles LIMIT 5').first()).toBeVisible()
})

test('one that never was', async ({ page }) => {
  await open(page, `/d/0x${'11'.repeat(20)}/nothing`)
  await expect(page.getByRole('heading', { name: 'There is no such dataset' })).toBeVisible()
})

test('its free sample, without a wallet: rows that were verified, and another query', async ({ page }) => {
  await open(page, `/d/${await pathOf(page, 'zipcodes')}?tab=sample`)
  const sample = page.getByRole('region', { name: 'Sample' })
  await expect(sample.getByRole('button', { name: /receipt verified/ })).toBeVisible({ timeout: 30_000 })
  await expect(sample.getByRole('columnheader', { name: /zip_code/ })).toBeVisible()
  await expect(sample).toContainText('50 rows')
  await page.getByLabel('SQL').fill('SELECT nothing FROM zipcodes')
  await page.getByRole('button', { name: 'Run' }).click()
  await expect(page.getByRole('main').getByRole('alert')).toContainText('nothing')
  await page.getByLabel('SQL').fill("SELECT city FROM zipcodes WHERE state = 'NY' LIMIT 3")
  await page.getByLabel('SQL').press('Control+Enter')
  await expect(sample).toContainText('Holtsville')
  await page.getByRole('link', { name: 'Open in the console' }).click()
  await expect(page.locator('.cm-content')).toContainText("state = 'NY'")
})

test('its health: each node asked now, the newest snapshot, and the next run', async ({ page }) => {
  await open(page, `/d/${await pathOf(page, 'coinbase_data')}?tab=health`)
  const nodes = page.getByRole('region', { name: 'Nodes' })
  await expect(nodes.getByText('answers', { exact: true })).toBeVisible({ timeout: 30_000 })
  await expect(nodes.getByRole('listitem').filter({ hasText: 'worker' })).toContainText('takes no queries')
  const data = page.getByRole('region', { name: 'Data', exact: true })
  await expect(data).toContainText(/Newest snapshot \d+, published .* on 1 node/)
  await expect(data).toContainText('* * * * *')
  await expect(data).toContainText(/Last run with new rows/)
  await expect(data).toContainText(/Next run in/)
  const tables = page.getByRole('table', { name: /Tables of snapshot/ })
  await expect(tables.getByRole('row', { name: /^candles [\d,]+ [\d.]+ [kM]?B$/ })).toBeVisible()
  await nodes.getByRole('button', { name: 'Check again' }).click()
  await expect(nodes.getByText('answers', { exact: true })).toBeVisible()
})
