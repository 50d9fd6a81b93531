import fc from 'fast-check'
import { expect, test } from 'vitest'
import { countFilters, emptySearch, parseSearch, type Search, searchHref, sorts } from './search-url.ts'

const read = (href: string) => parseSearch(new URL(href, 'http://localhost').searchParams)

const searches: fc.Arbitrary<Search> = fc.record({
  text: fc.string({ maxLength: 200 }).map((text) => text.trim()),
  tags: fc.uniqueArray(fc.string({ minLength: 1, maxLength: 40 }), { maxLength: 20 }),
  curator: fc.constantFrom('', `0x${'ab'.repeat(20)}`),
  hasSample: fc.boolean(),
  isCurated: fc.boolean(),
  minPrice: fc.constantFrom('', '0', '1.5'),
  maxPrice: fc.constantFrom('', '10', '0.000000000000000001'),
  sort: fc.constantFrom(...sorts),
  page: fc.integer({ min: 1, max: 5000 }),
})

test('what is written is read back', () => {
  fc.assert(
    fc.property(searches, (search) => {
      expect(read(searchHref(search))).toEqual(search)
    }),
  )
})

test('the empty search has no query string', () => {
  expect(searchHref(emptySearch)).toBe('/')
  expect(read('/')).toEqual(emptySearch)
})

test.each([
  `/?q=${'a'.repeat(201)}&page=0`,
  '/?page=-1&sort=cheapest&sample=yes&script=true',
  '/?page=1e9&min=-1&max=1e3&curator=0x12',
  `/?tag=&tag=${'t'.repeat(41)}&curator=<script>`,
])('%s asks for nothing that it does not name', (href) => {
  const search = read(href)
  expect({ ...search, text: '' }).toEqual(emptySearch)
  expect(search.text.length).toBeLessThanOrEqual(200)
})

const names = fc.constantFrom('q', 'tag', 'curator', 'sample', 'script', 'min', 'max', 'sort', 'page', 'other')

test('any query string is a search', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(names, fc.string())), (pairs) => {
      const search = parseSearch(new URLSearchParams(pairs))
      expect(read(searchHref(search))).toEqual(search)
    }),
  )
})

test('filters are counted', () => {
  expect(countFilters({ ...emptySearch, text: 'words', tags: ['a', 'b'], hasSample: true, maxPrice: '3' })).toBe(4)
})
