/** What `<enigma-query>` does with rows, whatever they hold: a client that answers from a list stands in for the network. */
import { readFile } from 'node:fs/promises'
import { hostileTexts } from '@enigma/result/fixtures/hostile-texts'
import type { Page } from '@playwright/test'
import { parquetReadObjects } from 'hyparquet'
import Papa from 'papaparse'
import { expectNoFindings, schemes, viewports } from './support/axe.ts'
import { type FakeRows, useFakeClient } from './support/fake-client.ts'
import { expect, test } from './support/test.ts'
import { type Site, startSite } from './support/widget-page.ts'

let site: Site

test.beforeAll(async () => {
  site = await startSite(process.env['E2E_BASE_URL'] ?? '')
})
test.afterAll(() => site.stop())

const candles: FakeRows = {
  columns: [
    { name: 'symbol', type: 'text' },
    { name: 'day', type: 'date' },
    { name: 'close', type: 'double' },
  ],
  rows: ['BTC', 'ETH'].flatMap((symbol, at) =>
    Array.from({ length: 30 }, (_, day) => [symbol, 20_000 + day, 1000 * (at + 1) + Math.round(100 * Math.sin(day))]),
  ),
}
const oneLine: FakeRows = { ...candles, rows: candles.rows.slice(0, 30) }

type Scene = { answers: (FakeRows | string)[]; attributes?: string; words?: string }

const widget = (page: Page) => page.locator('enigma-query')

/** Opens a page with one widget that asks the answers. */
async function show(
  page: Page,
  { answers, attributes = '', words = '<p>The page’s own words.</p>' }: Scene,
): Promise<void> {
  await page.goto(site.add({ head: '', body: '' }))
  await useFakeClient(page, site.loaderUrl, answers)
  await page.evaluate(
    ({ attributes: text, words: inside }) => {
      const dataset = `0x${'ab'.repeat(20)}/prices`
      const main = document.querySelector('main')
      if (main === null) throw new Error('no main')
      main.insertAdjacentHTML(
        'beforeend',
        `<enigma-query dataset="${dataset}" sql="SELECT 1" loading="eager" ${text}>${inside}</enigma-query>`,
      )
    },
    { attributes, words },
  )
  await expect(widget(page)).toHaveAttribute('state', /ready|error|locked/)
}

const setAttribute = (page: Page, name: string, value: string) =>
  widget(page).evaluate((element, given) => element.setAttribute(given.name, given.value), { name, value })

