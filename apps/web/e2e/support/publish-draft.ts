/** The steps of a publication in the browser, as a curator takes them with the development wallet. */
import type { Page } from '@playwright/test'
import { answer, connectDevelopmentWallet, fundFromFaucet } from './demo.ts'
import type { PublishFile } from './publish-files.ts'
import { expect, open } from './test.ts'

export const button = (page: Page, name: string | RegExp) =>
  page.getByRole('main').getByRole('button', { name, exact: true })
export const next = (page: Page) => button(page, 'Continue').click()
export const stepIs = (page: Page, name: string) =>
  expect(page.getByRole('heading', { level: 2, name, exact: true })).toBeVisible()
export const fileInput = (page: Page) => page.getByLabel(/Choose (a|another) file/)

/** Names are for ever: each test has its own. */
let count = 0
export const freshName = (prefix: string) => `${prefix}_${Date.now().toString(36)}${(count++).toString(36)}`

export async function chooseFile(page: Page, file: PublishFile): Promise<void> {
  await fileInput(page).setInputFiles(file)
  await expect(page.getByRole('region', { name: 'The file' })).toContainText(file.name)
}

export async function begin(page: Page): Promise<void> {
  await open(page, '/publish')
  await connectDevelopmentWallet(page)
  await fundFromFaucet(page)
}

export async function describe(page: Page, { name, title }: { name: string; title: string }): Promise<void> {
  // The columns have names too.
  await stepIs(page, 'Description')
  await page.getByLabel('Name', { exact: true }).fill(name)
  await page.getByLabel('Title').fill(title)
  await next(page)
}

export async function price(page: Page): Promise<void> {
  await stepIs(page, 'Price')
  await page.getByRole('radio').first().check()
  await page.getByLabel(/^Price for 30 days/).fill('5')
  await page.getByLabel(/^Deposit/).fill('50')
  await next(page)
  await stepIs(page, 'Review')
}

/** Fills the draft up to its review, with an account that has money. */
export async function fillDraft(page: Page, file: PublishFile, words: { name: string; title: string }): Promise<void> {
  await begin(page)
  await chooseFile(page, file)
  await next(page)
  await stepIs(page, 'Columns')
  await next(page)
  await describe(page, words)
  await price(page)
}

export const isSending = (page: Page) => expect(page.getByText('Confirm the transaction in your wallet.')).toBeVisible()

/** Signs the description, the allowance and the listing, as they are asked for. */
export async function signAll(page: Page): Promise<void> {
  await answer(page, 'Sign')
  await answer(page, 'Send')
  await isSending(page)
  await answer(page, 'Send')
}

export const isLive = (page: Page) => expect(page.getByText('Your dataset is live.')).toBeVisible({ timeout: 60_000 })
