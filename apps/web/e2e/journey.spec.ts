/**
 * The whole way of one who never was here: find, try, subscribe, ask, come back, ask a private node, leave. With a mouse,
 * by keyboard alone, and by touch on a phone.
 */
import type { Locator, Page } from '@playwright/test'
import type { Hex } from '@enigma/protocol'
import { createPublicClient, erc20Abi, formatEther, http } from 'viem'
import { pathOf } from './support/demo.ts'
import { type Hand, hands } from './support/hands.ts'
import { readNetwork } from './support/own-chain.ts'
import { expect, open, test } from './support/test.ts'
import { launchSdpAlone, notePeerConnections, receivedBy, receivedByWebrtc, withoutWebrtc } from './support/traffic.ts'

const panel = (page: Page) => page.getByRole('region', { name: 'Subscription' })
const asks = (page: Page) => page.getByRole('dialog', { name: 'Development wallet' })
const button = (within: Page | Locator, name: string) => within.getByRole('button', { name, exact: true })

async function find(page: Page, hand: Hand, title: RegExp): Promise<void> {
  await hand.use(page.getByRole('banner').getByRole('link', { name: 'Discover' }))
  await hand.use(page.getByRole('article').getByRole('link', { name: title }))
  await expect(page.getByRole('heading', { level: 1, name: title })).toBeVisible()
}

async function connectAndFund(page: Page, hand: Hand): Promise<Hex> {
  await hand.use(button(panel(page), 'Connect a wallet to subscribe'))
  await hand.use(page.getByRole('button', { name: 'Development wallet' }))
  await hand.use(button(asks(page), 'Connect'))
  await hand.use(button(panel(page), 'Get play money'))
  await expect(button(panel(page), 'Subscribe')).toBeEnabled()
  const account = await page.evaluate(() => localStorage.getItem('enigma-development-key') !== null)
  expect(account).toBe(true)
  return (await page.getByRole('banner').locator('[popover] [title^="0x"]').getAttribute('title')) as Hex
}

async function subscribe(page: Page, hand: Hand): Promise<void> {
  await hand.use(button(panel(page), 'Subscribe'))
  // The allowance of the first purchase may cover a later one: then there is nothing to sign.
  await expect(asks(page).getByRole('button', { name: /^(Sign|Send)$/ })).toBeVisible()
  if (await button(asks(page), 'Sign').isVisible()) await hand.use(button(asks(page), 'Sign'))
  await hand.use(button(asks(page), 'Send'))
  await expect(panel(page)).toContainText('You are subscribed.')
}

type AskOptions = { signs?: boolean; sql?: string }

/** Runs what the console proposes or `sql`, and waits for rows whose receipt was verified. */
async function ask(page: Page, hand: Hand, { signs = false, sql }: AskOptions = {}): Promise<void> {
  const editor = page.locator('[data-sql-editor] .cm-content')
  await expect(editor).toContainText('LIMIT 100')
  if (sql !== undefined) await hand.write(editor, sql)
  await hand.use(page.getByRole('button', { name: /^Run/ }))
  if (signs) {
    await hand.use(button(page, 'Sign once in the wallet and run'))
    await hand.use(button(asks(page), 'Sign'))
  }
  await expect(page.getByRole('button', { name: /receipt verified/ })).toBeVisible({ timeout: 40_000 })
  await expect(page.locator('[data-status-line]')).toContainText(/[1-9]\d* rows/)
}

/** By which way a private node's answers come: itself by WebRTC, or where the browser has none, by a relay. */
type Way = 'webrtc' | 'websocket'

/** Asks the private node as subscriber; by WebRTC, the browser counts no fewer bytes than the answer had. */
async function askPrivately(page: Page, hand: Hand, way: Way): Promise<void> {
  const statusLine = page.locator('[data-status-line]')
  if (way === 'websocket') {
    await ask(page, hand)
    await expect(statusLine).toContainText('blind path over WebSocket')
    return
  }
  const askDirectly = async () => {
    await hand.use(page.getByRole('radio', { name: 'Direct path' }))
    await expect(page.getByRole('radio', { name: 'Subscription' })).toBeChecked()
    await ask(page, hand)
    await expect(statusLine).toContainText('direct path over')
  }
  const received = async () => ({
    ours: await receivedBy(page, /node.*WebRTC/s, hand),
    theirs: await receivedByWebrtc(page, 'data-channel'),
  })
  // The first query connects, on a slow machine by a circuit that introduces WebRTC; the second one's bytes are counted.
  await askDirectly()
  const before = await received()
  await page.goBack()
  await askDirectly()
  await expect(statusLine).toContainText('direct path over WebRTC')
  const after = await received()
  const answerBytes = after.ours - before.ours
  expect(answerBytes).toBeGreaterThan(2_000)
  expect(after.theirs - before.theirs).toBeGreaterThanOrEqual(answerBytes)
}

