/** Pictures of the wallet's dialogs and of the subscription in its states; written by `pnpm screenshots`. */
import type { Page } from '@playwright/test'
import { answer } from './support/demo.ts'
import { devices, take } from './support/pictures.ts'
import { expect, open } from './support/test.ts'
import { installWallet, WalletRefusal } from './support/test-wallet.ts'
import { ready, stateOf, subscribe, test, type World } from './support/wallet-world.ts'

test.describe.configure({ timeout: 180_000 })

type Pictures = { page: Page; world: World; device: string }

const never = () => new Promise(() => undefined)

async function chooseWallet({ page, world, device }: Pictures): Promise<void> {
  await installWallet(page.context(), world.chain, { name: 'Other wallet' })
  await open(page, `/d/${world.path}`)
  await expect(world.panel.getByRole('button', { name: 'Connect a wallet to subscribe' })).toBeEnabled()
  await take(page, `panel-no-wallet-${device}`, { of: world.panel })
  await page.getByRole('button', { name: 'Connect wallet', exact: true }).click()
  const chooser = page.getByRole('dialog', { name: 'Connect a wallet' })
  await expect(chooser.getByRole('listitem')).toHaveCount(3)
  await take(page, `chooser-${device}`)
  world.wallet.answer('wallet_requestPermissions', () => Promise.reject(new WalletRefusal(4001)))
  await chooser.getByRole('button', { name: 'Test wallet' }).click()
  await expect(chooser.getByRole('alert')).toBeVisible()
  await take(page, `chooser-refused-${device}`)
  await chooser.getByRole('button', { name: 'Development wallet' }).click()
  const development = page.getByRole('dialog', { name: 'Development wallet' })
  await expect(development.getByRole('button', { name: 'Connect' })).toBeVisible()
  await take(page, `development-connect-${device}`)
  await answer(page, 'Connect')
  const account = page.getByRole('button', { name: /^Account/ })
  await account.click()
  const address = await page.getByRole('banner').locator('[popover] [title^="0x"]').getAttribute('title')
  await page.keyboard.press('Escape')
  await expect(world.panel.getByRole('alert')).toBeVisible()
  await take(page, `panel-no-money-${device}`, { of: world.panel })
  await world.chain.give(address as `0x${string}`, { eth: '10', eng: '100' })
  await page.reload()
  await subscribe(world.panel).click()
  await expect(development.getByRole('button', { name: 'Sign' })).toBeVisible()
  await take(page, `development-sign-${device}`, { isBusy: true })
  await development.getByText('Everything that is signed').click()
  await take(page, `development-sign-all-${device}`, { isBusy: true })
  await answer(page, 'Sign')
  await expect(development.getByRole('button', { name: 'Send' })).toBeVisible()
  await take(page, `development-send-${device}`, { isBusy: true })
  await answer(page, 'Refuse')
  await expect(world.panel.getByRole('alert')).toBeVisible()
  await take(page, `panel-refused-${device}`, { of: world.panel })
}

async function changeNetwork({ page, world, device }: Pictures): Promise<void> {
  const { wallet, panel, chain } = world
  await ready(page, world)
  await expect(subscribe(panel)).toBeEnabled()
  await take(page, `panel-ready-${device}`, { of: panel })
  const account = page.getByRole('button', { name: /^Account/ })
  await account.click()
  await expect(page.getByRole('banner').getByText('100 ENG')).toBeVisible()
  await take(page, `account-${device}`)
  await page.keyboard.press('Escape')
  wallet.answer('wallet_switchEthereumChain', () => new Promise(() => undefined))
  await wallet.setChain(1)
  await expect(panel).toContainText('Your wallet is on another network.')
  await take(page, `panel-other-network-${device}`, { of: panel })
  await panel.getByRole('button', { name: /^Switch to/ }).click()
  await expect(panel.getByRole('button', { name: 'Stop waiting' })).toBeVisible()
  await take(page, `panel-switching-${device}`, { of: panel, isBusy: true })
  await account.click()
  await take(page, `account-switching-${device}`, { isBusy: true })
  await page.keyboard.press('Escape')
  await panel.getByRole('button', { name: 'Stop waiting' }).click()
  await expect(panel.getByRole('alert')).toBeVisible()
  await take(page, `panel-switch-left-${device}`, { of: panel })
  await wallet.setChain(chain.network.chainId)
}

