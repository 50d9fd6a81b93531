import type { APIRequestContext, Page } from '@playwright/test'
import { expect, open, test } from './support/test.ts'

const cards = (page: Page) => page.getByRole('article')
const titles = (page: Page) => cards(page).getByRole('heading')
const checked = (page: Page) => page.locator('[data-check=verified]')

/** Until the relay that serves the page has looked at every dataset, as it does within seconds of its start. */
async function untilObserved(request: APIRequestContext): Promise<void> {
  const whoseIsNone = async () => {
    const { entries } = (await (await request.get('/catalogue.json')).json()) as {
      entries: { listing: { name: string }; observed?: { head?: object } }[]
    }
    return entries.flatMap(({ listing, observed }) => (observed?.head === undefined ? [listing.name] : []))
  }
  await expect.poll(whoseIsNone, { timeout: 90_000 }).toEqual([])
}

test('the datasets of the network are listed in the order of the chain', async ({ page, request }) => {
  await untilObserved(request)
  await open(page, '/')
  await expect(cards(page).first()).toContainText('ENG')
  await expect(checked(page)).toBeVisible()
  expect(await cards(page).count()).toBeGreaterThanOrEqual(4)
  await expect(titles(page).filter({ hasText: '3 million US flights of 2001' })).toBeVisible()
  await expect(cards(page).filter({ hasText: 'Minute candles' })).toContainText('Kept fresh by a script')
  // Markdown is shown as words.
  await expect(cards(page).filter({ hasText: 'Minute candles' })).toContainText('In this demo the exchange')
  // How it fares is one relay's word, and its titles say so.
  const flights = cards(page).filter({ hasText: '3 million US flights' })
  await expect(flights.getByText(/^Updated (now|.+ ago)$/)).toHaveAttribute('title', /^Snapshot 1, .+One relay’s word/)
  await expect(flights.getByText(/^\d.* % up/)).toHaveAttribute('title', /^A relay looked .+One relay’s word/)
  await page.getByLabel('Order').selectOption('Last updated')
  await expect(page).toHaveURL('/?sort=freshness')
  await expect(checked(page)).toBeVisible()
  await expect(checked(page)).toContainText('but for the order: it is what a relay saw')
  await expect(page.getByText('says otherwise than the chain')).toHaveCount(0)
  await expect(page.getByLabel('Order')).toHaveValue('freshness')
})

test('why this rank: the factors with their numbers, by keyboard', async ({ page }) => {
  await open(page, '/')
  await expect(checked(page)).toBeVisible()
  const card = cards(page).filter({ hasText: '3 million US flights' })
  await card.getByRole('button', { name: 'Why this rank' }).press('Enter')
  const why = page.getByRole('dialog', { name: /^Rank/ })
  await expect(why).toContainText('× the reference price of 10 ENG')
  await expect(why).toContainText('Computed in this browser from the chain’s values.')
  await expect(why).toBeInViewport({ ratio: 1 })
  await page.keyboard.press('Escape')
  await expect(why).toBeHidden()
  await expect(card.getByRole('button', { name: 'Why this rank' })).toBeFocused()
})

test('words, filters and order stand in the URL; back takes them off; a link brings them', async ({
  page,
  context,
}) => {
  await open(page, '/')
  await expect(checked(page)).toBeVisible()
  await page.getByRole('searchbox').fill('candles')
  await expect(page).toHaveURL('/?q=candles')
  await expect(cards(page)).toHaveCount(1)
  await expect(page.locator('[data-announcer=polite]')).toHaveText('1 dataset found.')
  await page.getByRole('searchbox').fill('')
  await expect(page).toHaveURL('/')

  await page.getByRole('checkbox', { name: 'a script that keeps them fresh' }).check()
  await expect(page).toHaveURL('/?script=1')
  await expect(cards(page)).toHaveCount(1)
  await page.getByRole('button', { name: 'prices' }).click()
  await expect(page).toHaveURL('/?tag=prices&script=1')
  await page.goBack()
  await expect(page).toHaveURL('/?script=1')
  await page.goBack()
  await expect(page.getByRole('checkbox', { name: 'a script that keeps them fresh' })).not.toBeChecked()
  await expect(cards(page).nth(3)).toBeVisible()

  const shared = await context.newPage()
  await open(shared, '/?sort=price&max=2&sample=1')
  await expect(checked(shared)).toBeVisible()
  await expect(titles(shared).first()).toHaveText('US postal codes with coordinates')
  await expect(titles(shared).filter({ hasText: '3 million' })).toHaveCount(0)
  await expect(shared.getByRole('textbox', { name: 'To', exact: true })).toHaveValue('2')
})