async function journey(page: Page, hand: Hand, way: Way = 'webrtc'): Promise<void> {
  await (way === 'webrtc' ? notePeerConnections(page) : withoutWebrtc(page))
  const network = await readNetwork(page.context())
  const client = createPublicClient({ transport: http(network.rpcUrl), cacheTime: 0 })
  const balanceOf = (account: Hex) =>
    client.readContract({ address: network.token, abi: erc20Abi, functionName: 'balanceOf', args: [account] })

  await open(page, '/')
  await test.step('a sample without a wallet', async () => {
    await find(page, hand, /Minute candles/)
    await hand.use(page.getByRole('link', { name: 'Sample', exact: true }))
    await hand.use(button(page.getByRole('main'), 'Run'))
    await expect(page.getByRole('button', { name: /receipt verified/ })).toBeVisible({ timeout: 40_000 })
  })

  const account = await test.step('subscribe, paid on chain', async () => {
    await find(page, hand, /Minute candles/)
    const connected = await connectAndFund(page, hand)
    const before = await balanceOf(connected)
    await subscribe(page, hand)
    expect(await balanceOf(connected)).toBeLessThan(before)
    return connected
  })

  await test.step('every row, after one signature; after a reload without any', async () => {
    await hand.use(panel(page).getByRole('link', { name: 'Ask in SQL' }))
    await ask(page, hand, { signs: true, sql: 'SELECT * FROM candles ORDER BY volume DESC LIMIT 100' })
    await page.reload()
    await page.locator('html[data-ready]').waitFor()
    await expect(page.getByText('Every row; the node learns your account and the query.')).toBeVisible()
    await ask(page, hand)
    await expect(asks(page)).toBeHidden()
  })

  await test.step('the private node', async () => {
    await find(page, hand, /3 million US flights/)
    await subscribe(page, hand)
    await hand.use(panel(page).getByRole('link', { name: 'Ask in SQL' }))
    await askPrivately(page, hand, way)
    await expect(asks(page)).toBeHidden()
  })

  await test.step('cancelled: what was shown came back, and the next query is refused in words', async () => {
    await find(page, hand, /3 million US flights/)
    const before = await balanceOf(account)
    await hand.use(button(panel(page), 'Cancel and get the rest back'))
    await hand.use(button(page, 'Cancel and pay back'))
    await hand.use(button(asks(page), 'Send'))
    const told =
      (await panel(page)
        .getByText(/came back to your account/)
        .textContent()) ?? ''
    const refund = Number(formatEther((await balanceOf(account)) - before))
    // Shown to six digits, rounded down: not one more than came.
    expect(refund - Number.parseFloat(told)).toBeGreaterThanOrEqual(0)
    expect(refund - Number.parseFloat(told)).toBeLessThan(0.000_001)
    await open(page, `/console?dataset=${await pathOf(page, 'flights')}`)
    await expect(page.locator('[data-sql-editor] .cm-content')).toContainText('LIMIT 100')
    await hand.use(page.getByRole('radio', { name: 'Subscription' }))
    await hand.use(page.getByRole('button', { name: /^Run/ }))
    await expect(page.getByRole('main').getByRole('alert')).toContainText(/subscri/)
    await expect(page.getByRole('link', { name: 'Open the dataset’s page to subscribe' })).toBeVisible()
  })
}

test.describe.configure({ timeout: 240_000 })
test.use({ actionTimeout: 20_000 })

test('the journey with a mouse', ({ page }) => journey(page, hands.mouse))

test('the journey in a Chromium that leaves the SDP alone', async ({ launchOptions, baseURL }) => {
  const browser = await launchSdpAlone(launchOptions)
  try {
    await journey(await browser.newPage(baseURL === undefined ? {} : { baseURL }), hands.mouse)
  } finally {
    await browser.close()
  }
})

test('the journey by WebSocket alone', ({ page }) => journey(page, hands.mouse, 'websocket'))

test('the journey by keyboard alone', ({ page }) => journey(page, hands.keyboard))

test.describe('on a phone', () => {
  test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true })
  test('the journey by touch', ({ page }) => journey(page, hands.touch))
})
