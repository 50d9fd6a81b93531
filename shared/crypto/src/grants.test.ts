import { abilities, type Deployment, type Grant, type Hex, limits, type SignedGrant, zeroHash } from '@enigma/protocol'
import { bytesToHex } from 'viem/utils'
import { privateKeyToAccount } from 'viem/accounts'
import { beforeAll, describe, expect, test } from 'vitest'
import { fromBareHex } from './fixtures/bare-hex.ts'
import {
  grantTypedData,
  hashGrant,
  signChildGrant,
  verifyGrantChain,
  type VerifyGrantChainParameters,
} from './grants.ts'
import { createSessionKey, type SessionKey } from './p256.ts'

const deployment: Deployment = { chainId: 31337, marketplace: `0x${'ab'.repeat(20)}` }
const wallet = privateKeyToAccount(`0x${'07'.repeat(32)}`)
const root = wallet.address.toLowerCase() as Hex
const dataset: Hex = `0x${'d1'.repeat(32)}`
const otherDataset: Hex = `0x${'d2'.repeat(32)}`
const template: Hex = `0x${'e1'.repeat(32)}`
const [nodeA, nodeB]: [Hex, Hex] = [`0x${'a1'.repeat(20)}`, `0x${'a2'.repeat(20)}`]
const now = 1_800_000_000

let session: SessionKey
let child: SessionKey
let stranger: SessionKey
let parentGrant: Grant
let childGrant: Grant

beforeAll(async () => {
  ;[session, child, stranger] = await Promise.all([createSessionKey(), createSessionKey(), createSessionKey()])
  parentGrant = {
    root,
    delegateKey: session.publicKey,
    profile: 'p256',
    origin: 'https://a.example',
    permissions: [{ dataset, abilities: abilities.query, templatesRoot: zeroHash }],
    nodes: [
      { signer: nodeA, bps: 5000 },
      { signer: nodeB, bps: 5000 },
    ],
    id: `0x${'01'.repeat(32)}`,
    revision: 1,
    epoch: 3,
    validAfter: now - 100,
    validUntil: now + 1000,
    maxRequestSeconds: 30,
    maxChildren: 2,
    limits: { maxRows: 100, maxBytes: 1000, perMinute: 10, perDay: 100, total: 1000 },
    parentGrantHash: zeroHash,
  }
  childGrant = {
    ...parentGrant,
    delegateKey: child.publicKey,
    id: `0x${'02'.repeat(32)}`,
    maxChildren: 1,
    parentGrantHash: hashGrant(parentGrant, deployment),
  }
})

async function signRoot(grant: Grant): Promise<SignedGrant> {
  return { grant, signature: await wallet.signTypedData(grantTypedData(grant, deployment)) }
}

function verify(chain: SignedGrant[], more: Partial<VerifyGrantChainParameters> = {}) {
  return verifyGrantChain({
    chain,
    deployment,
    nowSeconds: now,
    dataset,
    ability: abilities.query,
    ...more,
  })
}

/** Verifies a chain of a parent and a child, each changed and signed again by whom it should be. */
async function verifyPair(childChange: Partial<Grant>, parentChange: Partial<Grant> = {}) {
  const parent = { ...parentGrant, ...parentChange }
  const grant = { ...childGrant, parentGrantHash: hashGrant(parent, deployment), ...childChange }
  return verify([await signRoot(parent), await signChildGrant({ grant, parentKey: session, deployment })])
}

