/** A minted embed of two templates: the builder's own server program lets visitors in, and nobody else can use the tag. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline'
import type { Page } from '@playwright/test'
import { expectNoFindings } from './support/axe.ts'
import { freePort } from './support/engines.ts'
import { answer, pathOf, subscribeInDevelopment } from './support/demo.ts'
import { expect, open, test } from './support/test.ts'
import { startSite } from './support/widget-page.ts'

const main = (page: Page) => page.getByRole('main')
const button = (page: Page, name: string) => main(page).getByRole('button', { name, exact: true })
const copied = (page: Page, name: string) => page.getByRole('region', { name, exact: true }).innerText()

type Server = { publicKey: string; process: ChildProcess }

/** Writes the program where it finds the SDK, starts it, and waits until it has told its key. */
async function startServer({ path, text, port }: { path: string; text: string; port: number }): Promise<Server> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, text)
  const options = { cwd: dirname(path), env: { ...process.env, PORT: String(port) } }
  const child = spawn(process.execPath, [path], { ...options, stdio: ['ignore', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })
  for await (const line of lines) {
    const [, publicKey] = /^public key (0x[0-9a-f]+)$/.exec(line) ?? []
    if (publicKey === undefined) continue
    child.stdout.resume()
    return { publicKey, process: child }
  }
  throw new Error('the server ended before it told its key')
}

async function stopServer({ process: child }: Server): Promise<void> {
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
}

async function write(page: Page, text: string): Promise<void> {
  await page.locator('[data-sql-editor] .cm-content').click()
  await page.keyboard.press('ControlOrMeta+a')
  await page.keyboard.insertText(text)
}

test('the copied server lets a visitor in to each template, and without it the tag is worth nothing', async ({
  page,
  baseURL,
}, info) => {
  test.setTimeout(240_000)
  const [path, port] = [info.outputPath('mint.mjs'), await freePort()]
  const site = await startSite(baseURL ?? '')
  await subscribeInDevelopment(page, await pathOf(page, 'zipcodes'))
  await open(page, `/embed?dataset=${await pathOf(page, 'zipcodes')}`)

  await test.step('two questions are named, each by itself', async () => {
    await write(page, 'SELECT city, state FROM zipcodes ORDER BY zip_code LIMIT 3')
    await button(page, 'Add a template').click()
    await expect(page.locator('[data-sql-editor] .cm-content')).toContainText('LIMIT 100')
    await write(page, 'SELECT count(*) AS n FROM zipcodes WHERE state = $1')
    await page.getByLabel('Name of the template').fill('main')
    await page.getByLabel('Values, one a line').fill('CA\nNY')
    await button(page, 'Try it').click()
    await expect(main(page).getByText('Another template has this name; choose one of its own.')).toBeVisible()
    await page.getByLabel('Name of the template').fill('of_state')
  })

  const before = await test.step('the server makes its key', async () => {
    await page.getByLabel('Whom my own server lets in').check()
    await expect(main(page).getByText('Paste the public key that your server prints')).toBeVisible()
    await expectNoFindings(page, 'a minted embed')
    const server = await startServer({ path, port, text: await copied(page, 'Your server') })
    await page.getByLabel('Public key of your server').fill(server.publicKey)
    return server
  })
  await stopServer(before)

  await test.step('both are tried, and one signature publishes them', async () => {
    await button(page, 'Try it').click()
    await button(page, 'Sign once in the wallet and run').click()
    await answer(page, 'Sign')
    await expect(page.getByText(/^All 2 templates answer/)).toBeVisible({ timeout: 60_000 })
    await button(page, 'Sign and publish').click()
    await answer(page, 'Sign')
    await expect(page.getByRole('article', { name: 'Embed of zipcodes' })).toContainText('lets each visitor in')
  })

  await page.getByRole('region', { name: 'Tag', exact: true }).waitFor()
  const tag = await copied(page, 'Tag')
  expect(tag).toContain('grant-url="/enigma-grant"')
  const detail = page.getByRole('article', { name: 'Embed of zipcodes' }).locator('xpath=following-sibling::div[1]')
  const text = await detail.getByRole('region', { name: 'Your server' }).innerText()
  const server = await startServer({ path, port, text })
  expect(server.publicKey).toBe(before.publicKey)
  site.forward('/enigma-grant', `http://127.0.0.1:${port}`)

  await test.step('visitors whom it lets in see the rows of each template', async () => {
    const visit = await page.context().newPage()
    await visit.goto(site.add({ head: '', body: tag }))
    const widget = visit.locator('enigma-query')
    await expect(widget).toHaveAttribute('state', 'ready', { timeout: 40_000 })
    await expect(widget.getByRole('row')).toHaveCount(4)
    await widget.evaluate((element) => {
      element.setAttribute('params', '{"state":"NY"}')
      element.setAttribute('template', 'of_state')
    })
    await expect(widget.getByRole('columnheader')).toHaveText(['n'], { timeout: 40_000 })
    await expect(widget).toHaveAttribute('state', 'ready')
    await visit.close()
  })
  await stopServer(server)

  await test.step('nobody else is let in', async () => {
    site.forward('/enigma-grant', undefined)
    for (const [body, told] of [
      [tag, 'gave no grant'],
      [tag.replace('grant-url="/enigma-grant"', ''), ''],
    ] as const) {
      const visit = await page.context().newPage()
      await visit.goto(site.add({ head: '', body }))
      await expect(visit.locator('enigma-query')).toHaveAttribute('state', /error|locked/, { timeout: 40_000 })
      await expect(visit.locator('enigma-query [part=error], enigma-query [part=locked]').first()).toContainText(told)
      await visit.close()
    }
  })
  await site.stop()
  // Neither the program nor its key stays.
  await rm(dirname(path), { recursive: true })
})
