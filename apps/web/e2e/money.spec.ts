/** The money's way: connect, fund, subscribe, see it on chain, cancel, get back what was shown. */
import { answer, connectDevelopmentWallet, fundFromFaucet, pathOf } from './support/demo.ts'
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
