import { expect, open, test } from './support/test.ts'

test('relays with transport and round trip, another one tried first', async ({ page }) => {
  await open(page, '/network')
  const rows = page.getByRole('row').filter({ has: page.getByRole('rowheader') })
  await expect(rows).toHaveCount(2)
  for (const row of await rows.all()) await expect(row).toContainText(/\d (ms|s)/)
  const second = (await rows.nth(1).getByRole('rowheader').innerText()).trim()
  await page.getByRole('button', { name: 'Try first' }).click()
  await expect(rows.first().getByRole('rowheader')).toContainText(second)
  await expect(page.getByText('No SQL, no rows.')).toBeVisible()
})
