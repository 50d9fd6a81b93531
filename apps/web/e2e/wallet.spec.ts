/**
 * What wallets do before a purchase is sent: a readable sentence and the next step, nothing lost, nothing paid twice, and a
 * reload in the middle goes on.
 */
import { installWallet, WalletRefusal } from './support/test-wallet.ts'
import { expect, open } from './support/test.ts'
import { paid, ready, type Sent, subscribe, test } from './support/wallet-world.ts'

// Each starts a chain of its own, on whatever machine there is.
test.describe.configure({ timeout: 120_000 })

test.describe('connecting', () => {
  test('without a wallet the way to one is told', async ({ page, context, world }) => {
    // Without a faucet there is no development wallet; the test wallet is not announced to a fresh page.
    await context.route('**/enigma-network.json', async (route) => {
      const response = await route.fetch()
      const network = (await response.json()) as Record<string, unknown>
      await route.fulfill({ response, json: { ...network, faucetUrl: undefined } })
    })
    await page.addInitScript(() => {
      window.addEventListener('eip6963:announceProvider', (event) => event.stopImmediatePropagation(), true)
    })
    await open(page, `/d/${world.path}`)
    await world.panel.getByRole('button', { name: 'Connect a wallet to subscribe' }).click()
    const dialog = page.getByRole('dialog', { name: 'Connect a wallet' })
    await expect(dialog).toContainText('No wallet was found in this browser.')
    await expect(dialog).toContainText('Install an Ethereum wallet')
    await expect(dialog.getByRole('listitem')).toHaveCount(0)
  })

  test('of several the chosen one is used, and no icon is loaded from elsewhere', async ({ page, context, world }) => {
    const other = await installWallet(context, world.chain, { name: 'Other wallet' })
    await open(page, `/d/${world.path}`)
    await page.getByRole('button', { name: 'Connect wallet', exact: true }).click()
    const dialog = page.getByRole('dialog', { name: 'Connect a wallet' })
    await expect(dialog.getByRole('listitem')).toHaveCount(3)
    await expect(dialog.locator('img[src^="http"]')).toHaveCount(0)
    await dialog.getByRole('button', { name: 'Other wallet' }).click()
    await page.getByRole('button', { name: /^Account/ }).click()
    await expect(page.getByTitle(other.accounts[0].address.toLowerCase())).toBeVisible()
    expect(world.wallet.calls).toEqual([])
  })

  test('a locked one is named, and connects once it is unlocked', async ({ page, world: { wallet, path } }) => {
    const methods = ['eth_accounts', 'eth_requestAccounts', 'wallet_requestPermissions']
    for (const method of methods) wallet.answer(method, () => [])
    await open(page, `/d/${path}`)
    await page.getByRole('button', { name: 'Connect wallet', exact: true }).click()
    const dialog = page.getByRole('dialog', { name: 'Connect a wallet' })
    await dialog.getByRole('button', { name: 'Test wallet' }).click()
    await expect(dialog.getByRole('alert')).toContainText('unlock it, choose an account in it and connect again')
    for (const method of methods) wallet.answer(method)
    await dialog.getByRole('button', { name: 'Test wallet' }).click()
    await expect(page.getByRole('button', { name: /^Account/ })).toBeVisible()
  })

  test('a refusal and an open request are told apart', async ({ page, world: { wallet, path } }) => {
    await open(page, `/d/${path}`)
    await page.getByRole('button', { name: 'Connect wallet', exact: true }).click()
    const dialog = page.getByRole('dialog', { name: 'Connect a wallet' })
    const choose = () => dialog.getByRole('button', { name: 'Test wallet' }).click()
    wallet.answer('wallet_requestPermissions', () => Promise.reject(new WalletRefusal(4001)))
    await choose()
    await expect(dialog.getByRole('alert')).toContainText('You refused in your wallet')
    wallet.answer('wallet_requestPermissions', () => Promise.reject(new WalletRefusal(-32002)))
    await choose()
    await expect(dialog.getByRole('alert')).toContainText('has a request open already; open the wallet and answer it')
    wallet.answer('wallet_requestPermissions')
    await choose()
    await expect(page.getByRole('button', { name: /^Account/ })).toBeVisible()
  })
})

