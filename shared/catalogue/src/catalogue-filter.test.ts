import { expect, test } from 'vitest'
import { type CatalogueFilter, matchesFilter } from './catalogue-filter.ts'

const entry = {
  listing: { curator: '0x1111111111111111111111111111111111111111', rate: 10n },
  summary: { tags: ['prices', 'stocks'], hasSample: true, isCurated: false },
} as const satisfies Parameters<typeof matchesFilter>[0]

test.each<[string, CatalogueFilter, boolean]>([
  ['nothing', {}, true],
  ['a tag that it has', { tags: ['prices'] }, true],
  ['two tags that it has', { tags: ['prices', 'stocks'] }, true],
  ['a tag that it lacks', { tags: ['prices', 'geo'] }, false],
  ['the begin of a tag', { tags: ['price'] }, false],
  ['its curator', { curator: entry.listing.curator }, true],
  ['another curator', { curator: '0x2222222222222222222222222222222222222222' }, false],
  ['a sample', { hasSample: true }, true],
  ['a script', { isCurated: true }, false],
  ['its very rate', { minRate: 10n, maxRate: 10n }, true],
  ['a higher rate', { minRate: 11n }, false],
  ['a lower rate', { maxRate: 9n }, false],
])('asked for %s', (_what, filter, isMatch) => {
  expect(matchesFilter(entry, filter)).toBe(isMatch)
})