test.describe('hostile rows', () => {
  // What a page is handed by the test's own tools cannot be ill-formed.
  const texts = hostileTexts.map((text) => text.toWellFormed())
  const hostile: FakeRows = {
    columns: [
      { name: '<img src=https://evil.example/c onerror=alert(1)>', type: 'text' },
      { name: '\u202eeman', type: 'text' },
      { name: 'n', type: 'integer' },
    ],
    rows: texts.map((text, at) => [text, texts.at(-at) ?? '', at]),
  }

  /** Fails on dialogs, on requests that leave this machine. */
  test.beforeEach(({ page }) => {
    page.on('dialog', (dialog) => {
      throw new Error(`a script ran: ${dialog.message()}`)
    })
    page.on('request', (request) => {
      const { protocol, hostname } = new URL(request.url())
      if (hostname !== '127.0.0.1' && protocol !== 'blob:')
        throw new Error(`a request left: ${request.url().slice(0, 200)}`)
    })
  })

  /** Only elements that the widget itself makes, without handlers, styles, addresses or links. */
  const aliveIn = (page: Page) =>
    widget(page).evaluate(({ shadowRoot }) =>
      [...(shadowRoot?.querySelectorAll('*') ?? [])]
        .filter(
          (element) =>
            /^(a|script|iframe|object|embed|base|style|img|image|use|foreignobject|form|link|meta)$/i.test(
              element.localName,
            ) || [...element.attributes].some(({ name }) => /^(on|style$|href$|src$|xlink)/.test(name)),
        )
        .map(({ outerHTML }) => outerHTML.slice(0, 200)),
    )

  test('stay text on every page of the table, with their hidden marks in sight', async ({ page }) => {
    test.slow()
    await show(page, { answers: [hostile], attributes: 'limit="10000"' })
    const next = widget(page).getByRole('button', { name: 'Next' })
    for (;;) {
      const { hidden, cells } = await widget(page).evaluate(({ shadowRoot }) => {
        const shown = [...(shadowRoot?.querySelectorAll('td, th') ?? [])].map(({ textContent }) => textContent)
        const marks = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/u
        return { cells: shown.length, hidden: shown.filter((text) => marks.test(text)) }
      })
      expect(hidden).toEqual([])
      expect(cells).toBeGreaterThan(0)
      expect(await aliveIn(page)).toEqual([])
      if (await next.isDisabled()) break
      await next.click()
    }
    await expect(
      widget(page).getByRole('cell', { name: (texts.length - 1).toLocaleString('en'), exact: true }),
    ).toBeVisible()
  })

  test('stay text in every chart, in the value and in the page’s events', async ({ page }) => {
    await show(page, { answers: [hostile], attributes: 'controls limit="10000"' })
    for (const view of ['bar', 'line', 'area', 'sparkline', 'value']) {
      await setAttribute(page, 'view', view)
      await expect(widget(page).locator('[part=chart], [part=value]').first()).toBeVisible()
      expect(await aliveIn(page)).toEqual([])
    }
  })

  test('are inert in files', async ({ page }) => {
    await show(page, { answers: [hostile], attributes: 'controls limit="10000"' })
    const saved = async (format: string) => {
      const download = page.waitForEvent('download')
      await widget(page)
        .getByRole('button', { name: `Save as ${format}` })
        .click()
      return String(await readFile(await (await download).path()))
    }
    const { data } = Papa.parse<string[]>(await saved('CSV'), { skipEmptyLines: true })
    expect(data).toHaveLength(texts.length + 1)
    expect(data.flat().filter((cell) => /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/.test(cell))).toEqual([])
    const json = JSON.parse(await saved('JSON')) as Record<string, unknown>[]
    expect(json.map((row) => Object.values(row)[0])).toEqual(texts)
  })

  test('are read back from Parquet, whose writer is loaded by itself', async ({ page }) => {
    const scripts: string[] = []
    page.on('request', (request) => scripts.push(new URL(request.url()).pathname))
    await show(page, { answers: [hostile], attributes: 'controls limit="10000"' })
    expect(scripts.filter((path) => path.includes('parquet'))).toEqual([])
    const download = page.waitForEvent('download')
    await widget(page).getByRole('button', { name: 'Save as Parquet' }).click()
    const file = await readFile(await (await download).path())
    const read: Record<string, unknown>[] = await parquetReadObjects({ file: new Uint8Array(file).buffer })
    // Its reader takes a mark of byte order for none of the text.
    const readable = texts.map((text) => text.replace(/^\ufeff/, ''))
    expect(read.map((row) => Object.values(row)[0])).toEqual(readable)
  })

  test('errors that quote markup stay text, too', async ({ page }) => {
    await show(page, { answers: ['<img src=https://evil.example/e onerror=alert(1)>'] })
    await expect(widget(page).locator('[part=error]')).toContainText('<img src=')
    expect(await aliveIn(page)).toEqual([])
  })
})

test('axe finds nothing: every view and state, light and dark, wide and narrow', async ({ page }) => {
  test.slow()
  await show(page, { answers: [candles], attributes: 'controls' })
  for (const view of ['table', 'line', 'bar', 'area', 'value', 'sparkline']) {
    await setAttribute(page, 'view', view)
    await expect(widget(page).locator('[part=table], [part=chart], [part=value]').first()).toBeVisible()
    for (const viewport of viewports) {
      await page.setViewportSize(viewport)
      for (const theme of schemes) {
        await setAttribute(page, 'theme', theme)
        await expectNoFindings(page, `${view} ${theme} ${viewport.width} px`)
      }
    }
  }
  await setAttribute(page, 'access', 'viewer')
  await expect(widget(page)).toHaveAttribute('state', 'error')
  for (const theme of schemes) {
    await setAttribute(page, 'theme', theme)
    await expectNoFindings(page, `error ${theme}`)
  }
})

