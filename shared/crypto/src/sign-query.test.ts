import { decodeQuery, encodeQuery, type Query, zeroHash } from '@enigma/protocol'
import { beforeAll, describe, expect, test } from 'vitest'
import { createSessionKey, type SessionKey, signP256, verifyP256 } from './p256.ts'
import { signQuery, verifyQuerySignature } from './sign-query.ts'

let key: SessionKey
let query: Query

beforeAll(async () => {
  key = await createSessionKey()
  query = {
    v: 1,
    chainId: 31337,
    marketplace: `0x${'ab'.repeat(20)}`,
    kind: 'query',
    grantHash: `0x${'01'.repeat(32)}`,
    dataset: `0x${'02'.repeat(32)}`,
    snapshot: { kind: 'latest' },
    sql: 'select * from candles',
    parameters: [{ type: 'bigint', value: '7' }],
    sessionKey: key.publicKey,
    replySuite: 1,
    replyKey: `0x${'04'.repeat(65)}`,
    audience: `0x${'cd'.repeat(20)}`,
    nonce: `0x${'05'.repeat(16)}`,
    issuedAt: 1000,
    expiresAt: 1060,
    maxRows: 10,
    maxBytes: 1000,
    minBlock: 3,
  }
})

describe('signed queries', () => {
  test('hold', async () => {
    const signedQuery = await signQuery({ query, key, grants: [] })
    expect(decodeQuery(signedQuery.query)).toEqual(query)
    await expect(verifyQuerySignature({ signedQuery, query })).resolves.toBe(true)
  })

  test('do not hold with any field changed; a new field does not compile until it is here', async () => {
    const signedQuery = await signQuery({ query, key, grants: [] })
    const stranger = await createSessionKey()
    const changes: { [Field in Exclude<keyof Query, 'v' | 'replySuite'>]: Query[Field] } = {
      chainId: 1,
      marketplace: `0x${'ac'.repeat(20)}`,
      kind: 'sample',
      grantHash: zeroHash,
      dataset: zeroHash,
      snapshot: { kind: 'seq', seq: 1 },
      sql: 'select 1',
      parameters: [{ type: 'bigint', value: '8' }],
      template: { terms: { name: 'one', parameters: [], maxRows: 1 }, index: 0, count: 1, proof: [] },
      sessionKey: stranger.publicKey,
      replyKey: `0x${'14'.repeat(65)}`,
      audience: `0x${'ce'.repeat(20)}`,
      nonce: `0x${'06'.repeat(16)}`,
      issuedAt: 1001,
      expiresAt: 1061,
      maxRows: 11,
      maxBytes: 1001,
      minBlock: 2,
    }
    for (const [field, value] of Object.entries(changes)) {
      const changed: Query = { ...query, [field]: value }
      const tampered = { ...signedQuery, query: encodeQuery(changed) }
      await expect(verifyQuerySignature({ signedQuery: tampered, query: changed })).resolves.toBe(false)
    }
  })

  test('do not hold after any flip in query or signature', async () => {
    const signedQuery = await signQuery({ query, key, grants: [] })
    for (let at = 0; at < signedQuery.query.length; at++) {
      const bytes = signedQuery.query.with(at, signedQuery.query[at]! ^ (1 << (at % 8)))
      await expect(verifyQuerySignature({ signedQuery: { ...signedQuery, query: bytes }, query })).resolves.toBe(false)
    }
    for (let at = 2; at < 130; at++) {
      const digit = (Number.parseInt(signedQuery.signature[at]!, 16) ^ (1 << (at % 4))).toString(16)
      const signature = `0x${signedQuery.signature.slice(2, at)}${digit}${signedQuery.signature.slice(at + 1)}` as const
      await expect(verifyQuerySignature({ signedQuery: { ...signedQuery, signature }, query })).resolves.toBe(false)
    }
  })

  test('are not signed by a key that they do not name', async () => {
    await expect(signQuery({ query, key: await createSessionKey(), grants: [] })).rejects.toThrow(TypeError)
  })

  test('carry a label: a signature over the bare bytes does not hold', async () => {
    const bytes = encodeQuery(query)
    const signedQuery = { query: bytes, signature: await signP256({ key, message: bytes }), grants: [] as [] }
    await expect(verifyQuerySignature({ signedQuery, query })).resolves.toBe(false)
  })
})

test('keys and signatures of another form verify nothing', async () => {
  const message = new Uint8Array(3)
  const signature = await signP256({ key, message })
  const { publicKey } = key
  await expect(verifyP256({ publicKey, message, signature })).resolves.toBe(true)
  const compressed = `0x02${publicKey.slice(4, 68)}` as const
  for (const wrong of ['0x', compressed, `0x04${'00'.repeat(64)}`, `${publicKey}00`] as const) {
    await expect(verifyP256({ publicKey: wrong, message, signature })).resolves.toBe(false)
  }
  for (const wrong of ['0x', signature.slice(0, -2), `${signature}00`] as `0x${string}`[]) {
    await expect(verifyP256({ publicKey, message, signature: wrong })).resolves.toBe(false)
  }
})
