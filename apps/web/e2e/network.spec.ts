/** How answers travel: by WebSocket, webrtc-direct, WebRTC to a private node, and what remains where a browser has less. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { answer, pathOf, subscribeInDevelopment } from './support/demo.ts'
import { startMortalRelays } from './support/mortal-relays.ts'
import { expect, open, test } from './support/test.ts'
import { launchSdpAlone, notePeerConnections, receivedBy, receivedByWebrtc, withoutWebrtc } from './support/traffic.ts'

// Two pages, two ways, or a wallet: more than one test's usual work.
test.slow()

const statusLine = (page: Page) => page.locator('[data-status-line]')

async function openConsole(page: Page, dataset: Parameters<typeof pathOf>[1]): Promise<void> {
  await open(page, `/console?dataset=${await pathOf(page, dataset)}`)
  await expect(page.locator('[data-sql-editor] .cm-content')).toContainText('LIMIT 100')
}

async function run(page: Page, sql: string): Promise<void> {
  await page.locator('[data-sql-editor] .cm-content').click()
  await page.keyboard.press('ControlOrMeta+a')
  await page.keyboard.insertText(sql)
  await page.keyboard.press('ControlOrMeta+Enter')
  await expect(page.getByRole('button', { name: /receipt verified/ })).toBeVisible({ timeout: 40_000 })
}

/** What one more query brought over the connection, by the network page and by the browser's own count. */
async function receivedByOneMore(
  page: Page,
  [transport, kind]: [RegExp, 'data-channel' | 'transport'],
  ask: () => Promise<void>,
): Promise<[ours: number, theirs: number]> {
  const before = await receivedBy(page, transport)
  const theirsBefore = await receivedByWebrtc(page, kind)
  // The first answer has started the decoding worker.
  await expect.poll(() => page.workers().map((worker) => worker.url())).toEqual([expect.stringContaining('decoder')])
  await page.goBack()
  await ask()
  await expect(statusLine(page)).toContainText('450 rows')
  const ours = (await receivedBy(page, transport)) - before
  return [ours, (await receivedByWebrtc(page, kind)) - theirsBefore]
}

/** The network file without the relays' WebSocket addresses. */
async function withoutWebSockets(page: Page): Promise<void> {
  await page.route('**/enigma-network.json', async (route) => {
    const response = await route.fetch()
    const file = (await response.json()) as { relays: string[] }
    const relays = file.relays.filter((address) => !address.includes('/ws/'))
    await route.fulfill({ response, json: { ...file, relays } })
  })
}

test('by WebSocket where the browser has no WebRTC, and it says what that means', async ({ page }) => {
  await withoutWebrtc(page)
  await openConsole(page, 'flights')
  await run(page, 'SELECT * FROM flights LIMIT 500')
  await expect(statusLine(page)).toContainText('500 rows')
  await expect(statusLine(page)).toContainText('blind path over WebSocket')
  await page.getByRole('link', { name: 'Network' }).first().click()
  await expect(page.getByText('This browser offers no WebRTC')).toBeVisible()
})

test('by webrtc-direct where relays have nothing else: it carried the answer', async ({ page }) => {
  await notePeerConnections(page)
  await withoutWebSockets(page)
  await openConsole(page, 'zipcodes')
  await run(page, 'SELECT * FROM zipcodes LIMIT 200')
  await expect(statusLine(page)).toContainText('blind path over WebRTC direct')
  const [ours, theirs] = await receivedByOneMore(page, [/WebRTC direct/, 'transport'], () =>
    run(page, 'SELECT * FROM zipcodes LIMIT 450'),
  )
  expect(ours).toBeGreaterThan(4_000)
  expect(theirs).toBeGreaterThanOrEqual(ours)
})

test('a private node, which no address leads to, sends its rows by WebRTC', async ({ page }) => {
  await notePeerConnections(page)
  await openConsole(page, 'flights')
  await page.getByText('Direct path', { exact: true }).click()
  await run(page, 'SELECT * FROM flights LIMIT 200')
  await expect(statusLine(page)).toContainText('direct path over')
  const [ours, theirs] = await receivedByOneMore(page, [/node.*WebRTC/s, 'data-channel'], async () => {
    await page.getByText('Direct path', { exact: true }).click()
    await run(page, 'SELECT * FROM flights LIMIT 450')
  })
  expect(ours).toBeGreaterThan(4_000)
  expect(theirs).toBeGreaterThanOrEqual(ours)
  // The circuit that introduced them has done its work and is closed, also where it carried the first answer.
  const connections = page.getByRole('table', { name: 'Open connections' })
  await expect(connections).toContainText('WebRTC')
  await expect(connections.getByRole('row').filter({ hasText: 'circuit' })).toHaveCount(0)
})

