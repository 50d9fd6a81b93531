/** The same journey by other engines, as people have them: find, try, subscribe, query, come back, cancel. */
import { expect, test } from '@playwright/test'
import { type EngineName, type EnginePage, isInstalled, openEngine } from './support/engines.ts'

for (const name of ['firefox', 'webkit'] as const satisfies readonly EngineName[]) {
  test(`${name}: from the list to a subscription's rows, and out again`, async () => {
    test.skip(!isInstalled(name), `${name} is not installed on this machine`)
    test.setTimeout(180_000)
    const page = await openEngine(name)
    try {
      await travel(createHand(page), process.env['E2E_BASE_URL'] ?? '')
    } finally {
      await page.close()
    }
  })
}

async function travel(hand: Hand, origin: string): Promise<void> {
  await test.step('finds a dataset, checked with the chain', async () => {
    await hand.goto(origin)
    await hand.sees('Checked with the chain')
    await hand.press('a', 'US postal codes with coordinates')
    await hand.sees('Description checked with the chain')
  })
  await test.step('tries its sample without a wallet', async () => {
    await hand.press('a', 'Sample')
    await hand.sees('receipt verified')
    await hand.sees('Holtsville')
  })
  await test.step('connects, gets money, subscribes', async () => {
    await hand.press('button', 'Connect wallet')
    await hand.press('button', 'Development wallet')
    await hand.press('dialog[open] button', 'Connect')
    await hand.press('button', 'Account')
    await hand.press('header button', 'Get play money')
    await hand.sees('10,000 ENG')
    await hand.reload()
    await hand.press('button', 'Subscribe')
    await hand.press('dialog[open] button', 'Sign')
    await hand.press('dialog[open] button', 'Send')
    await hand.sees('You are subscribed.')
  })
  await test.step('queries, comes back, queries again without a question of the wallet', async () => {
    await hand.press('a', 'Console')
    await hand.press('main a', 'US postal codes')
    await hand.sees('Every row; the node learns your account')
    await hand.press('button', 'Run')
    await hand.press('button', 'Sign once in the wallet and run')
    await hand.press('dialog[open] button', 'Sign')
    await hand.sees('receipt verified')
    // The address holds the query by now: every engine must read its own link.
    await hand.reload()
    await hand.sees('Every row; the node learns your account')
    await hand.press('button', 'Run')
    await hand.sees('receipt verified')
  })
  await test.step('cancels, and gets the rest back', async () => {
    await hand.press('a', 'Subscriptions')
    await hand.press('button', 'Cancel and get the rest back')
    await hand.press('dialog[open] button', 'Cancel and pay back')
    await hand.press('dialog[open] button', 'Send')
    await hand.sees('came back to your account')
  })
}

type Hand = ReturnType<typeof createHand>

/** What a person does on a page, in words; each waits until it can be done. */
function createHand(page: EnginePage) {
  const timeout = 45_000
  return {
    goto: (url: string) => page.goto(url),
    async reload(): Promise<void> {
      await page.goto(await page.run(() => location.href))
    },
    /** Waits until the page shows a text. */
    async sees(text: string, why = text): Promise<void> {
      const shown = () => page.run(() => document.body.innerText)
      await expect.poll(shown, { timeout, message: why }).toContain(text)
    },
    /** Presses the first enabled element of a kind whose label begins with a text. */
    async press(selector: string, label: string): Promise<void> {
      const press = () =>
        page.run(
          (kind, text) => {
            if (!('ready' in document.documentElement.dataset)) return false
            const found = [...document.querySelectorAll<HTMLElement>(kind)].find((element) => {
              const words = (element.getAttribute('aria-label') ?? element.innerText).trim()
              return words.startsWith(text) && element.checkVisibility() && !element.matches(':disabled')
            })
            found?.click()
            return found !== undefined
          },
          selector,
          label,
        )
      await expect.poll(press, { timeout, message: `${selector} ${label}` }).toBe(true)
    },
  }
}
