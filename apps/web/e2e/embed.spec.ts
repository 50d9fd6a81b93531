/** The builder of embeds: from the console's SQL to rows that a visitor without a wallet sees, and back by a pause. */
import type { Page } from '@playwright/test'
import { expectNoFindings, schemes, viewports } from './support/axe.ts'
import { answer, pathOf, subscribeInDevelopment } from './support/demo.ts'
import { expect, open, test } from './support/test.ts'
import { type Site, startSite } from './support/widget-page.ts'

const sql = 'SELECT zip_code, city, latitude FROM zipcodes WHERE latitude > $1 ORDER BY zip_code LIMIT 20'
const main = (page: Page) => page.getByRole('main')
const button = (page: Page, name: string) => main(page).getByRole('button', { name, exact: true })
const card = (page: Page) => page.getByRole('article', { name: 'Embed of zipcodes' })
const preview = (page: Page) => page.getByRole('region', { name: 'Preview', exact: true })
/** The tag itself, as the builder shows it. */
const shown = (page: Page) => preview(page).locator('enigma-query')
const rows = (page: Page) => shown(page).getByRole('row')

async function expectRows(page: Page, count: number): Promise<void> {
  await expect(shown(page)).toHaveAttribute('state', 'ready', { timeout: 40_000 })
  await expect(shown(page).locator('[part=badge]')).toHaveText('✓ verified')
  // One more for the names.
  await expect(rows(page)).toHaveCount(count + 1)
}

/** The tag as it is copied out of the builder, on a page of another origin. */
async function paste(page: Page, site: Site): Promise<Page> {
  const text = await page.getByRole('region', { name: 'Tag', exact: true }).innerText()
  const visit = await page.context().newPage()
  await visit.goto(site.add({ head: '', body: text }))
  await visit.locator('enigma-query').scrollIntoViewIfNeeded()
  return visit
}

/** Writes the query in the console and takes it to the builder. */
async function comeFromConsole(page: Page, path: string): Promise<void> {
  await open(page, `/console?dataset=${path}`)
  const editor = page.locator('[data-sql-editor] .cm-content')
  await expect(editor).toContainText('LIMIT 100')
  await editor.click()
  await page.keyboard.press('ControlOrMeta+a')
  await page.keyboard.insertText(sql)
  const link = page.getByRole('navigation', { name: 'Dataset' }).getByRole('link', { name: 'Embed' })
  await expect(link).toHaveAttribute('href', /#q=/)
  await link.click()
  await expect(page).toHaveURL('/embed')
  await expect(editor).toContainText('latitude > $1')
}

async function expectClean(page: Page, what: string): Promise<void> {
  for (const viewport of viewports) {
    await page.setViewportSize(viewport)
    for (const colorScheme of schemes) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      await expectNoFindings(page, `${what} ${colorScheme} ${viewport.width} px`)
      const wide = await page.evaluate(() => document.documentElement.scrollWidth)
      expect(wide, `${what}: nothing is wider than the screen`).toBeLessThanOrEqual(viewport.width)
    }
  }
  await page.setViewportSize({ width: 1280, height: 900 })
}

/** Its node obeys once it has seen the block: a visitor may get rows until then, and none from then on. */
async function expectRefused(page: Page): Promise<void> {
  await expect(async () => {
    await button(page, 'Show as a visitor').click()
    await expect(shown(page)).toHaveAttribute('state', /error|locked/, { timeout: 5_000 })
  }).toPass({ timeout: 60_000 })
  await expect(rows(page)).toHaveCount(0)
}

