/** The curator studio: what an account lists, what it earned, and every change that the contract allows. */
import { readFile } from 'node:fs/promises'
import type { Page } from '@playwright/test'
import { formatEther, parseEther } from 'viem'
import { expectNoFindings, schemes, viewports } from './support/axe.ts'
import { curatorTest, eng, listPrices, openStudio } from './support/curator-world.ts'
import type { ListedDataset } from './support/list-dataset.ts'
import { readNetwork } from './support/own-chain.ts'
import { expect, open } from './support/test.ts'
import { WalletRefusal } from './support/test-wallet.ts'
import { connect } from './support/wallet-world.ts'

let listed: ListedDataset
const test = curatorTest(() => listed)

// Each starts a chain of its own, on whatever machine there is.
test.describe.configure({ timeout: 120_000 })
test.beforeAll(async () => {
  test.setTimeout(120_000)
  listed = await listPrices()
})

const card = (page: Page) => page.getByRole('article', { name: 'Prices of the studio’s test' })

/** Not the one that says why the rank is what it is: its name holds the title, too. */
const button = (page: Page, name: string) => card(page).getByRole('button', { name: new RegExp(`^${name}( ?:|$)`) })

/** What makes the page wider than its screen, outside of what scrolls by itself. */
const widerThanTheScreen = (page: Page) =>
  page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement
    if (scrollWidth <= clientWidth) return []
    return [...document.querySelectorAll('body *')]
      .filter((each) => each.getBoundingClientRect().right > clientWidth)
      .map((each) => `${each.tagName} ${each.getAttribute('class') ?? ''}: ${each.getBoundingClientRect().right}`)
  })

test('her dataset is listed with what it does, and says so when nobody subscribes', async ({ page, world }) => {
  await openStudio(page)
  await expect(card(page)).toContainText('Open')
  await expect(card(page).getByText('at 1 of 1 node')).toBeVisible({ timeout: 30_000 })
  await expect(card(page).getByRole('link', { name: 'Add rows' })).toHaveAttribute(
    'href',
    `/publish?dataset=${world.dataset.path}`,
  )
  await expect(button(page, 'Collect')).toBeDisabled()
  await expect(page.getByText('Nothing was credited or paid yet.')).toBeVisible()
})

test('what is collected comes to her account to the wei, and the payouts say so', async ({ page, world }) => {
  const { chain, dataset } = world
  await world.subscribeOther()
  await world.pass(5 * 86_400)
  await openStudio(page)
  const before = await chain.eng(dataset.account.address)
  const open = card(page).getByTestId('open-share')
  const seen = eng(await open.innerText())
  // Five days of ten ENG a month, less five per cent.
  expect(Number(seen) / 1e18).toBeCloseTo(((10 * 5) / 30) * 0.95, 3)
  await expect.poll(async () => eng(await open.innerText())).toBeGreaterThan(seen)
  await button(page, 'Collect').click()
  const dialog = page.getByRole('dialog', { name: /^Collect/ })
  const promised = eng(await dialog.getByTestId('collect').innerText())
  await dialog.getByRole('button', { name: 'Collect', exact: true }).click()
  await expect(card(page)).toContainText('You are paid.')
  const told = eng(
    (
      await card(page)
        .getByText(/came to your account/)
        .innerText()
    ).trim(),
  )
  expect((await chain.eng(dataset.account.address)) - before).toBe(told)
  expect(Number(told - promised) / 1e18).toBeCloseTo(0, 3)
  const table = page.getByRole('region', { name: 'Payouts as a table' })
  await expect(table.getByRole('row', { name: /Paid to your account/ })).toBeVisible()
  await expect(table.getByRole('row', { name: /Earnings credited/ })).toContainText(dataset.name)
  const downloading = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Export CSV' }).click()
  const text = await readFile(await (await downloading).path(), 'utf8')
  expect(text.split('\r\n')[1]).toContain(`Paid to your account,,${formatEther(told)}`)
  await test.step('axe finds nothing, and nothing is wider than the screen', async () => {
    for (const viewport of [...viewports, { width: 360, height: 740 }]) {
      await page.setViewportSize(viewport)
      for (const colorScheme of schemes) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
        await expectNoFindings(page, `/curator ${colorScheme} ${viewport.width} px`)
      }
      await expect.poll(() => widerThanTheScreen(page)).toEqual([])
    }
  })
})

