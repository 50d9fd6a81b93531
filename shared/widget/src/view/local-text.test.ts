import fc from 'fast-check'
import { hostileTexts } from '@enigma/result/fixtures/hostile-texts'
import type { CellValue } from '@enigma/result/result-set'
import { describe, expect, test } from 'vitest'
import { createLocalText } from './local-text.ts'

/** Spaces of every width as one, so that the tables of a browser's version do not matter. */
const plain = (text: string) => text.replace(/\s/gu, ' ')

test.each<[string, string, CellValue, string]>([
  ['en', 'integer', -1234567, '-1,234,567'],
  ['de', 'integer', 1234567, '1.234.567'],
  ['en', 'bigint', 2n ** 62n, '4,611,686,018,427,387,904'],
  ['de', 'decimal(38,4)', -(10n ** 20n) - 1n, '-10.000.000.000.000.000,0001'],
  ['en', 'decimal(10,2)', 150n, '1.50'],
  ['en', 'double', 0.1 + 0.2, '0.3'],
  ['en', 'double', 1e-9, '1E-9'],
  ['en', 'double', -Infinity, '-Infinity'],
  ['en', 'date', 17_568, 'Feb 6, 2018'],
  ['fr', 'date', 17_568, '6 févr. 2018'],
  ['en', 'date', 2 ** 31 - 1, 'infinity'],
  ['en', 'timestamp', 1_517_947_200_123_456n, 'Feb 6, 2018, 8:00:00 PM'],
  ['en', 'timestamp', 2n ** 63n - 1n, 'infinity'],
  ['en', 'boolean', true, 'true'],
  ['en', 'text', null, 'null'],
  ['en', 'blob', new Uint8Array([0, 255]), '0x00ff (2 B)'],
])('%s: %s %s is %s', (locale, type, value, text) => {
  expect(plain(createLocalText(locale).value(type, value))).toBe(text)
})

test('Arabic digits, and the direction of the language', () => {
  expect(createLocalText('ar-EG').value('integer', 123)).toBe('١٢٣')
  const directions = ['ar', 'he-IL', 'fa', 'ur-PK', 'en', 'de', 'arn', 'hebrew'].map(
    (each) => createLocalText(each).direction,
  )
  expect(directions).toEqual(['rtl', 'rtl', 'rtl', 'rtl', 'ltr', 'ltr', 'ltr', 'ltr'])
})

test('what is no language is English', () => {
  for (const wish of ['', '"><img>', 'xx-invalid-tag-that-is-long', 'zz']) {
    expect(createLocalText(wish).value('integer', 1000)).toBe('1,000')
  }
})

describe('hostile texts', () => {
  test('stay on one line, and nothing in them is hidden or turns the text around', () => {
    const texts = createLocalText('en')
    for (const text of hostileTexts) {
      const shown = texts.value('text', text)
      expect(shown).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/u)
      expect(shown.length).toBeLessThanOrEqual(301 + 7 * 300)
    }
  })

  test('whatever the value, there is a text', () => {
    const texts = createLocalText('en')
    const types = fc.constantFrom(
      'integer',
      'bigint',
      'double',
      'decimal(38,10)',
      'date',
      'timestamp',
      'text',
      'boolean',
    )
    const value = fc.oneof(fc.double(), fc.bigInt(), fc.string({ unit: 'binary' }), fc.boolean(), fc.constant(null))
    fc.assert(fc.property(types, value, (type, each) => typeof texts.value(type, each) === 'string'))
  })
})

test.each([
  [366, 'Jan 1', '2026'],
  [30, 'Jan 1', 'Jan 2026'],
  [1, 'Jan 1', 'Jan 1'],
])('marks that lie %s days apart', (days, _, text) => {
  expect(createLocalText('en').mark(Date.UTC(2026, 0, 1), days * 86_400_000)).toBe(text)
})

test('marks within a day tell the time, and midnight tells the day', () => {
  const { mark } = createLocalText('de')
  expect(mark(Date.UTC(2026, 0, 1, 14, 30), 1_800_000)).toBe('14:30')
  expect(mark(Date.UTC(2026, 0, 1), 1_800_000)).toBe('1. Jan.')
  expect(mark(Date.UTC(2026, 0, 1, 14, 30, 5), 1000)).toBe('14:30:05')
  expect(mark(Infinity, 1000)).toBe('')
})

test('how old it is', () => {
  const { ago } = createLocalText('en')
  expect([500, 65_000, 7_200_000, 200_000_000].map(ago)).toEqual(['now', '1 minute ago', '2 hours ago', '2 days ago'])
})
