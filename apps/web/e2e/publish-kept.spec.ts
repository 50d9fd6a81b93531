/** What publishing keeps in the browser: one draft in however many tabs, and nothing lost where there is no room for it. */
import type { Page } from '@playwright/test'
import { answer } from './support/demo.ts'
import { button, chooseFile, fillDraft, freshName, isLive, next, signAll, stepIs } from './support/publish-draft.ts'
import { csvOf } from './support/publish-files.ts'
import { expect, open, test } from './support/test.ts'

test.describe.configure({ timeout: 180_000 })
test.use({ actionTimeout: 20_000 })

const alert = (page: Page) => page.getByRole('main').getByRole('alert')
const asks = (page: Page) => page.getByRole('dialog', { name: 'Development wallet' })

/** Whether the page's databases take anything more: as a browser refuses what is over its quota. */
function setRoom(page: Page, hasRoom: boolean): Promise<void> {
  return page.evaluate((isFree) => {
    const stores = IDBObjectStore.prototype as { put: unknown; ownPut?: unknown }
    stores.ownPut ??= stores.put
    const refuse = () => {
      throw new DOMException('The quota has been exceeded.', 'QuotaExceededError')
    }
    stores.put = isFree ? stores.ownPut : refuse
  }, hasRoom)
}

/** Counts the transactions that a page sends. */
function countSent(page: Page): () => number {
  let sent = 0
  page.on('request', (request) => {
    if (request.postData()?.includes('eth_sendRawTransaction') === true) sent++
  })
  return () => sent
}

test('two tabs have one draft, and list it once', async ({ page, context }) => {
  const name = freshName('tabs')
  await fillDraft(page, csvOf(100), { name, title: 'Of two tabs' })
  const other = await context.newPage()
  const sent = [page, other].map(countSent)
  await open(other, '/publish?step=describe')
  await expect(other.getByLabel('Title')).toHaveValue('Of two tabs')
  await other.getByLabel('Title').fill('Said in the other tab')
  await expect(page.getByRole('main')).toContainText('Said in the other tab')
  await open(other, '/publish?step=review')

  await button(page, 'Publish').click()
  await expect(asks(page)).toBeVisible()
  await button(other, 'Publish').click()
  await expect(alert(other)).toContainText('Another tab of this browser goes on with this publication')
  await expect(asks(other)).toBeHidden()
  await signAll(page)
  await isLive(page)
  await expect(other.getByRole('main')).not.toContainText(name)
  // The allowance and the listing.
  expect(sent.map((count) => count())).toEqual([2, 0])
})

test('without room in the browser it is said, nothing is signed, and it goes on once there is some', async ({
  page,
}) => {
  const name = freshName('full')
  await fillDraft(page, csvOf(100), { name, title: 'Of a full disk' })
  await setRoom(page, false)

  await test.step('the next file and words stay on the page', async () => {
    await page.getByRole('link', { name: 'File' }).click()
    await chooseFile(page, csvOf(200, { name: 'second.csv' }))
    await expect(page.getByText('Your browser has no room to keep this file.')).toBeVisible()
    await expect(page.getByText('This browser had no room for your last changes.')).toBeVisible()
    await page.getByRole('link', { name: 'Description' }).click()
    await page.getByLabel('Title').fill('Of a disk that was full')
    await next(page)
    await page.getByRole('link', { name: 'Review' }).click()
    await stepIs(page, 'Review')
    await expect(page.getByRole('main')).toContainText('Of a disk that was full')
  })
  await button(page, 'Publish').click()
  await expect(alert(page)).toContainText('This browser has no room left')
  await expect(asks(page)).toBeHidden()
  await setRoom(page, true)
  await button(page, 'Publish').click()
  await signAll(page)
  await isLive(page)
  await expect(page.getByRole('main')).toContainText('200 rows')
})

test('a disk that fills up after the signature costs nothing of what was paid', async ({ page }) => {
  const name = freshName('filling')
  const sent = countSent(page)
  await fillDraft(page, csvOf(100), { name, title: 'Of a filling disk' })
  await button(page, 'Publish').click()
  await expect(asks(page)).toBeVisible()
  await setRoom(page, false)
  await answer(page, 'Sign')
  await expect(alert(page)).toContainText('This browser has no room left')
  expect(sent()).toBe(0)
  await setRoom(page, true)
  await button(page, 'Try again').click()
  await signAll(page)
  await isLive(page)
})