test('a new price is the dataset’s; running subscriptions and payees are dealt with', async ({ page, world }) => {
  await world.subscribeOther()
  await world.pass(86_400)
  const before = await world.state()
  await openStudio(page)
  await button(page, 'Price').click()
  const dialog = page.getByRole('dialog', { name: /^Price of/ })
  await expect(dialog).toContainText('Running subscriptions keep the price they paid until they end')
  const field = dialog.getByLabel('ENG for 30 days')
  for (const [text, sentence] of [
    ['0', 'The least price of this market'],
    ['200000', 'The highest price that the contract takes'],
    ['ten', 'Give an amount of ENG'],
  ] as const) {
    await field.fill(text)
    await expect(dialog.getByRole('alert')).toContainText(sentence)
    await expect(dialog.getByRole('button', { name: /^Change/ })).toBeDisabled()
  }
  await field.fill('12.5')
  world.wallet.answer('eth_sendTransaction', () => {
    throw new WalletRefusal(4001)
  })
  await dialog.getByRole('button', { name: 'Change to 12.5 ENG' }).click()
  await expect(card(page).getByRole('alert')).toContainText('You refused in your wallet')
  expect((await world.state()).rate).toBe(before.rate)
  world.wallet.answer('eth_sendTransaction')
  await card(page).getByRole('button', { name: 'Clear' }).click()
  await button(page, 'Price').click()
  await field.fill('12.5')
  await dialog.getByRole('button', { name: 'Change to 12.5 ENG' }).click()
  await expect(card(page)).toContainText('The price is 12.5 ENG a month')
  const after = await world.state()
  expect(after.rate).toBe(parseEther('12.5') / 2_592_000n)
  expect(after.liveRate).toBe(before.liveRate)
  await expect(page.getByTestId('credited')).toBeVisible()
  await open(page, `/d/${world.dataset.path}`)
  await expect(page.getByRole('region', { name: 'Subscription' })).toContainText('12.5 ENG')
})

test('others are paid their shares, and what was credited before is withdrawn', async ({ page, world }) => {
  const { chain, wallet, dataset } = world
  const other = wallet.accounts[1].address
  await world.subscribeOther()
  await openStudio(page)
  await button(page, 'Payees').click()
  const dialog = page.getByRole('dialog', { name: /^Payees of/ })
  await dialog.getByLabel('Share %').fill('75')
  await expect(dialog.getByRole('alert')).toContainText('25 % missing')
  await dialog.getByRole('button', { name: 'Add an account' }).click()
  await dialog.getByLabel('Account 2', { exact: true }).fill(other)
  await dialog.getByLabel('Share %').nth(1).fill('25')
  await dialog.getByRole('button', { name: 'Change the payees' }).click()
  await expect(card(page)).toContainText('paid to 2 accounts')
  await world.pass(86_400)
  await page.reload()
  await expect(card(page)).toContainText('your share 75 %')
  // The other payee sees it as a dataset that pays her, with nothing to change.
  await wallet.use(1)
  await expect(page.getByRole('heading', { name: 'This account lists no dataset' })).toBeVisible()
  await expect(card(page)).toContainText('Pays you 25 %')
  await expect(button(page, 'Price')).toHaveCount(0)
  await chain.give(other, { eth: '10' })
  const before = await chain.eng(other)
  await button(page, 'Collect').click()
  await page.getByRole('dialog').getByRole('button', { name: 'Collect', exact: true }).click()
  await expect(card(page)).toContainText('You are paid.')
  const told = eng(
    (
      await card(page)
        .getByText(/came to your account/)
        .innerText()
    ).trim(),
  )
  expect((await chain.eng(other)) - before).toBe(told)
  await wallet.use(0)
  const credited = eng(await page.getByTestId('credited').innerText())
  const held = await chain.eng(dataset.account.address)
  await page.getByRole('button', { name: 'Withdraw' }).click()
  await expect(page.getByRole('region', { name: 'Credited to you' })).toContainText('You are paid.')
  expect((await chain.eng(dataset.account.address)) - held).toBe(credited)
})

