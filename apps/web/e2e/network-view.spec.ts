import type { Page } from '@playwright/test'
import { pathOf } from './support/demo.ts'
import { expect, open, test } from './support/test.ts'

const relayRows = (page: Page) =>
  page
    .getByRole('table', { name: 'Relays' })
    .getByRole('row')
    .filter({ has: page.getByRole('rowheader') })

test('relays with transport and round trip, another one tried first, remembered, and left to the client again', async ({
  page,
}) => {
  await open(page, '/network')
  const rows = relayRows(page)
  await expect(rows).toHaveCount(2)
  for (const row of await rows.all()) await expect(row).toContainText(/\d (ms|s) there and back/)
  const second = (await rows.nth(1).getByRole('rowheader').innerText()).trim()
  await page.getByRole('button', { name: 'Try first' }).click()
  await expect(rows.first().getByRole('rowheader')).toContainText(second)
  await expect(page.getByText('No SQL, no rows.')).toBeVisible()
  await expect(page.getByRole('table', { name: 'Open connections' })).toContainText('WebSocket')
  await open(page, '/network')
  await expect(rows.first().getByRole('rowheader')).toContainText(second)
  await page.getByRole('button', { name: 'Let it choose' }).click()
  await expect(page.getByRole('button', { name: 'Let it choose' })).toHaveCount(0)
})

test('the way of the last query, hop by hop with times and what each learnt', async ({ page }) => {
  await open(page, '/network')
  await expect(page.getByText('None was asked in this tab yet.')).toBeVisible()
  await open(page, `/console?dataset=${await pathOf(page, 'zipcodes')}`)
  const editor = page.locator('[data-sql-editor] .cm-content')
  await expect(editor).toContainText('LIMIT 100')
  await editor.click()
  await page.keyboard.press('ControlOrMeta+Enter')
  await expect(page.getByRole('button', { name: /receipt verified/ })).toBeVisible({ timeout: 30_000 })
  await page.getByRole('link', { name: 'Network' }).first().click()
  const hops = page.getByRole('table', { name: 'Hops of the last query' }).getByRole('row')
  await expect(hops).toHaveCount(4)
  await expect(hops.nth(1)).toContainText(/This browser.*from question to verified receipt/s)
  await expect(hops.nth(2)).toContainText(/A relay.*WebSocket.*ms to connect.*No SQL, no rows/s)
  await expect(hops.nth(3)).toContainText(/A node.*to verify and .* to run.*Not your network address/s)
  const stages = page.getByRole('list', { name: 'Stages of the query' }).getByRole('listitem')
  for (const name of ['find', 'connect', 'verify', 'run', 'decrypt']) {
    await expect(stages.filter({ hasText: new RegExp(`^\\s*${name}`, 'i') })).toHaveCount(1)
  }
})

test('on a phone nothing scrolls sideways', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 })
  await open(page, '/network')
  for (const row of await relayRows(page).all()) await expect(row).toContainText(/\d (ms|s) there and back/)
  const tooWide = await page.evaluate(() =>
    [document.documentElement, ...document.querySelectorAll('main *')]
      .filter((each) => each.scrollWidth > document.documentElement.clientWidth)
      .map((each) => each.tagName),
  )
  expect(tooWide).toEqual([])
})
