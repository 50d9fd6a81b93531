/** axe finds nothing: on every route that the router has, in both themes, on a phone and on a desk, and in its states. */
import { readdirSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import type { Page } from '@playwright/test'
import { expectNoFindings, schemes, viewports } from './support/axe.ts'
import { pathOf } from './support/demo.ts'
import { readNetwork } from './support/own-chain.ts'
import { expect, open, test } from './support/test.ts'

const routes = join(import.meta.dirname, '../src/routes')
/** Every page of the site; a new one is tested as soon as it is there. */
const pages = readdirSync(routes, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('+page.svelte'))
  .map((file) => `/${relative('.', dirname(file)).replaceAll('\\', '/')}`.replace(/\/$/, '') || '/')
  .toSorted()

/** A route's address, with a dataset of the demo where it takes one. */
async function addressesOf(page: Page, route: string): Promise<string[]> {
  const dataset = await pathOf(page, 'zipcodes')
  const address = route.replace('[curator]/[name]', dataset)
  if (address.includes('[')) throw new Error(`${route}: say here which address it has`)
  if (route.includes('[name]'))
    return ['schema', 'sample', 'health', 'activity', 'use'].map((tab) => `${address}?tab=${tab}`)
  return route === '/console' || route === '/embed' ? [address, `${address}?dataset=${dataset}`] : [address]
}

/** What a person waits for before she reads: nothing is loading any more. */
async function settle(page: Page): Promise<void> {
  await expect(page.locator('[aria-busy=true]')).toHaveCount(0)
  await expect(page.getByRole('heading', { level: 1 }).first()).toBeVisible()
}

for (const route of pages) {
  test(`${route}: no findings, light and dark, wide and narrow`, async ({ page }) => {
    test.slow()
    for (const address of await addressesOf(page, route)) {
      await open(page, address)
      for (const viewport of viewports) {
        await page.setViewportSize(viewport)
        for (const colorScheme of schemes) {
          // Colours that are changing are nobody's to judge.
          await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
          await settle(page)
          await expectNoFindings(page, `${address} ${colorScheme} ${viewport.width} px`)
        }
      }
    }
  })
}

/** What is asked of the relay and of the chain, beside the page's own files. */
async function askedOf(page: Page): Promise<(url: URL) => boolean> {
  const { origin } = new URL((await readNetwork(page.context())).rpcUrl)
  return (url) => url.origin === origin || /^\/(catalogue|dataset|enigma-network)\.json$/.test(url.pathname)
}

for (const route of pages) {
  test(`${route}: no findings while it loads, when nothing answers, and offline`, async ({ page }) => {
    test.slow()
    const isAsked = await askedOf(page)
    const looks = viewports.map((viewport, at) => ({ viewport, colorScheme: schemes[at] ?? 'light' }))
    for (const address of await addressesOf(page, route)) {
      for (const state of ['loading', 'nothing answers', 'offline'] as const) {
        if (state !== 'offline') {
          await page.route(isAsked, (asked) => (state === 'loading' ? undefined : asked.abort()))
        }
        await open(page, address)
        if (state === 'offline') {
          await page.context().setOffline(true)
          await expect(page.getByText('You are offline.')).toBeVisible()
        }
        for (const { viewport, colorScheme } of looks) {
          await page.setViewportSize(viewport)
          await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
          await expectNoFindings(page, `${address} ${state} ${colorScheme} ${viewport.width} px`)
        }
        await page.context().setOffline(false)
        await page.unrouteAll({ behavior: 'ignoreErrors' })
      }
    }
  })
}

test('while it loads, when nothing answers, and when there is no such page', async ({ page }) => {
  test.slow()
  await page.route('**/catalogue.json*', () => undefined)
  await open(page, '/')
  await expectNoFindings(page, 'loading')
  await page.unrouteAll()
  await page.route('**/catalogue.json*', (route) => route.abort())
  await page.route('**/enigma-network.json', (route) => route.abort())
  await open(page, '/')
  await expect(page.getByRole('main').getByRole('alert').first()).toBeVisible()
  await expectNoFindings(page, 'nothing answers')
  await page.unrouteAll()
  await open(page, '/?q=no+dataset+has+these+words')
  await expect(page.getByRole('heading', { name: 'No dataset matches' })).toBeVisible()
  await expectNoFindings(page, 'empty')
  await page.context().setOffline(true)
  await expect(page.getByText('You are offline.')).toBeVisible()
  await expectNoFindings(page, 'offline')
  await page.context().setOffline(false)
  await page.goto('/no-such-page')
  await expect(page.getByRole('heading', { name: 'There is no such page' })).toBeVisible()
  await expectNoFindings(page, 'no such page')
})

test('a result in the console, a refused query, and what was checked', async ({ page }) => {
  test.slow()
  await open(page, `/console?dataset=${await pathOf(page, 'zipcodes')}#q=`)
  await expect(page.locator('.cm-content')).toContainText('LIMIT 100')
  await page.getByRole('button', { name: /^Run/ }).click()
  const verified = page.getByRole('button', { name: /receipt verified/ })
  await expect(verified).toBeVisible({ timeout: 30_000 })
  for (const tab of ['Chart', 'Columns', 'Table']) {
    await page.getByRole('tab', { name: tab }).click()
    for (const colorScheme of schemes) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      await expectNoFindings(page, `${tab} ${colorScheme}`)
    }
  }
  await verified.click()
  await expectNoFindings(page, 'what was checked')
  await page.keyboard.press('Escape')
  for (const tool of ['History', 'Save', 'Share', 'Help']) {
    await page.getByRole('button', { name: tool, exact: true }).click()
    await expect(page.locator('dialog[open]')).toBeVisible()
    await expectNoFindings(page, tool)
    await page.keyboard.press('Escape')
  }
  await page.locator('.cm-content').click()
  await page.keyboard.press('ControlOrMeta+a')
  await page.keyboard.insertText('SELECT nothing FROM zipcodes')
  await page.keyboard.press('ControlOrMeta+Enter')
  await expect(page.getByRole('main').getByRole('alert')).toContainText('nothing')
  for (const viewport of viewports) {
    await page.setViewportSize(viewport)
    for (const colorScheme of schemes) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      await expectNoFindings(page, `refused ${colorScheme} ${viewport.width} px`)
    }
  }
})
