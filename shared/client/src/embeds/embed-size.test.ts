import {
  decodeSignedQuery,
  type Embed,
  encodeEmbed,
  encodeQuery,
  encodeSignedQuery,
  limits,
  type Parameter,
  type Template,
  zeroHash,
} from '@enigma/protocol'
import { expect, test } from 'vitest'
import { requireEmbedSize } from './embed-size.ts'

const account = `0x${'ab'.repeat(20)}` as const

function embedOf(values: string[], { count = 1, isMinted = false } = {}): Embed {
  const allowed = { kind: 'values' as const, values: values.map((value): Parameter => ({ type: 'text', value })) }
  const template: Template = {
    name: 'a0',
    sql: 'select 1',
    parameters: [{ name: 'word', type: 'text', allowed }],
    maxRows: 1,
  }
  const others = Array.from({ length: count - 1 }, (_, at) => ({ ...template, name: `b${at}`, parameters: [] }))
  return {
    v: 1,
    dataset: `${account}/words`,
    templates: [template, ...others],
    grant: {
      grant: {
        ...{ root: account, delegateKey: '0x', profile: 'open', origin: '', permissions: [], nodes: [], id: zeroHash },
        ...{ revision: 1, epoch: 0, validAfter: 0, validUntil: 1, maxRequestSeconds: 60, parentGrantHash: zeroHash },
        maxChildren: isMinted ? 1 : 0,
        limits: { maxRows: 1, maxBytes: 1, perMinute: 1, perDay: 1, total: 1 },
      },
      signature: `0x${'00'.repeat(65)}`,
    },
  }
}

/** The bytes that the error says are too many. */
function overOf(embed: Embed): number {
  try {
    requireEmbedSize(embed)
    return 0
  } catch (error) {
    expect(error).toMatchObject({ code: 'setting-invalid' })
    return Number(/(\d+) bytes in all/.exec(String(error))?.[1])
  }
}

test('an embed of an ordinary size passes', () => {
  expect(() => requireEmbedSize(embedOf(['one', 'two'], { count: 64, isMinted: true }))).not.toThrow()
})

test('one that no relay would read says by how many bytes', () => {
  const embed = embedOf(Array.from({ length: 70 }, (_, index) => `${index}`.padEnd(1000, 'x')))
  expect(overOf(embed)).toBe(encodeEmbed(embed).length - limits.embedBytes)
})

test('one that fits, and of which no query would, says by how many bytes, and fits without them', () => {
  const values = Array.from({ length: 8 }, (_, index) => `${index}`.padEnd(7_600, 'x'))
  const embed = embedOf(values, { isMinted: true })
  expect(encodeEmbed(embed).length).toBeLessThanOrEqual(limits.embedBytes)
  const over = overOf(embed)
  expect(over).toBeGreaterThan(0)
  const [first = '', ...rest] = values
  expect(overOf(embedOf([first.slice(over), ...rest], { isMinted: true }))).toBe(0)
})

test('what passes is read by a node, whichever value a visitor takes', () => {
  const embed = embedOf(Array.from({ length: 7 }, (_, index) => `${index}`.padEnd(7_300, 'x')))
  expect(overOf(embed)).toBe(0)
  const [template] = embed.templates
  const { sql, ...terms } = template!
  const [parameter] = terms.parameters
  const values = parameter?.allowed.kind === 'values' ? parameter.allowed.values : []
  for (const value of values) {
    const query = encodeQuery({
      ...{ v: 1, chainId: 1, marketplace: account, kind: 'query', grantHash: zeroHash, dataset: zeroHash, sql },
      ...{ snapshot: { kind: 'latest' }, parameters: [value], replySuite: 1, sessionKey: `0x${'04'.repeat(65)}` },
      ...{ replyKey: `0x${'04'.repeat(65)}`, audience: account, nonce: `0x${'00'.repeat(16)}` },
      ...{ issuedAt: 1, expiresAt: 2, maxRows: 1, maxBytes: 1, minBlock: 0 },
      template: { terms, index: 0, count: 1, proof: [] },
    })
    const bytes = encodeSignedQuery({ query, signature: `0x${'00'.repeat(64)}`, grants: [embed.grant] })
    expect(bytes.length).toBeLessThanOrEqual(limits.queryBytes)
    expect(() => decodeSignedQuery(bytes)).not.toThrow(/bytes/)
  }
})
