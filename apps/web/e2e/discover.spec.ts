import { expect, open, test } from './support/test.ts'

test('the datasets of the network are listed', async ({ page }) => {
  await open(page, '/')
  await expect(page.getByRole('article')).toHaveCount(4)
  await expect(page.getByRole('heading', { name: '3 million US flights of 2001' })).toBeVisible()
})