test('an embed is built, signed once, seen without a wallet, paused, resumed and bounded', async ({
  page,
  baseURL,
}) => {
  test.setTimeout(240_000)
  const site = await startSite(baseURL ?? '')
  const path = await pathOf(page, 'zipcodes')
  await subscribeInDevelopment(page, path)

  await test.step('what is missing is told at its field, and what was typed outlives a reload', async () => {
    await comeFromConsole(page, path)
    await expect(page.getByLabel('Name in the tag')).toHaveValue('latitude')
    await expect(page.getByLabel('Type')).toHaveValue('double')
    await expect(button(page, 'Sign and publish')).toBeDisabled()
    await button(page, 'Try it').click()
    await expect(page.getByLabel('Least')).toBeFocused()
    await expect(page.getByLabel('Least')).toHaveAttribute('aria-invalid', 'true')
    await expectClean(page, 'what is missing')
    await page.getByLabel('Least').fill('30')
    await page.getByLabel('Greatest').fill('50')
    await page.getByLabel('Sites, one a line').fill('http://example.org')
    await expect(main(page).getByRole('alert')).toContainText('Line 1')
    await page.getByLabel('Sites, one a line').fill('')
    await page.getByLabel('Days').fill('3')
    await expect(page.locator('[data-reach]')).toContainText(
      'more different answers than can be counted, each of at most 100 rows',
    )
    await expect(page.locator('[data-reach]')).toContainText('10,000 answers and 1,000,000 rows a day')
    await page.reload()
    await page.locator('html[data-ready]').waitFor()
    await expect(page.getByLabel('Least')).toHaveValue('30')
  })

  await test.step('it is tried as the subscriber; a mistake is marked', async () => {
    const editor = page.locator('[data-sql-editor] .cm-content')
    const write = async (text: string) => {
      await editor.click()
      await page.keyboard.press('ControlOrMeta+a')
      await page.keyboard.insertText(text)
    }
    await button(page, 'Try it').click()
    await button(page, 'Sign once in the wallet and run').click()
    await answer(page, 'Sign')
    await expect(page.getByText(/^It answers: 20 rows/)).toBeVisible({ timeout: 40_000 })
    await write(sql.replace('city', 'cty'))
    await expect(button(page, 'Sign and publish')).toBeDisabled()
    await button(page, 'Try it').click()
    await expect(page.locator('.cm-lintRange-error')).toHaveText('cty')
    await write(sql)
    await button(page, 'Try it').click()
    await expect(page.getByText(/^It answers: 20 rows/)).toBeVisible({ timeout: 40_000 })
  })

  await test.step('one signature publishes it, and its rows come without a wallet', async () => {
    await button(page, 'Sign and publish').click()
    await answer(page, 'Refuse')
    await expect(main(page).getByRole('alert')).toContainText('refused')
    await expect(card(page)).toHaveCount(0)
    await button(page, 'Sign and publish').click()
    await answer(page, 'Sign')
    await expect(card(page)).toContainText('Running')
    await expectRows(page, 20)
    const id = (await card(page).getAttribute('data-embed')) ?? ''
    const tag = page.getByRole('region', { name: 'Tag', exact: true })
    await expect(tag).toContainText(`grant="${id}"`)
    await expect(tag).toContainText('integrity="sha384-')
    await preview(page).getByLabel('latitude').fill('45')
    await expect(tag).toContainText('params="{&quot;latitude&quot;:45}"')
    await expectClean(page, 'a signed embed')
  })

  await test.step('the tag shows them on a page of another site', async () => {
    const visit = await paste(page, site)
    await expect(visit.locator('enigma-query')).toHaveAttribute('state', 'ready', { timeout: 30_000 })
    await expect(visit.locator('enigma-query').getByRole('row')).toHaveCount(21)
    await expect(visit.locator('enigma-query [part=badge]')).toHaveText('✓ verified')
    await visit.locator('enigma-query').evaluate((element) => element.setAttribute('params', '{"latitude":51}'))
    await expect(visit.locator('enigma-query')).toHaveAttribute('state', /error|stale/, { timeout: 30_000 })
    await visit.close()
  })

  await test.step('an editor that strips scripts takes the frame, which reaches nothing of the relay’s site', async () => {
    const frame = await page.getByRole('region', { name: 'Frame for editors that strip scripts' }).innerText()
    const visit = await page.context().newPage()
    await visit.goto(site.add({ head: '', body: frame }))
    const widget = visit.frameLocator('iframe').locator('enigma-query')
    await expect(widget).toHaveAttribute('state', 'ready', { timeout: 30_000 })
    await expect(widget.getByRole('row')).toHaveCount(21)
    const [, inside] = visit.frames()
    expect(await inside?.evaluate(() => self.origin)).toBe('null')
    await expectNoFindings(visit, 'a frame')
    await visit.goto((await visit.locator('iframe').getAttribute('src')) ?? '')
    await expect(visit.locator('enigma-query')).toHaveAttribute('state', 'ready', { timeout: 30_000 })
    await expectNoFindings(visit, 'the frame’s own page')
    await visit.close()
  })

  await test.step('its use is what the node counted', async () => {
    await button(page, 'Ask the nodes').click()
    // The preview, the tag on the other site, the frame and its page; what was refused, and what its owner tried before, is not counted.
    await expect(card(page)).toContainText('4 answers in all, 4 of them today', { timeout: 30_000 })
    await expect(card(page)).not.toContainText('did not say')
  })

  await test.step('a pause is obeyed, and a visitor is told why', async () => {
    await button(page, 'Pause').click()
    await answer(page, 'Sign')
    await expect(card(page)).toContainText('Paused')
    await button(page, 'Show as a visitor').click()
    await expect(shown(page)).toContainText('The owner of this embed has paused it', { timeout: 30_000 })
    await expect(rows(page)).toHaveCount(0)
    const visit = await paste(page, site)
    await expect(visit.locator('enigma-query')).toContainText('paused', { timeout: 30_000 })
    await visit.close()
    await button(page, 'Resume').click()
    await answer(page, 'Sign')
    await expect(card(page)).toContainText('Running')
    await button(page, 'Show as a visitor').click()
    await expectRows(page, 20)
  })

  await test.step('new limits need a signature and no new tag; relays keep them', async () => {
    await button(page, 'Change limits').click()
    const dialog = page.getByRole('dialog', { name: 'Change limits' })
    await dialog.getByLabel('Rows of one answer').fill('0')
    await expect(dialog.getByRole('button', { name: 'Sign new limits' })).toBeDisabled()
    await dialog.getByLabel('Rows of one answer').fill('5')
    await expectNoFindings(page, 'new limits')
    await dialog.getByRole('button', { name: 'Sign new limits' }).click()
    await answer(page, 'Sign')
    await expect(card(page)).toContainText('5 rows an answer')
    await expectRows(page, 5)
    await page.reload()
    await expect(card(page)).toContainText('5 rows an answer', { timeout: 40_000 })
    await expect(card(page)).toContainText(/in 2 days/)
    await button(page, 'Extend to 30 days').click()
    await answer(page, 'Sign')
    await expect(card(page)).toContainText(/in (29|30) days/)
  })

  await test.step('everything is ended by one transaction, and a signature brings the embed back', async () => {
    await button(page, 'End all sessions and embeds').click()
    const dialog = page.getByRole('dialog', { name: 'End all sessions and embeds?' })
    await expectNoFindings(page, 'ending everything')
    await dialog.getByRole('button', { name: 'End all', exact: true }).click()
    await answer(page, 'Send')
    await expect(main(page).getByText('All sessions and embeds are ended.')).toBeVisible({ timeout: 30_000 })
    await expect(card(page)).toContainText('It ended with all that this account had signed.')
    await button(page, 'Tag and preview').click()
    await expectRefused(page)
    await button(page, 'Bring it back').click()
    await answer(page, 'Sign')
    await expect(card(page)).toContainText('Running')
    await button(page, 'Show as a visitor').click()
    await expectRows(page, 5)
  })

  await test.step('what is ended by its id is ended for ever', async () => {
    await button(page, 'End for ever').click()
    const dialog = page.getByRole('dialog', { name: 'End the embed of zipcodes for ever?' })
    await dialog.getByRole('button', { name: 'Leave it' }).click()
    await button(page, 'End for ever').click()
    await dialog.getByRole('button', { name: 'End for ever' }).click()
    await answer(page, 'Send')
    await expect(card(page)).toContainText('The embed is ended for ever.', { timeout: 30_000 })
    await expect(button(page, 'Resume')).toHaveCount(0)
    await expectRefused(page)
  })
  await site.stop()
})

