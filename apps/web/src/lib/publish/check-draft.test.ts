import { expect, test } from 'vitest'
import { checkDraft, type DraftFacts, problemsOfStep } from './check-draft.ts'
import { type Draft, emptyDraft, shareOf, tagsOf } from './draft.ts'

const ada = `0x${'0a'.repeat(20)}`
const node = `0x${'0b'.repeat(20)}`
const facts: DraftFacts = {
  account: ada,
  terms: {
    ...{ peerId: 'p', maxBytes: 1e9, maxRows: 1000, minRate: 10n ** 12n, minDeposit: 10n * 10n ** 18n },
    ...{ payee: node, shareBps: 2000, places: 3 },
  },
  minRate: 1n,
  takenNames: new Set(['tides']),
}
const good: Draft = {
  ...emptyDraft,
  file: { name: 'a.csv', bytes: 10, format: 'csv', rows: 5, names: ['n'], preview: [['1']] },
  columns: [{ source: 'n', name: 'n', type: 'integer', unit: '', description: '' }],
  ...{ table: 'levels', name: 'levels', title: 'Levels', price: '5', deposit: '10', node: 'p' },
  payouts: [
    { account: ada, percent: '80' },
    { account: node, percent: '20' },
  ],
}
const problems = (changes: Partial<Draft>, known: Partial<DraftFacts> = {}) =>
  checkDraft({ ...good, ...changes }, { ...facts, ...known })

test('a whole draft has no problems', () => {
  expect(problems({})).toEqual({})
})

test.each<[Partial<Draft>, keyof ReturnType<typeof problems>, RegExp]>([
  [{ file: undefined }, 'file', /Choose a CSV/],
  [{ file: { ...good.file!, rows: 1001 } }, 'file', /at most 1,000/],
  [{ columns: [] }, 'columns', /at least one column/],
  [{ columns: [{ ...good.columns[0]!, name: 'Ä' }] }, 'columns', /Mend the columns/],
  [{ key: ['gone'] }, 'columns', /key names gone/],
  [{ table: '1' }, 'table', /begins with a letter/],
  [{ name: 'no name' }, 'name', /3 to 31/],
  [{ name: 'tides' }, 'name', /for ever/],
  [{ title: ' ' }, 'title', /title/],
  [{ title: 'x'.repeat(121) }, 'title', /At most 120/],
  [{ description: 'a\0b' }, 'description', /control/],
  [{ tags: Array.from({ length: 21 }, (_, at) => `t${at}`).join() }, 'tags', /At most 20/],
  [{ sampleRows: '1.5' }, 'sampleRows', /whole number/],
  [{ trialDays: '31' }, 'trialDays', /30/],
  [{ price: 'free' }, 'price', /price in ENG/],
  [{ price: '2' }, 'price', /At least 2.592 ENG/],
  [{ deposit: '9.9' }, 'deposit', /at least 10 ENG/],
  [{ payouts: [{ account: ada, percent: '100' }] }, 'payouts', /20 % go to/],
  [{ payouts: [{ account: ada, percent: '70' }, good.payouts[1]!] }, 'payouts', /sum to 90 %/],
  [{ payouts: [{ account: '0x1', percent: '80' }, good.payouts[1]!] }, 'payouts', /Line 1.*hexadecimal/],
  [{ payouts: [{ account: ada, percent: '80.001' }, good.payouts[1]!] }, 'payouts', /Line 1.*share/],
  [{ payouts: [] }, 'payouts', /1 to 8/],
])('%j is refused at %s', (changes, field, sentence) => {
  const found = problems(changes)
  expect(found[field]).toMatch(sentence)
  expect(Object.keys(found)).toEqual([field])
})

test('nobody connected and no node chosen belong to the price', () => {
  const found = problems({}, { account: undefined, terms: undefined })
  expect(problemsOfStep(found, 'price')).toEqual(found)
  expect(Object.keys(found)).toEqual(['account', 'node'])
  expect(problemsOfStep(found, 'file')).toEqual({})
})

test('shares and tags are read as people type them', () => {
  expect(['100', ' 33.3 %', '0.01', '101', '1e2', ''].map(shareOf)).toEqual([
    ...[10_000, 3330, 1],
    ...[undefined, undefined, undefined],
  ])
  expect(tagsOf(' sea, ,tide,sea')).toEqual(['sea', 'tide'])
})
