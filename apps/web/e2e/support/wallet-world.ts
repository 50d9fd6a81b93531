/** A purchase about to happen: a wallet of the test's, a chain of its own, the panel of a dataset. */
import type { Locator, Page } from '@playwright/test'
import { parseEther } from 'viem'
import type { Hex } from '@enigma/protocol'
import { pathOf } from './demo.ts'
import { type OwnChain, startOwnChain } from './own-chain.ts'
import { expect, open, test as base } from './test.ts'
import { installWallet, type TestWallet } from './test-wallet.ts'

export type World = { chain: OwnChain; wallet: TestWallet; path: string; panel: Locator }

export const test = base.extend<{ world: World }>({
  world: async ({ page, context }, use) => {
    const chain = await startOwnChain(context)
    const wallet = await installWallet(context, chain)
    const path = await pathOf(page, 'zipcodes')
    await use({ chain, wallet, path, panel: page.getByRole('region', { name: 'Subscription' }) })
    await context.unrouteAll({ behavior: 'ignoreErrors' })
    await chain.stop()
  },
})

export type Sent = Parameters<TestWallet['sign']>[0]

export async function connect(page: Page, name = 'Test wallet'): Promise<void> {
  await page.getByRole('button', { name: 'Connect wallet', exact: true }).click()
  await page.getByRole('button', { name }).click()
  await expect(page.getByRole('button', { name: /^Account/ })).toBeVisible()
}

/** A connected account with money, before the dataset. */
export async function ready(page: Page, { chain, wallet, path }: World, eng = '100'): Promise<void> {
  await chain.give(wallet.accounts[0].address, { eth: '10', eng })
  await open(page, `/d/${path}`)
  await connect(page)
}

export const subscribe = (panel: Locator) => panel.getByRole('button', { name: 'Subscribe', exact: true })
export const stateOf = (panel: Locator, name: string) => panel.locator(`[data-transaction="${name}"]`)

/** Lets the wallet hand over each transaction that it signs, and sends it. */
export function recordSent(wallet: TestWallet): { sent: { transaction: Sent; hash: Hex }[] } {
  const sent: { transaction: Sent; hash: Hex }[] = []
  wallet.answer('eth_sendTransaction', async ([given]) => {
    const transaction = given as Sent
    const hash = await wallet.send(await wallet.sign(transaction))
    sent.push({ transaction, hash })
    return hash
  })
  return { sent }
}

/** Waits until the wallet was asked for a transaction, and returns it. */
export async function firstSent({ sent }: ReturnType<typeof recordSent>): Promise<{ transaction: Sent; hash: Hex }> {
  await expect.poll(() => sent.length).toBe(1)
  const [first] = sent
  if (first === undefined) throw new Error('nothing was sent')
  return first
}

export async function paid({ chain, wallet }: World, index: 0 | 1 = 0): Promise<bigint> {
  return parseEther('100') - (await chain.eng(wallet.accounts[index].address))
}