test('in a Chromium that leaves the SDP alone both ways still answer', async ({ launchOptions, baseURL }) => {
  const browser = await launchSdpAlone(launchOptions)
  try {
    const page = await browser.newPage(baseURL === undefined ? {} : { baseURL })
    await openConsole(page, 'zipcodes')
    await run(page, 'SELECT * FROM zipcodes LIMIT 500')
    await expect(statusLine(page)).toContainText('500 rows')
    await openConsole(page, 'flights')
    await page.getByText('Direct path', { exact: true }).click()
    await run(page, 'SELECT * FROM flights LIMIT 500')
    await expect(statusLine(page)).toContainText('direct path over WebRTC')
  } finally {
    await browser.close()
  }
})

/** Subscribes with a new account, and opens the console. */
async function subscribeAndOpen(page: Page, dataset: Parameters<typeof pathOf>[1]): Promise<void> {
  await subscribeInDevelopment(page, await pathOf(page, dataset))
  await openConsole(page, dataset)
  await page.getByText('Subscription', { exact: true }).click()
}

test('a subscriber asks again after a reload, and the wallet is not asked', async ({ page }) => {
  await subscribeAndOpen(page, 'earthquakes')
  await page.locator('[data-sql-editor] .cm-content').click()
  await page.keyboard.press('ControlOrMeta+Enter')
  await page.getByRole('button', { name: /Sign/ }).click()
  await answer(page, 'Sign')
  await expect(page.getByRole('button', { name: /receipt verified/ })).toBeVisible({ timeout: 40_000 })
  await page.reload()
  await page.locator('html[data-ready]').waitFor()
  await expect(page.locator('[data-sql-editor] .cm-content')).toContainText('LIMIT 100')
  await page.getByText('Subscription', { exact: true }).click()
  await run(page, 'SELECT count(*) AS n FROM earthquakes')
  await expect(page.getByRole('dialog', { name: 'Development wallet' })).toHaveCount(0)
})

test('a relay that dies in the middle of a long answer: each row exactly once, by the other one', async ({ page }) => {
  const rows = 100_000
  const relays = await startMortalRelays(page)
  try {
    await subscribeAndOpen(page, 'flights')
    await page.locator('[data-sql-editor] .cm-content').click()
    await page.keyboard.press('ControlOrMeta+a')
    await page.keyboard.insertText(`SELECT row_number() OVER () AS n, * FROM flights LIMIT ${rows}`)
    await page.keyboard.press('ControlOrMeta+Enter')
    await page.getByRole('button', { name: /Sign/ }).click()
    relays.killAfter(300_000)
    await answer(page, 'Sign')
    await expect(page.getByRole('button', { name: /receipt verified/ })).toBeVisible({ timeout: 60_000 })
    expect(relays.dead()).toBe(1)
    await expect(statusLine(page)).toContainText('100,000 rows')
    const download = page.waitForEvent('download')
    await page.getByRole('button', { name: 'CSV', exact: true }).click()
    const lines = (await readFile(await (await download).path(), 'utf8')).trim().split(/\r?\n/)
    expect(lines.length - 1).toBe(rows)
    expect(new Set(lines.slice(1).map((line) => line.split(',')[0])).size).toBe(rows)
  } finally {
    relays.stop()
  }
})

/** What a node of the demo says of itself, by the name of its directory. */
async function gaugeOf(node: string, name: string): Promise<number> {
  const file = await readFile(join(process.env['E2E_DIRECTORY'] ?? '', node, 'data/node.json'), 'utf8')
  const { httpPort } = JSON.parse(file) as { httpPort: number }
  const metrics = await (await fetch(`http://127.0.0.1:${httpPort}/metrics`)).text()
  return Number(new RegExp(`^${name} (\\d+)`, 'm').exec(metrics)?.[1])
}

test('a query that is left in the middle frees its node, and the page says that it was cancelled', async ({ page }) => {
  const open = () => gaugeOf('persistence-public', 'enigma_queries_open')
  await openConsole(page, 'zipcodes')
  const join = (table: string) => `JOIN zipcodes ${table} ON ${table}.latitude <> a.longitude`
  const before = await open()
  await page.locator('[data-sql-editor] .cm-content').click()
  await page.keyboard.press('ControlOrMeta+a')
  await page.keyboard.insertText(
    `SELECT sum(a.latitude * d.longitude) FROM zipcodes a ${['b', 'c', 'd'].map(join).join(' ')}`,
  )
  await page.keyboard.press('ControlOrMeta+Enter')
  await expect.poll(open).toBe(before + 1)
  await page.getByRole('button', { name: 'Cancel' }).click()
  await expect(page.getByText('The query was cancelled.', { exact: true }).first()).toBeVisible()
  await expect.poll(open, { timeout: 3_000 }).toBe(before)
})