test('one curator’s datasets', async ({ page }) => {
  await open(page, '/')
  await expect(checked(page)).toBeVisible()
  await cards(page)
    .filter({ hasText: 'earthquakes' })
    .getByTitle(/^Datasets of 0x/)
    .click()
  await expect(page).toHaveURL(/curator=0x[0-9a-f]{40}$/)
  await expect(titles(page).filter({ hasText: 'Earthquakes of one week' })).toBeVisible()
  await expect(titles(page).filter({ hasText: '3 million' })).toHaveCount(0)
  await page.getByRole('button', { name: 'Any curator' }).click()
  await expect(page).toHaveURL('/')
})

test('nothing found says so and leads on', async ({ page }) => {
  await open(page, '/?q=nosuchdatasetanywhere')
  await page.getByRole('link', { name: 'Show all datasets' }).click()
  await expect(cards(page).nth(3)).toBeVisible()
  await open(page, '/?page=40')
  await page.getByRole('link', { name: 'To the first page' }).click()
  await expect(page).toHaveURL('/')
})

test('what the serving relay alone says is shown as that, and gives way to what the chain bears out', async ({
  page,
}) => {
  await page.route('**/catalogue.json*', async (route) => {
    const response = await route.fetch()
    type Entry = { summary: { title: string }; observed?: unknown }
    const body = (await response.json()) as { total: number; entries: Entry[] }
    for (const [index, entry] of body.entries.entries()) {
      entry.summary.title = 'Buy this instead'
      entry.observed = [{ looks: 1, answered: 9, since: -1 }, 'always', { looks: 0, answered: 0, since: 0 }][index]
    }
    await route.fulfill({ response, json: body })
  })
  // The client is held, so that the unproven list stays on the screen.
  const held = Promise.withResolvers<undefined>()
  await page.route('**/enigma-network.json', async (route) => {
    await held.promise
    await route.continue()
  })
  await page.goto('/')
  await expect(titles(page).first()).toHaveText(/Buy this instead/)
  await expect(page.getByText('One relay’s word, being checked with the chain')).toBeVisible()
  held.resolve(undefined)
  await expect(checked(page)).toBeVisible()
  await expect(page.getByText('Buy this instead')).toHaveCount(0)
})

test('without the chain the list stays, as one relay’s word, with the way on', async ({ page, request }) => {
  const { rpcUrls } = (await (await request.get('/enigma-network.json')).json()) as { rpcUrls: string[] }
  let isDown = true
  await page.route(
    (url) => rpcUrls.some((rpc) => url.href.startsWith(rpc)),
    (route) => (isDown ? route.abort() : route.continue()),
  )
  await open(page, '/')
  await expect(page.getByRole('alert').filter({ hasText: 'Code:' })).toBeVisible()
  await expect(page.getByText('it could not be checked with the chain')).toBeVisible()
  await expect(cards(page).first()).toBeVisible()
  isDown = false
  await page.getByRole('button', { name: 'Try again' }).click()
  await expect(checked(page)).toBeVisible()
  await expect(page.getByText('Code:')).toHaveCount(0)
})

test('offline is said, and the list stays', async ({ page, context }) => {
  await open(page, '/')
  await expect(checked(page)).toBeVisible()
  await context.setOffline(true)
  await expect(page.getByText('You are offline.')).toBeVisible()
  await expect(cards(page).first()).toBeVisible()
  await context.setOffline(false)
  await expect(page.getByText('You are offline.')).toHaveCount(0)
})

test('a page that is none says so, by its status too', async ({ page }) => {
  const response = await page.goto('/no-such-page')
  expect(response?.status()).toBe(404)
  await expect(page.getByRole('heading', { name: 'There is no such page' })).toBeVisible()
  await expect(page).toHaveTitle(/^No such page/)
  await page.getByRole('link', { name: 'Discover datasets' }).click()
  await expect(cards(page).first()).toBeVisible()
})

test.describe('on a phone', () => {
  test.use({ viewport: { width: 390, height: 844 }, hasTouch: true })

  test('the navigation stands at the lower edge, whole', async ({ page }) => {
    await open(page, '/')
    const links = page.getByRole('navigation', { name: 'Main' }).getByRole('link')
    await expect(links).toHaveCount(5)
    for (const link of await links.all()) {
      await expect(link).toBeInViewport({ ratio: 1 })
      expect((await link.boundingBox())?.y).toBeGreaterThan(700)
    }
    await links.filter({ hasText: 'Network' }).tap()
    await expect(page).toHaveURL('/network')
  })

  test('nothing is wider than the screen, filters fold', async ({ page }) => {
    await open(page, '/')
    await expect(checked(page)).toBeVisible()
    await page.getByText('Filters').tap()
    await page.locator('details').getByLabel('a free sample').check()
    await expect(page).toHaveURL('/?sample=1')
    await expect(page.getByText('Filters, 1 on')).toBeVisible()
    const { width, wide } = await page.evaluate(() => ({
      width: document.documentElement.clientWidth,
      wide: document.documentElement.scrollWidth,
    }))
    expect(wide).toBeLessThanOrEqual(width)
  })
})