/** From the signature to a wallet that does not answer. */
async function askAndLeave({ page, world, device }: Pictures): Promise<void> {
  const { wallet, panel } = world
  await ready(page, world)
  wallet.answer('eth_signTypedData_v4', never)
  await subscribe(panel).click()
  await expect(stateOf(panel, 'permit')).toBeVisible()
  await take(page, `panel-permit-${device}`, { of: panel, isBusy: true })
  await panel.getByRole('button', { name: 'Stop waiting' }).click()
  await expect(panel.getByRole('alert')).toBeVisible()
  await take(page, `panel-permit-left-${device}`, { of: panel })
  wallet.answer('eth_signTypedData_v4')
  wallet.answer('eth_sendTransaction', never)
  await subscribe(panel).click()
  await expect(stateOf(panel, 'signing')).toBeVisible()
  await take(page, `panel-signing-${device}`, { of: panel, isBusy: true })
  await panel.getByRole('button', { name: 'Stop waiting' }).click()
  await expect(stateOf(panel, 'unanswered')).toBeVisible()
  await take(page, `panel-unanswered-${device}`, { of: panel, isBusy: true })
  await panel.getByRole('button', { name: 'Clear' }).click()
}

/** From the sent transaction to what comes back. */
async function subscribeAndCancel({ page, world, device }: Pictures): Promise<void> {
  const { wallet, panel, chain } = world
  wallet.answer('eth_sendTransaction')
  await chain.holdBlocks()
  await subscribe(panel).click()
  await expect(stateOf(panel, 'pending')).toBeVisible()
  await take(page, `panel-pending-${device}`, { of: panel, isBusy: true })
  await chain.test.mine({ blocks: 1 })
  await chain.test.setAutomine(true)
  await expect(panel).toContainText('You are subscribed.')
  await expect(panel.getByText(/^Until /)).toBeVisible()
  await take(page, `panel-subscribed-${device}`, { of: panel })
  await panel.getByRole('button', { name: 'Hide' }).click()
  await take(page, `dataset-subscribed-${device}`)
  await panel.getByRole('button', { name: 'Change the renewal' }).click()
  await expect(page.getByRole('dialog')).toBeVisible()
  await take(page, `renewal-${device}`)
  await page.keyboard.press('Escape')
  await panel.getByRole('button', { name: 'Cancel and get the rest back' }).click()
  await expect(page.getByRole('dialog')).toContainText('ENG')
  await take(page, `cancel-${device}`)
  await page.keyboard.press('Escape')
  await test.step('a session that is asked for in the console', async () => {
    wallet.answer('eth_signTypedData_v4', never)
    await panel.getByRole('link', { name: 'Ask in SQL' }).click()
    await expect(page.locator('.cm-content')).toContainText('LIMIT 100')
    await page.getByRole('button', { name: /^Run/ }).click()
    await page.getByRole('button', { name: 'Sign once in the wallet and run' }).click()
    await expect(page.getByRole('button', { name: 'Stop waiting' })).toBeVisible()
    await take(page, `console-signing-${device}`, { isBusy: true })
  })
  await open(page, '/subscriptions')
  await expect(page.getByText(/^Until /).first()).toBeVisible()
  await take(page, `subscriptions-running-${device}`, { fullPage: true })
  await open(page, `/d/${world.path}`)
  await panel.getByRole('button', { name: 'Cancel and get the rest back' }).click()
  await page
    .getByRole('dialog')
    .getByRole('button', { name: /^Cancel/ })
    .last()
    .click()
  await expect(stateOf(panel, 'mined')).toBeVisible()
  await take(page, `panel-cancelled-${device}`, { of: panel })
}

for (const { device, viewport } of devices) {
  test.describe(`on a ${device}`, () => {
    test.use({ viewport })

    test('choosing a wallet, and the development wallet', ({ page, world }) => chooseWallet({ page, world, device }))

    test('the account and the network of the wallet', ({ page, world }) => changeNetwork({ page, world, device }))

    test('a subscription from the signature to its end', async ({ page, world }) => {
      await askAndLeave({ page, world, device })
      await subscribeAndCancel({ page, world, device })
    })
  })
}