test.describe('the chain of the wallet', () => {
  test('another one is named, and subscribing switches it', async ({ page, world }) => {
    const { wallet, panel, chain } = world
    await wallet.setChain(1, { isSilent: true })
    wallet.answer('wallet_switchEthereumChain', async () => {
      await wallet.setChain(chain.network.chainId)
      return null
    })
    await ready(page, world)
    await expect(panel).toContainText('Your wallet is on another network.')
    await subscribe(panel).click()
    await expect(panel).toContainText('You are subscribed.')
    await expect(panel).not.toContainText('on another network')
  })

  test('one that the wallet does not know is added', async ({ page, world }) => {
    const { wallet, panel, chain } = world
    await wallet.setChain(1, { isSilent: true })
    const added: unknown[] = []
    wallet.answer('wallet_switchEthereumChain', () => Promise.reject(new WalletRefusal(4902, 'Unrecognized chain')))
    wallet.answer('wallet_addEthereumChain', async ([asked]) => {
      added.push(asked)
      if (added.length === 1) throw new WalletRefusal(4001)
      await wallet.setChain(chain.network.chainId)
      return null
    })
    await ready(page, world)
    const switchTo = panel.getByRole('button', { name: /^Switch to/ })
    await switchTo.click()
    await expect(panel.getByRole('alert')).toContainText('You refused in your wallet')
    await switchTo.click()
    await expect(panel).not.toContainText('Your wallet is on another network.')
    expect(added).toEqual([0, 0].map(() => expect.objectContaining({ chainId: '0x7a69' }) as unknown))
  })

  test('one that says yes and stays is not waited for', async ({ page, world }) => {
    const { wallet, panel, chain } = world
    await wallet.setChain(1, { isSilent: true })
    wallet.answer('wallet_switchEthereumChain', () => new Promise(() => undefined))
    await ready(page, world)
    const switchTo = panel.getByRole('button', { name: /^Switch to/ })
    await test.step('nor one that never answers', async () => {
      await switchTo.click()
      await panel.getByRole('button', { name: 'Stop waiting' }).click()
      await expect(panel.getByRole('alert')).toContainText('You wait no longer for your wallet.')
      await expect(panel.getByText('Confirm the network in your wallet.')).toHaveCount(0)
    })
    wallet.answer('wallet_switchEthereumChain', () => null)
    await switchTo.click()
    await expect(panel.getByRole('alert')).toContainText('is still on another network. Choose')
    // By hand, as the sentence says: the page notices by itself.
    await wallet.setChain(chain.network.chainId)
    await expect(panel).not.toContainText('Your wallet is on another network.')
    await subscribe(panel).click()
    await expect(panel).toContainText('You are subscribed.')
  })
})

test.describe('the money', () => {
  test('too little ENG is said with what is missing, before anything is signed', async ({ page, world }) => {
    const { wallet, panel } = world
    await ready(page, world, '0.25')
    await expect(panel.getByRole('alert')).toContainText('The account holds 0.25 ENG and needs')
    await expect(panel.getByRole('alert')).toContainText('add the missing')
    await expect(subscribe(panel)).toHaveCount(0)
    await expect(panel.getByRole('button', { name: 'Get play money' })).toBeVisible()
    expect(wallet.calls).not.toContain('eth_signTypedData_v4')
  })

  test('too little gas is said before anything is signed', async ({ page, world }) => {
    const { chain, wallet, panel } = world
    await ready(page, world)
    await chain.test.setBalance({ address: wallet.accounts[0].address, value: 1000n })
    await subscribe(panel).click()
    await expect(panel.getByRole('alert')).toContainText('to pay for gas, and retry')
    expect(wallet.calls).not.toContain('eth_signTypedData_v4')
    await chain.give(wallet.accounts[0].address, { eth: '1' })
    await subscribe(panel).click()
    await expect(panel).toContainText('You are subscribed.')
  })

  test('a price that rose before or while signing stops it', async ({ page, world }) => {
    const { chain, wallet, panel, path } = world
    await ready(page, world)
    // The cap for renewals is higher than both prices: what counts for now is the price that was shown.
    await panel.getByRole('textbox', { name: /Never at more than/ }).fill('50')
    await chain.raisePrice(path, 20n)
    await subscribe(panel).click()
    await expect(panel.getByRole('alert')).toContainText('The price rose from')
    expect(wallet.calls).not.toContain('eth_signTypedData_v4')
    wallet.answer('eth_signTypedData_v4', async ([, json]) => {
      await chain.raisePrice(path, 20n)
      return wallet.accounts[0].signTypedData(JSON.parse(String(json)) as never)
    })
    await subscribe(panel).click()
    await expect.poll(() => wallet.calls.filter((each) => each === 'eth_signTypedData_v4').length).toBe(1)
    await expect(panel.getByRole('alert')).toContainText('The price rose from')
    expect(wallet.calls).not.toContain('eth_sendTransaction')
    expect(await paid(world)).toBe(0n)
    // Decided again, at the price that is shown now.
    wallet.answer('eth_signTypedData_v4')
    await subscribe(panel).click()
    await expect(panel).toContainText('You are subscribed.')
  })
})