describe('a session grant', () => {
  test('holds, and says what it allows', async () => {
    const verified = await verify([await signRoot(parentGrant)])
    expect(verified).toEqual({
      root,
      delegateKey: session.publicKey,
      limits: parentGrant.limits,
      maxRequestSeconds: 30,
      grantHashes: [hashGrant(parentGrant, deployment)],
      last: parentGrant,
    })
  })

  test.each<[string, () => Partial<Grant>, string]>([
    ['expired to the second', () => ({ validUntil: now }), 'grant-expired'],
    ['not valid yet', () => ({ validAfter: now + limits.clockSkewSeconds + 1 }), 'grant-expired'],
    ['of more than 7 days', () => ({ validUntil: now - 100 + limits.grantSessionSeconds + 1 }), 'grant-invalid'],
    [
      'of more than 7 days with a second permission for templates',
      () => ({
        validUntil: now + 30 * 86_400,
        permissions: [
          ...parentGrant.permissions,
          { dataset: otherDataset, abilities: abilities.query, templatesRoot: template },
        ],
      }),
      'grant-invalid',
    ],
    [
      'of an unknown ability',
      () => ({ permissions: [{ dataset, abilities: 4 | 1, templatesRoot: zeroHash }] }),
      'grant-invalid',
    ],
    [
      'of the highest ability bit',
      () => ({ permissions: [{ dataset, abilities: 0x8000_0001, templatesRoot: zeroHash }] }),
      'grant-invalid',
    ],
    ['of no ability', () => ({ permissions: [{ dataset, abilities: 0, templatesRoot: zeroHash }] }), 'grant-invalid'],
    [
      'of another dataset',
      () => ({ permissions: [{ dataset: otherDataset, abilities: 1, templatesRoot: zeroHash }] }),
      'grant-invalid',
    ],
    ['with a parent that is not there', () => ({ parentGrantHash: template }), 'grant-invalid'],
    ['that names a node twice', () => ({ nodes: [parentGrant.nodes[0]!, parentGrant.nodes[0]!] }), 'grant-invalid'],
    ['to an account by a P-256 key', () => ({ profile: 'eoa' as const }), 'grant-invalid'],
    ['to a P-256 key by an account', () => ({ delegateKey: nodeA }), 'grant-invalid'],
  ])('%s is refused', async (_name, change, code) => {
    await expect(verify([await signRoot({ ...parentGrant, ...change() })])).rejects.toMatchObject({ code })
  })

  test.each<[string, () => Partial<Grant>]>([
    ['valid for one more second', () => ({ validUntil: now + 1 })],
    ['of a clock a little ahead', () => ({ validAfter: now + limits.clockSkewSeconds })],
    ['of exactly 7 days', () => ({ validUntil: now - 100 + limits.grantSessionSeconds })],
    ['to every dataset', () => ({ permissions: [{ dataset: zeroHash, abilities: 3, templatesRoot: zeroHash }] })],
  ])('%s holds', async (_name, change) => {
    await expect(verify([await signRoot({ ...parentGrant, ...change() })])).resolves.toMatchObject({ root })
  })

  test('without a grant, or a chain that is too deep, is refused', async () => {
    const signed = await signRoot(parentGrant)
    await expect(verify([])).rejects.toMatchObject({ code: 'grant-invalid' })
    await expect(verify([signed, signed, signed, signed])).rejects.toMatchObject({ code: 'grant-invalid' })
  })
})

/** Every field changed in every direction that allows more; a new field does not compile until it is here. */
type Widening = [name: string, child: () => Partial<Grant>, parent?: Partial<Grant>]
const widenings: Record<
  Exclude<keyof Grant, 'delegateKey' | 'profile' | 'id' | 'revision' | 'parentGrantHash' | 'limits'>,
  Widening[]
> & {
  limits: Record<keyof Grant['limits'], 'number'>
} = {
  root: [['another account', () => ({ root: nodeA })]],
  origin: [
    ['another origin', () => ({ origin: 'https://b.example' })],
    ['any origin', () => ({ origin: '' })],
  ],
  permissions: [
    [
      'another dataset',
      () => ({
        permissions: [...parentGrant.permissions, { dataset: otherDataset, abilities: 1, templatesRoot: zeroHash }],
      }),
    ],
    ['every dataset', () => ({ permissions: [{ dataset: zeroHash, abilities: 1, templatesRoot: zeroHash }] })],
    ['another ability', () => ({ permissions: [{ dataset, abilities: 3, templatesRoot: zeroHash }] })],
    [
      'free SQL under templates',
      () => ({ permissions: [{ dataset, abilities: 1, templatesRoot: zeroHash }] }),
      { permissions: [{ dataset, abilities: 1, templatesRoot: template }] },
    ],
    [
      'other templates',
      () => ({ permissions: [{ dataset, abilities: 1, templatesRoot: otherDataset }] }),
      { permissions: [{ dataset, abilities: 1, templatesRoot: template }] },
    ],
    [
      'abilities joined from two permissions',
      () => ({ permissions: [{ dataset, abilities: 3, templatesRoot: zeroHash }] }),
      {
        permissions: [
          { dataset, abilities: 1, templatesRoot: zeroHash },
          { dataset, abilities: 2, templatesRoot: zeroHash },
        ],
      },
    ],
  ],
  nodes: [
    ['any node', () => ({ nodes: [] })],
    ['another node', () => ({ nodes: [{ signer: root, bps: 1 }] })],
    ['a larger share', () => ({ nodes: [{ signer: nodeA, bps: 5001 }] })],
  ],
  epoch: [
    ['a later epoch', () => ({ epoch: 4 })],
    ['an earlier epoch', () => ({ epoch: 2 })],
  ],
  validAfter: [['an earlier start', () => ({ validAfter: now - 101 })]],
  validUntil: [['a later end', () => ({ validUntil: now + 1001 })]],
  maxRequestSeconds: [['longer requests', () => ({ maxRequestSeconds: 31 })]],
  maxChildren: [
    ['as many children', () => ({ maxChildren: 2 })],
    ['a child of a childless parent', () => ({ maxChildren: 0 }), { maxChildren: 0 }],
  ],
  limits: { maxRows: 'number', maxBytes: 'number', perMinute: 'number', perDay: 'number', total: 'number' },
}
const { limits: limitKeys, ...byField } = widenings
const cases: [field: string, ...Widening][] = [
  ...Object.entries(byField).flatMap(([field, list]) => list.map((one): [string, ...Widening] => [field, ...one])),
  ...(Object.keys(limitKeys) as (keyof Grant['limits'])[]).map((key): [string, ...Widening] => [
    'limits',
    `more ${key}`,
    () => ({ limits: { ...parentGrant.limits, [key]: parentGrant.limits[key] + 1 } }),
  ]),
]

