/** What becomes of a purchase that was sent, in this tab, in another one, and in the account's own history. */
import type { Hex } from '@enigma/protocol'
import type { Page } from '@playwright/test'
import { parseEther } from 'viem'
import { expect, open } from './support/test.ts'
import { firstSent, paid, ready, recordSent, type Sent, stateOf, subscribe, test } from './support/wallet-world.ts'

// Each starts a chain of its own, on whatever machine there is.
test.describe.configure({ timeout: 120_000 })

test.describe('on the chain', () => {
  test('a sent one outlives a reload', async ({ page, world }) => {
    const { chain, wallet, panel } = world
    await ready(page, world)
    await chain.holdBlocks()
    await subscribe(panel).click()
    await expect(panel).toContainText('Sent. Waiting for the chain…')
    await page.reload()
    await expect(panel).toContainText('Sent. Waiting for the chain…')
    await expect(subscribe(panel)).toBeDisabled()
    await chain.test.mine({ blocks: 1 })
    await expect(panel).toContainText('You are subscribed.')
    await expect(panel.getByText(/^Until /)).toBeVisible()
    expect(wallet.calls.filter((each) => each === 'eth_sendTransaction')).toHaveLength(1)
  })

  test('sped up in the wallet, it is the same purchase', async ({ page, world }) => {
    const { chain, wallet, panel } = world
    await ready(page, world)
    await chain.holdBlocks()
    const record = recordSent(wallet)
    await subscribe(panel).click()
    const { transaction } = await firstSent(record)
    await expect(stateOf(panel, 'pending')).toBeVisible()
    const faster = await wallet.send(await wallet.sign(transaction, { nonce: 0, tip: 9_000_000_000n }))
    await chain.test.mine({ blocks: 1 })
    await expect(panel).toContainText('You are subscribed.')
    await expect(panel.getByTitle(faster)).toBeVisible()
    expect(await paid(world)).toBeLessThan(parseEther('2'))
  })

  test('cancelled in the wallet, nothing was paid and it can be done again', async ({ page, world }) => {
    const { chain, wallet, panel } = world
    await ready(page, world)
    await chain.holdBlocks()
    const record = recordSent(wallet)
    await subscribe(panel).click()
    const { transaction } = await firstSent(record)
    await expect(stateOf(panel, 'pending')).toBeVisible()
    const to = wallet.accounts[0].address
    await wallet.send(await wallet.sign(transaction, { nonce: 0, tip: 9_000_000_000n, to, data: '0x' }))
    await chain.test.mine({ blocks: 1 })
    await expect(panel).toContainText('You cancelled it in your wallet.')
    expect(await paid(world)).toBe(0n)
    await panel.getByRole('button', { name: 'Clear' }).click()
    await chain.test.setAutomine(true)
    wallet.answer('eth_sendTransaction')
    await subscribe(panel).click()
    await expect(panel).toContainText('You are subscribed.')
  })

  test('dropped by the network, it is cleared and done again', async ({ page, world }) => {
    const { chain, wallet, panel } = world
    await ready(page, world)
    await chain.holdBlocks()
    const record = recordSent(wallet)
    await subscribe(panel).click()
    const { hash } = await firstSent(record)
    await expect(stateOf(panel, 'pending')).toBeVisible()
    await chain.test.dropTransaction({ hash })
    await chain.test.mine({ blocks: 25 })
    await expect(panel).toContainText('The network no longer has this transaction.')
    expect(await paid(world)).toBe(0n)
    await page.reload()
    await panel.getByRole('button', { name: 'Clear' }).click()
    await chain.test.setAutomine(true)
    wallet.answer('eth_sendTransaction')
    await subscribe(panel).click()
    await expect(panel).toContainText('You are subscribed.')
  })

  test('reorganised out, it waits until it is in the chain again', async ({ page, world }) => {
    const { chain, wallet, panel } = world
    await ready(page, world)
    let raw: Hex = '0x'
    wallet.answer('eth_sendTransaction', async ([transaction]) => {
      raw = await wallet.sign(transaction as Sent)
      return wallet.send(raw)
    })
    const before = await chain.test.snapshot()
    await subscribe(panel).click()
    await expect(panel).toContainText('You are subscribed.')
    await expect(panel.getByText(/^Until /)).toBeVisible()
    await chain.test.revert({ id: before })
    await expect(panel).toContainText('The chain dropped the block that held it')
    await expect(panel.getByText(/^Until /)).toHaveCount(0)
    await expect(subscribe(panel)).toBeDisabled()
    await wallet.send(raw)
    await expect(panel).toContainText('You are subscribed.')
    await expect(panel.getByText(/^Until /)).toBeVisible()
    expect(await paid(world)).toBeLessThan(parseEther('2'))
  })
})