test('the deposit grows, leaves after its waiting time, and may stay', async ({ page, world }) => {
  const { chain, dataset } = world
  const account = dataset.account.address
  await openStudio(page)
  await button(page, 'Deposit').click()
  const dialog = page.getByRole('dialog', { name: /^Deposit of/ })
  await dialog.getByLabel('ENG to add').fill('20')
  await expect(dialog.getByTestId('deposit-after')).toContainText('then 50 ENG')
  const before = await chain.eng(account)
  await dialog.getByRole('button', { name: 'Add 20 ENG' }).click()
  await expect(card(page)).toContainText('20 ENG were added; it is 50 ENG now.')
  expect(before - (await chain.eng(account))).toBe(parseEther('20'))
  expect((await world.state()).deposit).toBe(parseEther('50'))

  await button(page, 'Deposit').click()
  await dialog.getByText('Take out').click()
  await dialog.getByLabel('ENG to take out').fill('60')
  await expect(dialog.getByRole('alert')).toContainText('The deposit is 50 ENG')
  await dialog.getByLabel('ENG to take out').fill('15')
  await expect(dialog).toContainText('After 3 days it can be taken')
  await dialog.getByRole('button', { name: 'Ask for 15 ENG' }).click()
  await expect(card(page)).toContainText('15 ENG of the deposit are on their way to you.')
  await card(page).getByRole('button', { name: 'Keep as deposit' }).click()
  await expect(card(page)).toContainText('15 ENG count again; the deposit is 50 ENG.')
  await expect(card(page).getByText('on their way to you')).toHaveCount(0)

  await button(page, 'Deposit').click()
  await dialog.getByLabel('ENG to take out').fill('15')
  await dialog.getByRole('button', { name: 'Ask for 15 ENG' }).click()
  await expect(card(page)).toContainText('15 ENG of the deposit are on their way to you.')
  await expect(card(page).getByRole('button', { name: 'Take 15 ENG' })).toHaveCount(0)
  await world.pass(3 * 86_400)
  await page.reload()
  const held = await chain.eng(account)
  await card(page).getByRole('button', { name: 'Take 15 ENG' }).click()
  await expect(card(page)).toContainText('15 ENG came back to your account.')
  expect((await chain.eng(account)) - held).toBe(parseEther('15'))
  expect((await world.state()).deposit).toBe(parseEther('35'))
})

test('closing takes the name typed, pays subscribers back, and leaves her what was earned', async ({ page, world }) => {
  const { leave } = await world.subscribeOther()
  await world.pass(86_400)
  await openStudio(page)
  await button(page, 'Close').click()
  const dialog = page.getByRole('dialog', { name: /^Close/ })
  await expect(dialog).toContainText('1 subscriber loses access at once')
  const confirm = dialog.getByRole('button', { name: 'Close for ever' })
  await expect(confirm).toBeDisabled()
  await dialog.getByLabel(/^Type/).fill(world.dataset.name)
  await confirm.click()
  await expect(card(page)).toContainText('The dataset is closed for ever.')
  await expect(card(page).getByText(/^Closed /)).toBeVisible()
  await expect(button(page, 'Price')).toHaveCount(0)
  expect((await world.state()).closedAtSeconds).toBeGreaterThan(0)
  await leave()
  const before = await world.chain.eng(world.dataset.account.address)
  await button(page, 'Collect').click()
  await page.getByRole('dialog').getByRole('button', { name: 'Collect', exact: true }).click()
  await expect(card(page)).toContainText('You are paid.')
  expect(await world.chain.eng(world.dataset.account.address)).toBeGreaterThan(before)
  await button(page, 'Deposit').click()
  await page.getByRole('dialog').getByLabel('ENG to take out').fill('30')
  await page.getByRole('dialog').getByRole('button', { name: 'Ask for 30 ENG' }).click()
  await expect(card(page)).toContainText('30 ENG of the deposit are on their way to you.')
})

test('a sent one outlives a reload, and only one is under way', async ({ page, world }) => {
  await world.subscribeOther()
  await world.pass(86_400)
  await openStudio(page)
  await world.chain.holdBlocks()
  await button(page, 'Collect').click()
  await page.getByRole('dialog').getByRole('button', { name: 'Collect', exact: true }).click()
  await expect(card(page)).toContainText('Sent. Waiting for the chain…')
  await page.reload()
  await expect(card(page)).toContainText('Sent. Waiting for the chain…')
  await expect(button(page, 'Price')).toBeDisabled()
  await world.chain.test.mine({ blocks: 1 })
  await expect(card(page)).toContainText('You are paid.')
  expect(world.wallet.calls.filter((each) => each === 'eth_sendTransaction')).toHaveLength(1)
})

test('no wallet, an account that lists nothing, and a chain that does not answer', async ({ page, context, world }) => {
  await open(page, '/curator')
  await expect(page.getByRole('heading', { name: 'Connect the account that lists them' })).toBeVisible()
  await world.wallet.use(1)
  await connect(page)
  await expect(page.getByRole('heading', { name: 'This account lists no dataset' })).toBeVisible()
  const { origin } = new URL((await readNetwork(context)).rpcUrl)
  await page.route(
    (url) => url.origin === origin,
    (route) => route.abort(),
  )
  await page.reload()
  await expect(page.getByRole('main').getByRole('alert')).toContainText('The Ethereum node did not answer')
  await page.unrouteAll({ behavior: 'ignoreErrors' })
  await page.getByRole('button', { name: 'Try again' }).click()
  await expect(page.getByRole('heading', { name: 'This account lists no dataset' })).toBeVisible()
})