describe('a child grant', () => {
  test('that equals or narrows its parent holds', async () => {
    const verified = await verifyPair({})
    expect(verified).toMatchObject({ root, delegateKey: child.publicKey })
    expect(verified.grantHashes).toHaveLength(2)
    await expect(
      verifyPair({
        nodes: [{ signer: nodeB, bps: 1 }],
        validAfter: now,
        validUntil: now + 1,
        maxRequestSeconds: 1,
        maxChildren: 0,
        limits: { maxRows: 1, maxBytes: 1, perMinute: 1, perDay: 1, total: 1 },
      }),
    ).resolves.toMatchObject({ limits: { maxRows: 1 } })
  })

  test('that narrows an open parent holds', async () => {
    const open = { origin: '', nodes: [], permissions: [{ dataset: zeroHash, abilities: 3, templatesRoot: zeroHash }] }
    await expect(verifyPair({}, open)).resolves.toMatchObject({ root })
  })

  test.each(cases)('widened in %s by %s is refused', async (field, _name, change, parentChange) => {
    await expect(verifyPair(change(), parentChange)).rejects.toMatchObject({ code: 'grant-widened', details: field })
  })

  test('of another parent, signed by a stranger or by its own key is refused', async () => {
    const parent = await signRoot(parentGrant)
    await expect(verifyPair({ parentGrantHash: template })).rejects.toMatchObject({ code: 'grant-invalid' })
    for (const parentKey of [stranger, child]) {
      const forged = await signChildGrant({ grant: childGrant, parentKey, deployment })
      await expect(verify([parent, forged])).rejects.toMatchObject({ code: 'grant-invalid' })
    }
  })

  test('cannot stand first, and its chain cannot be reordered or cut', async () => {
    const parent = await signRoot(parentGrant)
    const signed = await signChildGrant({ grant: childGrant, parentKey: session, deployment })
    for (const chain of [[signed], [signed, parent], [parent, parent], [parent, signed, signed]]) {
      await expect(verify(chain)).rejects.toMatchObject({ code: 'grant-invalid' })
    }
  })

  test('of an account parent is signed by that account', async () => {
    const parent = { ...parentGrant, profile: 'eoa' as const, delegateKey: root }
    const grant = { ...childGrant, parentGrantHash: hashGrant(parent, deployment) }
    await expect(verify([await signRoot(parent), await signRoot(grant)])).resolves.toMatchObject({ root })
    const forged = await signChildGrant({ grant, parentKey: session, deployment })
    await expect(verify([await signRoot(parent), forged])).rejects.toMatchObject({ code: 'grant-invalid' })
  })

  test('may follow a child, three in all', async () => {
    const third = { ...childGrant, maxChildren: 0, parentGrantHash: hashGrant(childGrant, deployment) }
    const chain = [
      await signRoot(parentGrant),
      await signChildGrant({ grant: childGrant, parentKey: session, deployment }),
      await signChildGrant({ grant: third, parentKey: child, deployment }),
    ]
    await expect(verify(chain)).resolves.toMatchObject({ last: third })
  })
})

