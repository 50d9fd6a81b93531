import { createSessionKey, signChildGrant } from '@enigma/crypto'
import { encodeSignedQuery, type Grant, MarketplaceError, type QueryCode, zeroHash } from '@enigma/protocol'
import { codeOf } from '@enigma/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  addressOf,
  ask,
  type Asker,
  askSample,
  createAsker,
  createGrant,
  createNode,
  createQuery,
  dataset,
  deployment,
  type Node,
  randomHex,
  type SceneOptions,
  signAndEncode,
  startSeconds,
  verifyBytes,
} from './fixtures/query-scene.ts'
import { persistenceLimits } from './persistence-limits.ts'
import { decodeRequest } from './verify-query.ts'

/** Of embeds; verify-embeds.test.ts has those cases. */
type EmbedCode = 'grant-superseded' | 'grant-paused' | 'template-unknown'
/** Where the pipeline after verification refuses; answer-query.test.ts has those cases. */
type EngineCode = 'sql-refused' | 'parameter-invalid' | 'too-slow' | 'too-large' | 'engine-failed'
type Case = { node?: SceneOptions; asker?: Parameters<typeof createAsker>[1]; attack: Attack; repair?: Attack }
type Attack = (node: Node, asker: Asker) => unknown

const accessOf = (node: Node, asker: Asker) => {
  const access = node.chain.accounts.get(`${dataset} ${addressOf(asker.wallet)}`)
  if (access === undefined) throw new TypeError('the asker is subscribed')
  return access
}
const headAt = (node: Node, timestamp: number) => node.chain.setHead({ number: 100, hash: zeroHash, timestamp })

