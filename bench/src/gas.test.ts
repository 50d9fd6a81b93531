import { expect, test } from 'vitest'
import { gasBench } from './gas.ts'
import { formatReport } from './report.ts'

test('every goal of the design is met, at one subscriber as at many', { timeout: 120_000 }, async () => {
  const report = await gasBench({ arguments: ['1,30'], onProgress: () => undefined })
  const text = formatReport(report)
  expect(text).not.toContain('✗')
  expect(text.match(/✓/g)).toHaveLength(12)
  expect(report.isMet).toBe(true)
})

test('sizes that are none are refused by name', async () => {
  await expect(gasBench({ arguments: ['many'], onProgress: () => undefined })).rejects.toThrow(RangeError)
})