/** Every field changed after signing; a new field does not compile until it is here. */
const changes: Record<keyof Grant, (grant: Grant) => unknown> = {
  root: () => nodeA,
  delegateKey: () => stranger.publicKey,
  profile: ({ profile }) => (profile === 'p256' ? 'eoa' : 'p256'),
  origin: () => 'https://b.example',
  permissions: ({ permissions }) => [{ ...permissions[0], abilities: 3 }],
  nodes: ({ nodes }) => nodes.slice(1),
  id: () => template,
  revision: ({ revision }) => revision + 1,
  epoch: ({ epoch }) => epoch + 1,
  validAfter: ({ validAfter }) => validAfter + 1,
  validUntil: ({ validUntil }) => validUntil + 1,
  maxRequestSeconds: ({ maxRequestSeconds }) => maxRequestSeconds - 1,
  maxChildren: ({ maxChildren }) => maxChildren - 1,
  limits: ({ limits: signed }) => ({ ...signed, total: signed.total - 1 }),
  parentGrantHash: () => template,
}

describe('a signed grant', () => {
  test.each(Object.entries(changes))('with another %s is refused, as root and as child', async (field, change) => {
    const parent = await signRoot(parentGrant)
    const signed = await signChildGrant({ grant: childGrant, parentKey: session, deployment })
    const tamper = ({ grant, signature }: SignedGrant) => ({ grant: { ...grant, [field]: change(grant) }, signature })
    await expect(verify([tamper(parent)])).rejects.toThrow()
    await expect(verify([tamper(parent)])).rejects.toMatchObject({ code: 'grant-invalid' })
    await expect(verify([parent, tamper(signed)])).rejects.toMatchObject({
      code: expect.stringMatching(/^grant-(invalid|widened)$/) as string,
    })
  })

  test('hashes to another value with every field', () => {
    const hashes = Object.entries(changes).map(([field, change]) =>
      hashGrant({ ...parentGrant, [field]: change(parentGrant) }, deployment),
    )
    expect(new Set([...hashes, hashGrant(parentGrant, deployment)]).size).toBe(hashes.length + 1)
  })

  test('is for one deployment', async () => {
    const signed = await signRoot(parentGrant)
    for (const other of [
      { ...deployment, chainId: 1 },
      { ...deployment, marketplace: nodeA },
    ]) {
      await expect(verify([signed], { deployment: other })).rejects.toMatchObject({ code: 'grant-invalid' })
    }
  })

  test('with any bit of its signature flipped is refused', async () => {
    const parent = await signRoot(parentGrant)
    const signed = await signChildGrant({ grant: childGrant, parentKey: session, deployment })
    const flip = (one: SignedGrant, at: number): SignedGrant => {
      const bytes = fromBareHex(one.signature.slice(2))
      return { grant: one.grant, signature: bytesToHex(bytes.with(at, bytes[at]! ^ (1 << (at % 8)))) }
    }
    for (let at = 0; at < 64; at += 3) {
      await expect(verify([flip(parent, at)])).rejects.toMatchObject({ code: 'grant-invalid' })
      await expect(verify([parent, flip(signed, at)])).rejects.toMatchObject({ code: 'grant-invalid' })
    }
    await expect(verify([flip(parent, 64)])).rejects.toMatchObject({ code: 'grant-invalid' })
  })

  test('of a smart account is asked of its contract, once, and a refusal holds', async () => {
    const smart: SignedGrant = { grant: { ...parentGrant, root: nodeA }, signature: '0x1234' }
    await expect(verify([smart])).rejects.toMatchObject({ code: 'grant-invalid' })
    const asked: unknown[] = []
    const answer = (valid: boolean) => (request: unknown) => {
      asked.push(request)
      return Promise.resolve(valid)
    }
    await expect(verify([smart], { verifyContractSignature: answer(true) })).resolves.toMatchObject({ root: nodeA })
    await expect(verify([smart], { verifyContractSignature: answer(false) })).rejects.toMatchObject({
      code: 'grant-invalid',
    })
    const digest = hashGrant(smart.grant, deployment)
    expect(asked).toEqual([1, 2].map(() => ({ account: nodeA, digest, signature: '0x1234' })))
    const unreachable = () => Promise.reject(new TypeError('no answer'))
    await expect(verify([smart], { verifyContractSignature: unreachable })).rejects.toThrow('no answer')
  })

  test('is remembered by digest and signature together', async () => {
    const signed = await signRoot(parentGrant)
    const known = new Set<string>()
    const memory = {
      isKnownSignature: (digest: Hex, signature: Hex) => known.has(digest + signature),
      rememberSignature: (digest: Hex, signature: Hex) => void known.add(digest + signature),
    }
    await verify([signed], memory)
    expect(known.size).toBe(1)
    await expect(verify([signed], memory)).resolves.toMatchObject({ root })
    const forged = { grant: { ...parentGrant, revision: 2 }, signature: signed.signature }
    await expect(verify([forged], memory)).rejects.toMatchObject({ code: 'grant-invalid' })
    expect(known.size).toBe(1)
  })
})
