import fc from 'fast-check'
import { MarketplaceError } from '@enigma/protocol'
import { describe, expect, test } from 'vitest'
import { type AttributeSource, readLook, readNetworkChoice, readSource } from './options.ts'

const dataset = `0x${'ab'.repeat(20)}/coinbase_data`
const grant = `0x${'cd'.repeat(32)}`

function elementOf(attributes: Record<string, string>, script?: string): AttributeSource {
  return {
    getAttribute: (name) => attributes[name] ?? null,
    querySelector: () => (script === undefined ? null : { textContent: script }),
  }
}

const refusal = (message: RegExp) =>
  expect.objectContaining({ code: 'setting-invalid', message: expect.stringMatching(message) as string }) as Error

describe('what is asked', () => {
  test('a sample, by the attribute or by the child script', () => {
    const asked = { kind: 'sample', dataset, sql: 'SELECT 1', parameters: [], limit: 100 }
    expect(readSource(elementOf({ dataset, sql: 'SELECT 1' }))).toEqual(asked)
    expect(readSource(elementOf({ dataset, limit: '5' }, '\n  SELECT 1\n'))).toEqual({ ...asked, limit: 5 })
  })

  test('as its viewer, in a frame', () => {
    const asked = { kind: 'viewer', dataset, sql: 'SELECT 1', parameters: [], limit: 100 }
    expect(readSource(elementOf({ dataset, sql: 'SELECT 1', mode: 'frame' }))).toEqual(asked)
    expect(readSource(elementOf({ dataset, sql: 'SELECT 1', mode: 'frame', access: 'viewer' }))).toEqual(asked)
  })

  test('a grant, which needs neither dataset nor SQL', () => {
    const params = '{"symbol": "BTC"}'
    expect(readSource(elementOf({ grant, params, template: 'closes' }))).toEqual({
      ...{ kind: 'grant', grant, template: 'closes', parameters: { symbol: 'BTC' } },
    })
    expect(readSource(elementOf({ grant, 'grant-url': '/mint' }))).toEqual({
      ...{ kind: 'grant', grant, grantUrl: '/mint', parameters: {} },
    })
    for (const from of ['javascript:alert(1)', 'data:,{}', 'file:///etc/passwd', 'http://'])
      expect(() => readSource(elementOf({ grant, 'grant-url': from }))).toThrow(refusal(/grant-url must be/))
    expect(readSource(elementOf({ grant: grant.toUpperCase().replace('0X', '0x') }))).toMatchObject({ grant })
  })

  test.each<[Record<string, string>, RegExp]>([
    [{}, /dataset is missing/],
    [{ dataset }, /no SQL/],
    [{ dataset, sql: 'SELECT 1', mode: 'popup' }, /mode is "popup"; use inline, frame/],
    [{ dataset, sql: 'SELECT 1', access: 'owner' }, /access is "owner"; use sample, grant, viewer/],
    [{ dataset, sql: 'SELECT 1', access: 'viewer' }, /"viewer" needs mode="frame"/],
    [{ dataset, sql: 'SELECT 1', mode: 'inline', access: 'viewer' }, /"viewer" needs mode="frame"/],
    [{ dataset, sql: 'SELECT 1', mode: 'frame', access: 'sample' }, /"sample" needs mode="inline"/],
    [{ grant, mode: 'frame', access: 'grant' }, /"grant" needs mode="inline"/],
    [{ grant, mode: 'frame', dataset, sql: 'SELECT 1' }, /"viewer" goes without a grant/],
    [{ grant, access: 'sample', dataset, sql: 'SELECT 1' }, /"sample" goes without a grant/],
    [{ mode: 'frame', dataset, sql: 'SELECT 1', network: 'https://evil.example/' }, /network is not for mode="frame"/],
    [{ mode: 'frame', dataset, sql: 'SELECT 1', relay: '/ip4/1.2.3.4' }, /relay is not for mode="frame"/],
    [{ mode: 'frame', dataset, sql: 'SELECT 1', template: 'a' }, /template is not for mode="frame"/],
    [{ access: 'grant' }, /64 hex digits/],
    [{ grant: '0x12' }, /64 hex digits/],
    [{ dataset, sql: 'SELECT 1', limit: '0' }, /limit is "0"; use a whole number from 1 to 10000/],
    [{ dataset, sql: 'SELECT 1', limit: '1e3' }, /limit/],
    [{ dataset, sql: 'SELECT 1', params: '{' }, /not JSON/],
    [{ dataset, sql: 'SELECT 1', params: '{"a": 1}' }, /JSON array/],
    [{ grant, params: '[1]' }, /JSON object/],
  ])('%o is refused', (attributes, message) => {
    expect(() => readSource(elementOf(attributes))).toThrow(refusal(message))
  })

  test('a path that is none is told as such', () => {
    expect(() => readSource(elementOf({ dataset: 'prices', sql: 'SELECT 1' }))).toThrow(MarketplaceError)
  })
})