test('attributes are live, and properties reflect them', async ({ page }) => {
  await show(page, { answers: [candles, oneLine] })
  await expect(widget(page).getByRole('row')).toHaveCount(61)
  await widget(page).evaluate((element) => Object.assign(element, { sql: 'SELECT 2', view: 'line' }))
  await expect(widget(page)).toHaveAttribute('sql', 'SELECT 2')
  await expect(widget(page).locator('[part=chart]')).toBeVisible()
  await expect(widget(page).getByText('30 rows', { exact: true })).toBeVisible()
  await widget(page).evaluate((element) =>
    Object.assign(element, { dataset: `0x${'cd'.repeat(20)}/other`, refresh: 30 }),
  )
  await expect(widget(page)).toHaveAttribute('dataset', `0x${'cd'.repeat(20)}/other`)
  await expect(widget(page)).toHaveAttribute('refresh', '30')
  expect(await widget(page).evaluate((element) => typeof (element as unknown as { refresh: unknown }).refresh)).toBe(
    'function',
  )
  await setAttribute(page, 'theme', 'dark')
  await expect(widget(page).locator('[part=frame]')).toHaveCSS('background-color', 'rgb(24, 28, 36)')
  await widget(page).evaluate((element) => element.style.setProperty('--enigma-bg', 'rgb(1, 2, 3)'))
  await expect(widget(page).locator('[part=frame]')).toHaveCSS('background-color', 'rgb(1, 2, 3)')
})

test('numbers, dates and direction are those of the language', async ({ page }) => {
  const rows = [['x', 17_568, 1234.5]]
  await show(page, { answers: [{ ...candles, rows }], attributes: 'lang="de"' })
  await expect(widget(page).getByRole('cell')).toHaveText(['x', '06.02.2018', '1.234,5'])
  await setAttribute(page, 'lang', 'ar-EG')
  await expect(widget(page).locator('[part=frame]')).toHaveAttribute('dir', 'rtl')
  await expect(widget(page).getByRole('cell').last()).toContainText('١٬٢٣٤٫٥')
})

test('a chart is walked along by keyboard, and its values stand as a table', async ({ page }) => {
  await show(page, { answers: [candles], attributes: 'view="line"' })
  const chart = widget(page).getByRole('img')
  await chart.focus()
  await page.keyboard.press('End')
  await expect(widget(page).getByRole('status').last()).toHaveText(/2024 · .*BTC.*: /)
  await page.keyboard.press('ArrowDown')
  await expect(widget(page).getByRole('status').last()).toHaveText(/ETH/)
  await expect(widget(page).getByRole('row')).toHaveCount(61)
})

test('a single value, and how it changed', async ({ page }) => {
  const rows = [
    ['BTC', 2, 110],
    ['BTC', 1, 100],
  ]
  await show(page, { answers: [{ ...candles, rows }], attributes: 'view="value" y="close"' })
  await expect(widget(page).locator('[part=value]')).toHaveText('110')
  await expect(widget(page).locator('[part=change]')).toHaveText(/▲\s*up\s*10 \(\+10%\)/)
})

test('rows that cannot be renewed stay, as stale ones', async ({ page }) => {
  await show(page, { answers: [candles, 'The relay is away.', oneLine] })
  const refresh = () =>
    widget(page).evaluate((element) => (element as unknown as { refresh: () => Promise<void> }).refresh())
  await refresh()
  await expect(widget(page)).toHaveAttribute('state', 'stale')
  await expect(
    widget(page)
      .getByText(/Stale: these rows came .* The relay is away\./)
      .first(),
  ).toBeVisible()
  await expect(widget(page).getByRole('row')).toHaveCount(61)
  await refresh()
  await expect(widget(page)).toHaveAttribute('state', 'ready')
  await expect(widget(page).getByRole('row')).toHaveCount(31)
})

test('the page’s own words for each state, and a second try', async ({ page }) => {
  const words = '<p slot="error">Ask us.</p><h2 slot="title">Prices</h2><p slot="footer">From Enigma</p>'
  await show(page, { answers: ['No.', candles], words })
  await expect(page.getByText('Ask us.')).toBeVisible()
  await expect(page.getByRole('heading', { name: 'Prices' })).toBeVisible()
  await widget(page).evaluate((element) => (element as unknown as { run: () => Promise<void> }).run())
  await expect(widget(page)).toHaveAttribute('state', 'ready')
  await expect(page.getByText('Ask us.')).toBeHidden()
  await expect(page.getByText('From Enigma')).toBeVisible()
})

test('with reduced motion nothing moves while it loads, and in forced colours it can be read', async ({ page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce', forcedColors: 'active' })
  await show(page, { answers: [candles], attributes: 'view="line"' })
  await expect(widget(page).locator('path.line').first()).not.toHaveCSS('stroke', 'none')
  await expect(widget(page).locator('[part=frame]')).toHaveCSS('border-top-style', 'solid')
})
