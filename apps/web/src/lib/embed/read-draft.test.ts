import { describe, expect, it } from 'vitest'
import { anotherTemplate, type DraftTemplate, type EmbedDraft, emptyDraft, parametersOf } from './draft.ts'
import { readDraft } from './read-draft.ts'

const schema = {
  defaultTable: 'candles',
  functions: [],
  tables: [{ name: 'candles', columns: ['time:timestamp', 'close:double', 'place:text'].map(toColumn) }],
}
function toColumn(text: string) {
  const [name = '', type = ''] = text.split(':')
  return { name, type, description: '' }
}

const good: EmbedDraft = {
  ...emptyDraft,
  dataset: 'x',
  templates: [
    {
      ...{ name: 'main', sql: 'SELECT * FROM candles WHERE place = $1 AND close > $2' },
      parameters: { 1: { values: 'north\nsouth' }, 2: { min: '0', max: '10.5' } },
    },
  ],
}
const [main] = good.templates as [DraftTemplate]

async function read(changes: Partial<EmbedDraft> = {}, facts: { hasAccount?: boolean; datasetProblem?: string } = {}) {
  const draft = { ...good, ...changes }
  const { findParameters } = await import('#lib/sql/find-parameters.ts')
  const templates = draft.templates.map((each) => {
    return { ...each, parameters: parametersOf(each.parameters, findParameters(each.sql, schema)) }
  })
  return readDraft(draft, {
    templates,
    bounds: { mostRows: 500, leastAnswers: 4 },
    hasAccount: true,
    datasetProblem: undefined,
    ...facts,
  })
}

/** One template in place of the first. */
const changed = (template: Partial<DraftTemplate>) => ({ templates: [{ ...main, ...template }] })