test('what one tab buys, the other one sees, and buys it not again', async ({ page, context, world }) => {
  const { chain, wallet, panel, path } = world
  await ready(page, world)
  const other = await context.newPage()
  await open(other, `/d/${path}`)
  const otherPanel = other.getByRole('region', { name: 'Subscription' })
  await expect(subscribe(otherPanel)).toBeEnabled()
  await chain.holdBlocks()
  await subscribe(panel).click()
  await expect(otherPanel).toContainText('Sent. Waiting for the chain…')
  await expect(subscribe(otherPanel)).toBeDisabled()
  await chain.test.mine({ blocks: 1 })
  await expect(otherPanel).toContainText('You are subscribed.')
  await expect(otherPanel.getByText(/^Until /)).toBeVisible()
  expect(wallet.calls.filter((each) => each === 'eth_sendTransaction')).toHaveLength(1)
})

test('my subscriptions tell what comes, what was paid and what happened', async ({ page, world }) => {
  const { chain, wallet, panel } = world
  await ready(page, world)
  await subscribe(panel).click()
  await expect(panel).toContainText('You are subscribed.')
  await page.getByRole('link', { name: 'Subscriptions' }).click()
  const next = page.getByRole('region', { name: 'Next renewals' })
  await expect(next.getByRole('row', { name: /zipcodes/ })).toContainText('Renews at up to 1 ENG')
  await panel.getByRole('button', { name: 'Change the renewal' }).click()
  const dialog = page.getByRole('dialog', { name: 'Renewal' })
  await dialog.getByRole('checkbox').uncheck()
  await dialog.getByRole('button', { name: 'Save' }).click()
  await expect(next.getByRole('row', { name: /zipcodes/ })).toContainText('Ends: renewal is off.')
  const history = page.getByRole('region', { name: 'History' })
  await expect(history.getByRole('row', { name: /Renewal switched off/ })).toBeVisible()
  await expect(history.getByRole('row', { name: /Subscribed/ })).toContainText(/ago|now/)
  const charge = await paid(world)
  const shown = (await page.locator('dl > div', { hasText: 'Paid so far' }).locator('dd').textContent()) ?? ''
  expect(Number.parseFloat(shown)).toBeCloseTo(Number(charge) / 1e18, 3)

  await panel.getByRole('button', { name: 'Cancel and get the rest back' }).click()
  await page.getByRole('button', { name: 'Cancel and pay back' }).click()
  await expect(panel).toContainText('came back to your account')
  await expect(history.getByRole('row', { name: /Cancelled/ })).toBeVisible()
  await expect(next).toHaveCount(0)
  expect(await chain.eng(wallet.accounts[0].address)).toBeGreaterThan(parseEther('99.99'))
})

test('signing out leaves neither the session key nor anything else of the account', async ({ page, world }) => {
  const { wallet, panel, path } = world
  await ready(page, world)
  await subscribe(panel).click()
  await expect(panel).toContainText('You are subscribed.')
  await page.goto(`/console?dataset=${path}`)
  await page.locator('html[data-ready]').waitFor()
  await page.getByRole('button', { name: 'Run' }).click()
  await page.getByRole('button', { name: /^Sign/ }).click()
  await expect.poll(() => kept(page, 'enigma-client', 'sessions')).toBe(1)
  await page.getByRole('button', { name: /^Account/ }).click()
  await page.getByRole('button', { name: 'Disconnect' }).click()
  await expect(page.getByRole('button', { name: 'Connect wallet', exact: true })).toBeVisible()
  await expect.poll(() => kept(page, 'enigma-client', 'sessions')).toBe(0)
  await expect.poll(() => kept(page, 'enigma-transactions', 'transactions')).toBe(0)
  expect(wallet.calls).toContain('wallet_revokePermissions')
})

/** How many things a store of the page's IndexedDB holds. */
function kept(page: Page, database: string, store: string): Promise<number> {
  return page.evaluate(
    ([name, storeName]) =>
      new Promise<number>((resolve, reject) => {
        const opening = indexedDB.open(name)
        opening.onerror = () => reject(new Error('no database'))
        opening.onsuccess = () => {
          const opened = opening.result
          const counting = opened.transaction(storeName).objectStore(storeName).count()
          counting.onsuccess = () => {
            opened.close()
            resolve(counting.result)
          }
        }
      }),
    [database, store] as const,
  )
}