describe('how it is shown', () => {
  test('a table by default, never looked at again', () => {
    expect(readLook(elementOf({}))).toEqual({ view: 'table', x: '', ys: [], refreshMs: undefined })
  })

  test('columns by name, seconds as milliseconds', () => {
    const look = readLook(elementOf({ view: 'area', x: 'time', y: ' open, close ,', refresh: '30' }))
    expect(look).toEqual({ view: 'area', x: 'time', ys: ['open', 'close'], refreshMs: 30_000 })
  })

  test.each([
    [{ view: 'pie' }, /view is "pie"; use table, line, bar, area, value, sparkline/],
    [{ refresh: '1' }, /refresh is "1"/],
    [{ refresh: '-5' }, /refresh/],
    [{ theme: 'blue' }, /theme/],
    [{ loading: 'never' }, /loading/],
  ])('%o is refused', (attributes, message) => {
    expect(() => readLook(elementOf(attributes))).toThrow(refusal(message))
  })
})

test('whatever the attributes say: an answer or our own error', () => {
  const names = [
    'dataset',
    'sql',
    'params',
    'limit',
    'mode',
    'access',
    'anchor',
    'grant',
    'template',
    'view',
    'refresh',
    'network',
  ]
  const network = {
    settings: {},
    base: 'https://relay.example/widget/1/enigma-query.js',
    pageUrl: 'https://page.example/',
  }
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...names), fc.string({ unit: 'binary' })), (attributes) => {
      const element = elementOf(attributes)
      for (const read of [
        () => readSource(element),
        () => readLook(element),
        () => readNetworkChoice(element, network),
      ]) {
        try {
          read()
        } catch (error) {
          expect(error).toBeInstanceOf(MarketplaceError)
        }
      }
    }),
  )
})

describe('the network', () => {
  const base = 'https://relay.example:8443/widget/1.0.0/enigma-query.js'
  const pageUrl = 'https://blog.example/posts/1'

  test('of the origin that served the loader, else of the page’s words', () => {
    const choose = (attributes: Record<string, string>, settings = {}) =>
      readNetworkChoice(elementOf(attributes), { settings, base, pageUrl })
    expect(choose({})).toEqual({
      ...{ url: 'https://relay.example:8443/enigma-network.json', anchor: undefined, relays: [] },
    })
    expect(choose({ network: '/n.json' }).url).toBe('https://blog.example/n.json')
    expect(choose({}, { network: 'https://other.example/n.json', relays: ['/dns4/r/tcp/1/wss/p2p/x'] })).toEqual({
      ...{ url: 'https://other.example/n.json', anchor: undefined, relays: ['/dns4/r/tcp/1/wss/p2p/x'] },
    })
    expect(choose({ relay: ' /a  /b\n' }).relays).toEqual(['/a', '/b'])
  })

  test.each(['javascript:alert(1)', 'data:application/json,{}', 'ftp://x/', 'http://'])('%s is refused', (network) => {
    expect(() => readNetworkChoice(elementOf({ network }), { settings: {}, base, pageUrl })).toThrow(
      refusal(/http or https address/),
    )
  })

  const anchor = `sha256-${'A'.repeat(43)}=`
  test('is pinned by an anchor where the page names one', () => {
    expect(readNetworkChoice(elementOf({ anchor }), { settings: {}, base, pageUrl })).toMatchObject({ anchor })
  })

  test.each(['sha256-', 'sha384-x', anchor.slice(0, -1), `${anchor} ${anchor}`])('%s is no anchor', (wrong) => {
    expect(() => readNetworkChoice(elementOf({ anchor: wrong }), { settings: {}, base, pageUrl })).toThrow(
      refusal(/anchor must be sha256-/),
    )
  })
})