describe('a draft', () => {
  it('becomes what is signed: typed parameters in order, limits, seconds', async () => {
    const { plan, problems } = await read({ origins: 'https://a.example/\nhttp://localhost:8080', days: '2' })
    expect(problems).toEqual({ templates: [{ parameters: {} }] })
    expect(plan).toEqual({
      dataset: 'x',
      minter: undefined,
      templates: [
        {
          ...{ name: 'main', sql: main.sql, maxRows: 100 },
          parameters: [
            {
              ...{ name: 'place', type: 'text' },
              allowed: {
                kind: 'values',
                values: [
                  { type: 'text', value: 'north' },
                  { type: 'text', value: 'south' },
                ],
              },
            },
            {
              ...{ name: 'close', type: 'double' },
              allowed: { kind: 'range', min: { type: 'double', value: 0 }, max: { type: 'double', value: 10.5 } },
            },
          ],
        },
      ],
      limits: { maxRows: 100, maxBytes: 1_638_400, perMinute: 60, perDay: 10_000, total: 100_000 },
      origins: ['https://a.example', 'http://localhost:8080'],
      expiresInSeconds: 172_800,
    })
  })

  it.each<[string, Partial<EmbedDraft>, string, RegExp]>([
    ['no key of the server', { access: 'minted' }, 'minter', /0x04/],
    ['a key of another kind', { access: 'minted', minter: `0x02${'11'.repeat(32)}` }, 'minter', /128 hex/],
    ['more rows than the dataset gives', { maxRows: '501' }, 'maxRows', /1 to 500/],
    ['no rows', { maxRows: '0' }, 'maxRows', /1 to 500/],
    ['less than its nodes can share', { perDay: '3' }, 'perDay', /from 4 to/],
    ['half an answer', { perMinute: '0.5' }, 'perMinute', /whole number/],
    ['negative answers', { perDay: '-1' }, 'perDay', /whole number/],
    ['words for a number', { total: 'many' }, 'total', /whole number/],
    ['more than 30 days', { days: '31' }, 'days', /1 to 30/],
    ['no day', { days: '' }, 'days', /1 to 30/],
    ['a page for an origin', { origins: 'https://a.example\nhttps://a.example/page' }, 'origins', /^Line 2/],
    ['a site without encryption', { origins: 'http://a.example' }, 'origins', /^Line 1/],
    ['a pattern', { origins: 'https://*.example' }, 'origins', /^Line 1/],
    ['a name and password', { origins: 'https://a:b@a.example' }, 'origins', /^Line 1/],
    ['another scheme', { origins: 'javascript:alert(1)' }, 'origins', /^Line 1/],
    ['localhost as somebody’s name', { origins: 'http://localhost.example' }, 'origins', /^Line 1/],
    [
      'too many origins',
      { origins: Array.from({ length: 60 }, (_, at) => `https://a${at}.example`).join('\n') },
      'origins',
      /1000/,
    ],
  ])('%s is told at its field', async (_, changes, field, text) => {
    const { plan, problems } = await read(changes)
    expect(plan).toBeUndefined()
    expect((problems as Record<string, unknown>)[field]).toMatch(text)
  })

  it.each<[string, Partial<DraftTemplate['parameters'][number]>, string, RegExp]>([
    ['no values', { values: ' \n' }, 'values', /at least one/],
    ['a value twice', { values: 'a\nb\na' }, 'values', /Value 3.*twice/],
    ['too many values', { values: Array.from({ length: 257 }, String).join('\n') }, 'values', /257/],
    ['a list that is too long', { values: 'x'.repeat(9000) }, 'values', /characters/],
    [
      'a value of another type',
      { type: 'bigint', kind: 'values', values: '1\ntwo' },
      'values',
      /Value 2.*whole number/,
    ],
    ['a name that is none', { name: 'Drop Table', values: 'a' }, 'name', /a-z/],
    ['a name that is taken', { name: 'close', values: 'a' }, 'name', /Another parameter/],
    ['no least value', { type: 'bigint', kind: 'range', max: '3' }, 'min', /whole number/],
    ['ends that are swapped', { type: 'date', kind: 'range', min: '2026-02-02', max: '2026-02-01' }, 'max', /swap/],
    ['a day that is none', { type: 'date', kind: 'range', min: '2026-02-31', max: '2026-03-01' }, 'min', /date/],
  ])('of a parameter, %s is told at its field', async (_, changes, field, text) => {
    const { plan, problems } = await read(
      changed({ parameters: { 1: changes, 2: { ...main.parameters[2], name: 'close' } } }),
    )
    expect(plan).toBeUndefined()
    expect(problems.templates[0]?.parameters[1]).toMatchObject({ [field]: expect.stringMatching(text) as string })
  })

  it('compares whole numbers beyond what a double holds', async () => {
    const range = { type: 'bigint', kind: 'range', min: '9007199254740993', max: '9007199254740992' } as const
    const { problems } = await read(changed({ parameters: { ...main.parameters, 1: range } }))
    expect(problems.templates[0]?.parameters[1]?.max).toMatch(/swap/)
  })

  it('needs an account and a dataset', async () => {
    const { plan, problems } = await read({}, { hasAccount: false, datasetProblem: 'Choose one.' })
    expect(plan).toBeUndefined()
    expect(problems).toMatchObject({ account: expect.stringMatching(/Connect/) as string, dataset: 'Choose one.' })
  })

  it.each<[string, Partial<DraftTemplate>, RegExp]>([
    ['no SQL', { sql: ' ' }, /Write the SQL/],
    ['too much SQL', { sql: 'x'.repeat(8193) }, /8192/],
  ])('%s is told at its template', async (_, changes, text) => {
    const { plan, problems } = await read(changed(changes))
    expect(plan).toBeUndefined()
    expect(problems.templates[0]?.sql).toMatch(text)
  })

  it('of several templates names each by itself', async () => {
    const second = { ...anotherTemplate([main], 'SELECT count(*) FROM candles'), name: 'total' }
    const { plan } = await read({ templates: [main, second] })
    expect(plan?.templates.map(({ name, sql }) => [name, sql])).toEqual([
      ['main', main.sql],
      ['total', second.sql],
    ])
    const { plan: none, problems } = await read({ templates: [main, { ...second, name: 'main' }] })
    expect(none).toBeUndefined()
    expect(problems.templates.map(({ name }) => name)).toEqual([
      expect.stringMatching(/Another template/),
      expect.stringMatching(/Another template/),
    ])
  })

  it('names another template by a free name', () => {
    const named = (name: string) => ({ ...main, name })
    expect(anotherTemplate([main], '').name).toBe('query2')
    expect(anotherTemplate([named('query3'), main], '').name).toBe('query4')
  })

  it('of a minted embed names the key of the site’s server', async () => {
    const key = `0x04${'ab'.repeat(64)}`
    expect((await read({ access: 'minted', minter: ` ${key.toUpperCase().replace('X', 'x')}\n` })).plan?.minter).toBe(
      key,
    )
    expect((await read({ access: 'open', minter: key })).plan?.minter).toBeUndefined()
  })

  it('of text is never a range, whatever was kept', async () => {
    const { plan } = await read(changed({ parameters: { ...main.parameters, 1: { kind: 'range', values: 'a' } } }))
    expect(plan?.templates[0]?.parameters[0]?.allowed.kind).toBe('values')
  })

  it('of more than 16 parameters is refused', async () => {
    const sql = Array.from({ length: 17 }, (_, at) => `$${at + 1}`).join(' ')
    expect((await read(changed({ sql }))).problems.templates[0]?.sql).toMatch(/At most 16/)
  })
})