test('without a wallet one can write, and is told what is missing', async ({ page }) => {
  await open(page, `/embed?dataset=${await pathOf(page, 'zipcodes')}`)
  await expect(page).toHaveURL('/embed')
  await expect(page.getByLabel('Path of the dataset')).toHaveValue(/zipcodes$/)
  await expect(page.locator('[data-sql-editor] .cm-content')).toContainText('LIMIT 100')
  await button(page, 'Try it').click()
  await expect(main(page).getByRole('alert').filter({ hasText: 'Connect the account' })).toBeVisible()
  await page.getByLabel('Path of the dataset').fill('somewhere')
  await page.getByLabel('Path of the dataset').press('Tab')
  await expect(main(page).getByText('A dataset’s path is <curator address>/<name>.')).toBeVisible()
})

test('it is found from the subscriptions and from a dataset’s page', async ({ page }) => {
  await open(page, '/subscriptions')
  await main(page).getByRole('link', { name: 'My embeds' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Embed live rows' })).toBeVisible()
  await open(page, `/d/${await pathOf(page, 'zipcodes')}?tab=use`)
  await main(page).getByRole('link', { name: 'Embed its live rows in a web page' }).click()
  await expect(page.getByLabel('Path of the dataset')).toHaveValue(/zipcodes$/)
})
