import type { CataloguePage } from '@enigma/catalogue'
import { decodeCbor, type Hex, MarketplaceError } from '@enigma/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeGossip, decodePage, encodeGossip, encodePage } from './catalogue/catalogue-messages.ts'
import { encodeFrameLength } from './framing/framed-stream.ts'
import { networkLimits } from './network-limits.ts'
import { createQueryId, encodeQueryRoute, maxRouteBytes, queryRouteSchema } from './query/query-route.ts'
import { decodeSignedManifest, decodeSignedRecord } from './signed-items.ts'

const hex = (bytes: number) =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((array): Hex => `0x${Array.from(array, hexByte).join('')}`)
const hexByte = (byte: number) => byte.toString(16).padStart(2, '0')
const amount = fc.bigInt({ min: 0n, max: 10n ** 59n })
const text = (maxLength: number) => fc.stringMatching(new RegExp(`^[\\p{L} ]{0,${String(maxLength)}}$`, 'u'))

const unixSeconds = fc.nat(4_000_000_000)
const observed = fc
  .record(
    { head: fc.record({ seq: fc.nat(), createdAt: unixSeconds }), looks: fc.integer({ min: 1 }), since: unixSeconds },
    { requiredKeys: ['looks', 'since'] },
  )
  .chain((seen) => fc.nat(seen.looks).map((answered) => ({ ...seen, answered })))

const page: fc.Arbitrary<CataloguePage> = fc.record({
  total: fc.nat(),
  entries: fc.array(
    fc.record(
      {
        listing: fc.record({
          dataset: hex(32),
          curator: hex(20),
          name: fc.stringMatching(/^[a-z]{3,31}$/),
          metadataHash: hex(32),
          publisher: hex(20),
          rate: amount,
          deposit: amount,
          subscribers: amount,
          monthlyRevenue: amount,
          churn: amount,
          rank: amount,
          trialSeconds: fc.nat(),
          registeredBlock: fc.nat(),
          closedAt: fc.nat(),
        }),
        summary: fc.record({
          title: text(60),
          excerpt: text(100),
          licence: text(50),
          tags: fc.array(text(20), { maxLength: 20 }),
          tables: fc.nat(64),
          columns: fc.nat(1000),
          nodes: fc.nat(32),
          hasSample: fc.boolean(),
          isCurated: fc.boolean(),
        }),
        observed,
      },
      { requiredKeys: ['listing', 'summary'] },
    ),
    { maxLength: 5 },
  ),
})

function decodeRoute(bytes: Uint8Array) {
  return decodeCbor({ bytes, schema: queryRouteSchema, maxBytes: maxRouteBytes, code: 'unreadable', what: 'route' })
}

describe('decode(encode(x)) is x', () => {
  test('pages of the catalogue', () => {
    fc.assert(
      fc.property(page, (value) => {
        expect(decodePage(encodePage(value))).toEqual(value)
      }),
    )
  })

  test.each<[string, object]>([
    ['no look', { looks: 0, answered: 0 }],
    ['more answers than looks', { answered: 4 }],
    ['part of a look', { looks: 2.5 }],
    ['a time before time', { since: -1 }],
    ['a time that no calendar has', { since: Number.MAX_SAFE_INTEGER }],
    ['a snapshot that no calendar has', { head: { seq: 1, createdAt: 8.64e15 } }],
    ['half a snapshot', { head: { seq: 1 } }],
    ['words', { head: 'fresh' }],
  ])('but no page that says it saw %s', (_, lie) => {
    const [template] = fc.sample(
      page.filter(({ entries }) => entries.length > 0),
      1,
    )
    const entry = { ...template!.entries[0]!, observed: { looks: 3, answered: 2, since: 1_000 } }
    expect(decodePage(encodePage({ total: 1, entries: [entry] })).entries).toEqual([entry])
    const lying = { ...entry, observed: { ...entry.observed, ...lie } }
    expect(() => decodePage(encodePage({ total: 1, entries: [lying] }))).toThrow(MarketplaceError)
  })

  test('routes', () => {
    const peer = fc.stringMatching(/^[1-9A-Za-z]{52}$/)
    fc.assert(
      fc.property(peer, hex(32), fc.nat(3), (audience, dataset, ttl) => {
        const route = { audience, dataset, queryId: createQueryId(), ttl }
        const bytes = encodeQueryRoute(route)
        expect(bytes.length).toBeLessThanOrEqual(maxRouteBytes)
        expect(decodeRoute(bytes)).toEqual(route)
      }),
    )
  })

  test('announcements', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), hex(65), (manifest, signature) => {
        const item = { kind: 'manifest', signed: { manifest, signature } } as const
        expect(decodeGossip(encodeGossip(item))).toEqual(item)
      }),
    )
  })

  test('lengths of frames', () => {
    fc.assert(
      fc.property(fc.nat(networkLimits.frameBytes), (length) => {
        const bytes = encodeFrameLength(length)
        expect(bytes.length).toBeLessThanOrEqual(4)
        expect(bytes.reduce((sum, byte, index) => sum + (byte & 0x7f) * 128 ** index, 0)).toBe(length)
        expect([...bytes].map((byte) => byte >= 0x80)).toEqual([...bytes].map((_, index) => index < bytes.length - 1))
      }),
    )
    expect(() => encodeFrameLength(networkLimits.frameBytes + 1)).toThrow(RangeError)
  })
})

describe('random bytes throw only our error', () => {
  test.each([decodePage, decodeGossip, decodeSignedManifest, decodeSignedRecord, decodeRoute])('%o', (decode) => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(() => decode(bytes)).toThrow(MarketplaceError)
      }),
    )
  })
})
