/** The money's way: connect, fund, subscribe, see it on chain, cancel, get back what was shown. */
import { answer, connectDevelopmentWallet, fundFromFaucet, pathOf, subscribeInDevelopment } from './support/demo.ts'
import { pauseNode } from './support/pause-node.ts'
import { expect, open, test } from './support/test.ts'

test('a person subscribes and cancels, and the refund is what was shown', async ({ page }) => {
  await open(page, `/d/${await pathOf(page, 'zipcodes')}`)
  await connectDevelopmentWallet(page)
  await fundFromFaucet(page)
  await page.reload()
  const panel = page.getByRole('region', { name: 'Subscription' })
  await panel.getByRole('button', { name: 'Subscribe', exact: true }).click()
  await answer(page, 'Refuse')
  await expect(panel.getByRole('alert')).toContainText('refused')
  await panel.getByRole('button', { name: 'Subscribe', exact: true }).click()
  await answer(page, 'Sign')
  await answer(page, 'Send')
  await expect(panel.getByText('You are subscribed.')).toBeVisible()
  await expect(panel.getByText(/^Until /)).toBeVisible()

  await page.goto('/subscriptions')
  await expect(page.getByRole('heading', { name: 'zipcodes' })).toBeVisible()
  await expect(page.getByRole('cell', { name: 'Subscribed' })).toBeVisible()
  await page.getByRole('button', { name: 'Cancel and get the rest back' }).click()
  const shown = Number.parseFloat((await page.getByTestId('refund').textContent()) ?? '')
  await page.getByRole('button', { name: 'Cancel and pay back' }).click()
  await answer(page, 'Send')
  const paid = await page.getByText(/came back to your account/).textContent()
  // It falls by 0.0000004 ENG each second until the transaction is mined.
  expect(Number.parseFloat(paid ?? '')).toBeCloseTo(shown, 3)
  expect(shown).toBeGreaterThan(0.9)
})

test('a node that has not seen the cancellation yet answers nothing before it has', async ({ page }) => {
  test.slow()
  await subscribeInDevelopment(page, await pathOf(page, 'flights'))
  await page.getByRole('link', { name: 'Ask in SQL' }).click()
  await expect(page.locator('.cm-content')).toContainText('LIMIT 100')
  const run = page.getByRole('button', { name: /^Run/ })
  await run.click()
  await page.getByRole('button', { name: 'Sign once in the wallet and run' }).click()
  await answer(page, 'Sign')
  const verified = page.getByRole('button', { name: /receipt verified/ })
  await expect(verified).toBeVisible({ timeout: 40_000 })
  await page.goBack()
  await page.getByRole('button', { name: 'Cancel and get the rest back' }).click()
  const goOn = pauseNode('persistence-private')
  try {
    await page.getByRole('button', { name: 'Cancel and pay back' }).click()
    await answer(page, 'Send')
    await expect(page.getByText(/came back to your account/)).toBeVisible()
    await page.goForward()
    await page.getByText('Subscription', { exact: true }).click()
    await run.click()
    const stage = page.getByRole('list', { name: 'Stages of the query' }).locator('[aria-current=step]')
    await expect(stage).toHaveText('verify')
  } finally {
    goOn()
  }
  await expect(page.getByRole('main').getByRole('alert')).toContainText('no subscription', { timeout: 30_000 })
  await expect(verified).toHaveCount(0)
})
