/** What the demo network lists, as its relay tells it, and the development wallet's first steps. */
import type { Page } from '@playwright/test'
import { expect, open } from './test.ts'

/** The path of one of the demo's datasets. */
export async function pathOf(
  page: Page,
  name: 'coinbase_data' | 'earthquakes' | 'zipcodes' | 'flights',
): Promise<string> {
  const response = await page.request.get('/catalogue.json?limit=50')
  const { entries } = (await response.json()) as { entries: { listing: { curator: string; name: string } }[] }
  const listing = entries.map((entry) => entry.listing).find((each) => each.name === name)
  if (listing === undefined) throw new Error(`the demo lists no ${name}`)
  return `${listing.curator}/${listing.name}`
}

/** Connects the development wallet, as a person does. */
export async function connectDevelopmentWallet(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Connect wallet', exact: true }).click()
  await page.getByRole('button', { name: 'Development wallet' }).click()
  await answer(page, 'Connect')
  await expect(page.getByRole('button', { name: /Account/ })).toBeVisible()
}

/** Answers what the development wallet asks. */
export async function answer(page: Page, button: 'Connect' | 'Sign' | 'Send' | 'Refuse'): Promise<void> {
  await page
    .getByRole('dialog', { name: 'Development wallet' })
    .getByRole('button', { name: button, exact: true })
    .click()
}

/** Gets play money from the faucet and waits until it has arrived. */
export async function fundFromFaucet(page: Page): Promise<void> {
  await page.getByRole('button', { name: /Account/ }).click()
  await page.getByRole('banner').getByRole('button', { name: 'Get play money' }).click()
  await expect(page.getByText('10,000 ENG')).toBeVisible()
  await page.keyboard.press('Escape')
}

/** Subscribes to a dataset by the development wallet, which connects and gets its money first. */
export async function subscribeInDevelopment(page: Page, path: string): Promise<void> {
  await open(page, `/d/${path}`)
  await connectDevelopmentWallet(page)
  await fundFromFaucet(page)
  await page.reload()
  const panel = page.getByRole('region', { name: 'Subscription' })
  await panel.getByRole('button', { name: 'Subscribe', exact: true }).click()
  await answer(page, 'Sign')
  await answer(page, 'Send')
  await expect(panel.getByText('You are subscribed.')).toBeVisible()
}