test.describe('signing', () => {
  test('refused or with a request open, it can be done again', async ({ page, world }) => {
    const { wallet, panel } = world
    await ready(page, world)
    wallet.answer('eth_signTypedData_v4', () => Promise.reject(new WalletRefusal(4001)))
    await subscribe(panel).click()
    await expect(panel.getByRole('alert')).toContainText('nothing was signed and nothing was paid')
    wallet.answer('eth_signTypedData_v4')
    wallet.answer('eth_sendTransaction', () => Promise.reject(new WalletRefusal(-32002)))
    await subscribe(panel).click()
    await expect(panel.getByRole('alert')).toContainText('has a request open already')
    wallet.answer('eth_sendTransaction')
    await subscribe(panel).click()
    await expect(panel).toContainText('You are subscribed.')
  })

  test('an account that changes meanwhile sends nothing', async ({ page, world }) => {
    const { chain, wallet, panel } = world
    await chain.give(wallet.accounts[1].address, { eth: '10', eng: '100' })
    await ready(page, world)
    wallet.answer('eth_signTypedData_v4', async ([, json]) => {
      await wallet.use(1)
      return wallet.accounts[0].signTypedData(JSON.parse(String(json)) as never)
    })
    await subscribe(panel).click()
    await expect(panel.getByRole('alert')).toContainText('changed to another account meanwhile, so nothing was sent')
    expect(wallet.calls).not.toContain('eth_sendTransaction')
    wallet.answer('eth_signTypedData_v4')
    await subscribe(panel).click()
    await expect(panel).toContainText('You are subscribed.')
    expect(await paid(world, 0)).toBe(0n)
    expect(await paid(world, 1)).toBeGreaterThan(0n)
    await wallet.use(0)
    await expect(panel).toContainText('Another account of yours subscribes.')
  })

  test('a page that goes away while the wallet asks takes up what was sent', async ({ page, world }) => {
    const { wallet, panel } = world
    await ready(page, world)
    let given: Sent | undefined
    wallet.answer('eth_sendTransaction', ([transaction]) => {
      given = transaction as Sent
      return new Promise(() => undefined)
    })
    await subscribe(panel).click()
    await expect(panel).toContainText('Confirm the transaction in your wallet.')
    await expect.poll(() => given).toBeDefined()
    await page.reload()
    await expect(panel).toContainText('This page went away while your wallet was asked.')
    await expect(subscribe(panel)).toBeDisabled()
    // Its owner confirms only now, in the wallet's own window.
    if (given !== undefined) await wallet.send(await wallet.sign(given))
    await expect(panel).toContainText('You are subscribed.')
    expect(wallet.calls.filter((each) => each === 'eth_sendTransaction')).toHaveLength(1)
    expect(await paid(world)).toBeGreaterThan(0n)
  })

  test('what was refused after the page went away is cleared', async ({ page, world }) => {
    const { wallet, panel } = world
    await ready(page, world)
    wallet.answer('eth_sendTransaction', () => new Promise(() => undefined))
    await subscribe(panel).click()
    await expect(panel).toContainText('Confirm the transaction in your wallet.')
    await page.reload()
    await panel.getByRole('button', { name: 'Clear' }).click()
    wallet.answer('eth_sendTransaction')
    await subscribe(panel).click()
    await expect(panel).toContainText('You are subscribed.')
  })

  test('a signature that never comes is not waited for, and is dropped when it comes late', async ({ page, world }) => {
    const { wallet, panel } = world
    await ready(page, world)
    const late = Promise.withResolvers<undefined>()
    wallet.answer('eth_signTypedData_v4', async ([, json]) => {
      await late.promise
      return wallet.accounts[0].signTypedData(JSON.parse(String(json)) as never)
    })
    await subscribe(panel).click()
    await panel.getByRole('button', { name: 'Stop waiting' }).click()
    await expect(panel.getByRole('alert')).toContainText('nothing was paid')
    await expect(subscribe(panel)).toBeEnabled()
    late.resolve(undefined)
    wallet.answer('eth_signTypedData_v4')
    await subscribe(panel).click()
    await expect(panel).toContainText('You are subscribed.')
    // The late signature asked for no transaction.
    expect(wallet.calls.filter((each) => each === 'eth_sendTransaction')).toHaveLength(1)
    await panel.getByRole('button', { name: 'Hide' }).click()
    await expect(panel.locator('[data-transaction]')).toHaveCount(0)
    await test.step('nor is that of a session, in the console', async () => {
      wallet.answer('eth_signTypedData_v4', () => new Promise(() => undefined))
      await panel.getByRole('link', { name: 'Ask in SQL' }).click()
      await expect(page.locator('.cm-content')).toContainText('LIMIT 100')
      await page.getByRole('button', { name: /^Run/ }).click()
      const sign = page.getByRole('button', { name: 'Sign once in the wallet and run' })
      await sign.click()
      await page.getByRole('button', { name: 'Stop waiting' }).click()
      await expect(page.getByRole('main').getByRole('alert')).toContainText('You wait no longer for your wallet.')
      await expect(sign).toHaveAttribute('aria-busy', 'false')
    })
  })

  test('a transaction that is confirmed after the reader waits no longer is taken up', async ({ page, world }) => {
    const { wallet, panel } = world
    await ready(page, world)
    const late = Promise.withResolvers<undefined>()
    wallet.answer('eth_sendTransaction', async ([transaction]) => {
      await late.promise
      return wallet.send(await wallet.sign(transaction as Sent))
    })
    await subscribe(panel).click()
    await expect(panel).toContainText('Confirm the transaction in your wallet.')
    await panel.getByRole('button', { name: 'Stop waiting' }).click()
    await expect(panel).toContainText('Your wallet has not answered.')
    late.resolve(undefined)
    await expect(panel).toContainText('You are subscribed.')
    expect(await paid(world)).toBeGreaterThan(0n)
  })
})