/** Each attack must be refused with the code that it stands under; then an honest query must be answered. */
const cases = {
  'request-expired': [
    { attack: (node, asker) => ask(node, asker, { issuedAt: startSeconds - 100, expiresAt: startSeconds - 40 }) },
    { attack: (node, asker) => ask(node, asker, { issuedAt: startSeconds - 90, expiresAt: startSeconds - 30 }) },
    { attack: (node, asker) => ask(node, asker, { issuedAt: 1, expiresAt: 61 }) },
    {
      // Nonces that were consumed just before the machine crashed may be lost with it.
      node: { noncesKnownSinceSeconds: startSeconds - 60 },
      attack: (node, asker) => ask(node, asker, { issuedAt: startSeconds - 30, expiresAt: startSeconds + 30 }),
    },
  ],
  'request-from-future': [
    { attack: (node, asker) => ask(node, asker, { issuedAt: startSeconds + 31, expiresAt: startSeconds + 60 }) },
  ],
  'wrong-chain': [
    { attack: (node, asker) => ask(node, asker, { chainId: 1 }) },
    { attack: (node, asker) => ask(node, asker, { marketplace: randomHex(20) }) },
  ],
  'wrong-audience': [{ attack: (node, asker) => ask(node, asker, { audience: randomHex(20) }) }],
  'signature-invalid': [
    {
      attack: async (node, asker) => {
        const { signedQuery } = decodeRequest(await signAndEncode(asker, createQuery(node, asker)))
        return verifyBytes(node, encodeSignedQuery({ ...signedQuery, signature: `0x${'11'.repeat(64)}` }))
      },
    },
    {
      attack: async (node, asker) => {
        const signed = decodeRequest(await signAndEncode(asker, createQuery(node, asker))).signedQuery
        const other = decodeRequest(await signAndEncode(asker, createQuery(node, asker, { sql: 'select 1' })))
        return verifyBytes(node, encodeSignedQuery({ ...other.signedQuery, signature: signed.signature }))
      },
    },
  ],
  replayed: [
    {
      attack: async (node, asker) => {
        const bytes = await signAndEncode(asker, createQuery(node, asker))
        await verifyBytes(node, bytes)
        return verifyBytes(node, bytes)
      },
    },
    {
      attack: async (node, asker) => {
        const nonce = randomHex(16)
        await ask(node, asker, { nonce })
        return ask(node, asker, { nonce, sql: 'select 2' })
      },
    },
  ],
  'grant-invalid': [
    {
      attack: async (node, asker) => verifyBytes(node, await signAndEncode(asker, createQuery(node, asker), [])),
    },
    {
      attack: async (node, asker) => {
        const stranger = await createAsker(node)
        const [{ grant }] = asker.grants
        const grants: Asker['grants'] = [{ grant, signature: stranger.grants[0].signature }]
        return verifyBytes(node, await signAndEncode(asker, createQuery(node, asker), grants))
      },
    },
    {
      attack: async (node, asker) => {
        const stranger = await createAsker(node, { subscribed: false })
        return verifyBytes(node, await signAndEncode(stranger, createQuery(node, stranger), asker.grants))
      },
    },
    { attack: (node, asker) => ask(node, asker, { grantHash: randomHex(32) }) },
    { attack: (node, asker) => withGrant(node, asker, { nodes: [{ signer: randomHex(20), bps: 10_000 }] }) },
    {
      attack: (node, asker) =>
        withGrant(node, asker, { permissions: [{ dataset: zeroHash, abilities: 5, templatesRoot: zeroHash }] }),
    },
    {
      attack: (node, asker) =>
        withGrant(node, asker, { permissions: [{ dataset: randomHex(32), abilities: 1, templatesRoot: zeroHash }] }),
    },
  ],
  'grant-expired': [
    { attack: (node, asker) => withGrant(node, asker, { validUntil: startSeconds }) },
    { attack: (node, asker) => withGrant(node, asker, { validAfter: startSeconds + 31 }) },
  ],
  'grant-widened': [
    {
      attack: async (node, asker) => {
        const { limits } = asker.grants[0].grant
        return ask(node, await createHeir(node, asker, { limits: { ...limits, maxRows: limits.maxRows + 1 } }))
      },
    },
    {
      attack: (node, asker) =>
        withGrant(node, asker, { permissions: [{ dataset: zeroHash, abilities: 1, templatesRoot: randomHex(32) }] }),
    },
  ],
  'grant-revoked': [
    {
      attack: (node, asker) => {
        node.chain.epochs.set(addressOf(asker.wallet), 1)
        return ask(node, asker)
      },
      repair: (node) => node.chain.epochs.clear(),
    },
    {
      attack: (node, asker) => {
        node.chain.revoked.add(`${addressOf(asker.wallet)} ${asker.grants[0].grant.id}`)
        return ask(node, asker)
      },
      repair: (node) => node.chain.revoked.clear(),
    },
    {
      // Who has ended a grant has ended what was granted under it.
      attack: async (node, asker) => {
        const heir = await createHeir(node, asker)
        await ask(node, heir)
        node.chain.revoked.add(`${addressOf(asker.wallet)} ${asker.grants[0].grant.id}`)
        return ask(node, heir)
      },
      repair: (node) => node.chain.revoked.clear(),
    },
    {
      attack: async (node, asker) => {
        const heir = await createHeir(node, asker)
        node.chain.revoked.add(`${addressOf(asker.wallet)} ${heir.grants.at(-1)?.grant.id}`)
        return ask(node, heir)
      },
    },
  ],
  'no-subscription': [
    { attack: async (node) => ask(node, await createAsker(node, { subscribed: false })) },
    {
      attack: async (node) => {
        const other = await createAsker(node, { subscribed: false })
        const access = { paidEnd: startSeconds + 1000, trialEnd: 0, sinceBlock: 1 }
        node.chain.accounts.set(`${randomHex(32)} ${addressOf(other.wallet)}`, access)
        return ask(node, other)
      },
    },
  ],
  'subscription-ended': [
    {
      attack: (node, asker) => {
        accessOf(node, asker).paidEnd = startSeconds
        return ask(node, asker)
      },
      repair: (node, asker) => (accessOf(node, asker).paidEnd = startSeconds + 1),
    },
  ],
  'chain-behind': [
    { attack: (node, asker) => ask(node, asker, { minBlock: 101 }) },
    { attack: (node, asker) => ask(node, asker, { minBlock: Number.MAX_SAFE_INTEGER }) },
    // An epoch that this node has yet to see.
    { attack: (node, asker) => withGrant(node, asker, { epoch: 1 }) },
  ],
  'chain-unavailable': [
    {
      attack: (node, asker) => {
        headAt(node, startSeconds - persistenceLimits.maxHeadAgeSeconds - 1)
        return ask(node, asker)
      },
      repair: (node) => headAt(node, startSeconds),
    },
    {
      attack: (node, asker) => {
        node.chain.setHead(undefined)
        return ask(node, asker)
      },
      repair: (node) => headAt(node, startSeconds),
    },
  ],
  'clock-skew': [
    {
      attack: (node, asker) => {
        headAt(node, startSeconds + 31)
        return ask(node, asker)
      },
      repair: (node) => headAt(node, startSeconds + 30),
    },
  ],
  unconfirmed: [{ node: { confirmations: 51 }, attack: (node, asker) => ask(node, asker, { maxRows: 1001 }) }],
  'dataset-unknown': [
    { attack: (node, asker) => ask(node, asker, { dataset: randomHex(32) }) },
    {
      attack: (node, asker) => {
        node.chain.datasets.delete(dataset)
        return ask(node, asker)
      },
      repair: (node) =>
        node.chain.datasets.set(dataset, {
          curator: randomHex(20),
          publisher: randomHex(20),
          metadataHash: zeroHash,
          closedAt: 0,
        }),
    },
  ],
  'snapshot-unknown': [{ attack: (node, asker) => ask(node, asker, { snapshot: { kind: 'seq', seq: 8 } }) }],
  'limit-too-high': [
    { attack: (node, asker) => ask(node, asker, { maxRows: 100_001 }) },
    { attack: (node, asker) => ask(node, asker, { expiresAt: startSeconds + 61 }) },
    { attack: (node, asker) => ask(node, asker, { expiresAt: startSeconds }) },
    { attack: (node, asker) => withGrant(node, asker, { maxRequestSeconds: 59 }) },
    {
      attack: (node, asker) =>
        withGrant(node, asker, { limits: { maxRows: 10, maxBytes: 2 ** 30, perMinute: 9, perDay: 9, total: 9 } }),
    },
    {
      attack: (node, asker) =>
        withGrant(node, asker, { limits: { maxRows: 1000, maxBytes: 10, perMinute: 9, perDay: 9, total: 9 } }),
    },
    {
      attack: (node, asker) => {
        Object.assign(accessOf(node, asker), { paidEnd: 0, trialEnd: startSeconds + 100 })
        return ask(node, asker, { maxRows: persistenceLimits.trialRows + 1 })
      },
    },
  ],
  'rate-limited': [
    {
      asker: { grant: { limits: { maxRows: 1000, maxBytes: 2 ** 30, perMinute: 1, perDay: 9, total: 9 } } },
      attack: async (node, asker) => {
        await ask(node, asker)
        return ask(node, asker)
      },
      repair: (node) => (node.clock.seconds += 60),
    },
    {
      node: { limits: { account: { perMinute: 2, perDay: 9, total: 9, bytesPerDay: 2 ** 40 } } },
      attack: async (node, asker) => {
        // Two sessions of one account share the account's budget.
        const session = await createSessionKey()
        const second: Asker = { ...asker, session, grants: [await createGrant(asker.wallet, session)] }
        await ask(node, asker)
        await ask(node, second)
        return ask(node, second)
      },
      repair: (node) => (node.clock.seconds += 60),
    },
  ],
  'sample-limited': [
    {
      node: { limits: { samplesPerAddress: 1 } },
      attack: async (node) => {
        await askSample(node)
        return askSample(node)
      },
    },
  ],
} as const satisfies Record<Exclude<QueryCode, EngineCode | EmbedCode>, readonly Case[]>

