/** Pictures of publishing, step by step, and of the studio of one who has listed something; written by `pnpm screenshots`. */
import { answer } from './support/demo.ts'
import { curatorTest, listPrices, openStudio } from './support/curator-world.ts'
import type { ListedDataset } from './support/list-dataset.ts'
import { devices, take } from './support/pictures.ts'
import {
  begin,
  button,
  chooseFile,
  describe,
  freshName,
  isLive,
  isSending,
  next,
  price,
  stepIs,
} from './support/publish-draft.ts'
import { csvOf } from './support/publish-files.ts'
import { expect } from './support/test.ts'

let listed: ListedDataset
const test = curatorTest(() => listed)

test.describe.configure({ timeout: 240_000 })
test.beforeAll(async () => {
  test.setTimeout(120_000)
  listed = await listPrices()
})

for (const { device, viewport } of devices) {
  test(`the studio on a ${device}`, async ({ page, world }) => {
    await page.setViewportSize(viewport)
    await world.subscribeOther()
    await world.pass(5 * 86_400)
    await openStudio(page)
    const card = page.getByRole('article', { name: 'Prices of the studio’s test' })
    await expect(card.getByText('at 1 of 1 node')).toBeVisible({ timeout: 30_000 })
    await take(page, `studio-${device}`, { fullPage: true })
    for (const action of ['Collect', 'Price', 'Payees', 'Deposit', 'Close']) {
      await card.getByRole('button', { name: new RegExp(`^${action}( ?:|$)`) }).click()
      await expect(page.getByRole('dialog')).toBeVisible()
      await take(page, `studio-${action.toLowerCase()}-${device}`)
      await page.keyboard.press('Escape')
    }
    await card.getByRole('button', { name: /^Collect( ?:|$)/ }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Collect', exact: true }).click()
    await expect(card).toContainText('You are paid.')
    await take(page, `studio-collected-${device}`, { fullPage: true })
  })

  test(`publishing on a ${device}`, async ({ browser }) => {
    const context = await browser.newContext({ baseURL: process.env['E2E_BASE_URL'] ?? '', viewport })
    const page = await context.newPage()
    const full = { fullPage: true }
    await begin(page)
    await next(page)
    await expect(page.getByRole('main').getByRole('alert').first()).toBeVisible()
    await take(page, `publish-file-missing-${device}`, full)
    await chooseFile(page, csvOf(5000))
    await take(page, `publish-file-${device}`, full)
    await next(page)
    await stepIs(page, 'Columns')
    await take(page, `publish-columns-${device}`, full)
    await next(page)
    await stepIs(page, 'Description')
    await take(page, `publish-description-${device}`, full)
    await describe(page, { name: freshName('tides'), title: 'Tides of the north' })
    await stepIs(page, 'Price')
    await page.getByRole('radio').first().check()
    await take(page, `publish-price-${device}`, full)
    await price(page)
    await take(page, `publish-review-${device}`, full)
    await button(page, 'Publish').click()
    await expect(page.getByRole('dialog', { name: 'Development wallet' })).toBeVisible()
    await take(page, `publish-sign-${device}`, { isBusy: true })
    await answer(page, 'Sign')
    await answer(page, 'Refuse')
    await expect(page.getByRole('main').getByRole('alert')).toBeVisible()
    await take(page, `publish-refused-${device}`, full)
    await button(page, 'Try again').click()
    await answer(page, 'Send')
    await isSending(page)
    await answer(page, 'Send')
    await isLive(page)
    await take(page, `publish-live-${device}`, full)
    await button(page, 'Add rows').click()
    await expect(page.getByRole('heading', { level: 1, name: 'Publish rows' })).toBeVisible()
    await chooseFile(page, csvOf(1000, { from: 4500, name: 'more.csv' }))
    await take(page, `publish-rows-${device}`, full)
    await context.close()
  })
}