/** One whom the asker's session granted what it may itself, changed by `overrides`. */
async function createHeir(node: Node, asker: Asker, overrides: Partial<Grant> = {}): Promise<Asker> {
  const session = await createSessionKey()
  const [root] = asker.grants
  const grant = {
    ...root.grant,
    id: randomHex(32),
    delegateKey: session.publicKey,
    maxChildren: 0,
    parentGrantHash: createQuery(node, asker).grantHash,
    ...overrides,
  }
  const child = await signChildGrant({ grant, parentKey: asker.session, deployment })
  return { ...asker, session, grants: [root, child] }
}

async function withGrant(node: Node, asker: Asker, grant: Parameters<typeof createGrant>[2]) {
  const grants: Asker['grants'] = [await createGrant(asker.wallet, asker.session, grant)]
  return ask(node, { ...asker, grants })
}

describe('verifyQuery refuses', () => {
  const rows = Object.entries(cases).flatMap(([code, list]) =>
    (list as readonly Case[]).map((one, index) => ({ code, index, one })),
  )
  it.each(rows)('$code ($index), and an honest query is answered after it', async ({ code, one }) => {
    const node = createNode(one.node)
    const asker = await createAsker(node, one.asker)
    const error: unknown = await Promise.resolve(one.attack(node, asker)).then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    expect(error).toBeInstanceOf(MarketplaceError)
    expect(error).toMatchObject({ code })
    expect((error as MarketplaceError).shortMessage).toMatch(/^[A-Z].*[;,:] ?.*\.$/)
    one.repair?.(node, asker)
    expect(await codeOf(ask(node, asker, { snapshot: { kind: 'seq', seq: 7 } }))).toBe('answered')
  })

  it('anything that is not a signed query as unreadable, and never with another error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(() => decodeRequest(bytes)).toThrow(expect.objectContaining({ code: 'unreadable' }))
      }),
    )
    const oversized = () => decodeRequest(new Uint8Array(64 * 1024 + 1))
    expect(oversized).toThrow(expect.objectContaining({ code: 'unreadable' }))
  })

  it('a signed query in which any byte was changed', async () => {
    const node = createNode()
    const asker = await createAsker(node)
    const bytes = await signAndEncode(asker, createQuery(node, asker))
    for (let index = 0; index < bytes.length; index++) {
      const altered = bytes.map((byte, at) => (at === index ? byte ^ 1 : byte))
      expect(await codeOf((async () => verifyBytes(node, altered))())).not.toBe('answered')
    }
    expect(await codeOf(verifyBytes(node, bytes))).toBe('answered')
  })
})
