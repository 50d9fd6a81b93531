/** Embeds at a node: templates and no other SQL, within what the owner allowed, whoever asks and however often. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { claimTemplate, createSessionKey, hashGrant, signChildGrant } from '@enigma/crypto'
import { abilities, type Parameter, zeroHash } from '@enigma/protocol'
import { codeOf } from '@enigma/testing'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { createOwner, createVisit, type EmbedOwner, revise, templates, visit } from './fixtures/embed-scene.ts'
import {
  addressOf,
  type Asker,
  createNode,
  dataset,
  deployment,
  randomHex,
  signAndEncode,
  startSeconds,
  verifyBytes,
} from './fixtures/query-scene.ts'

const bigint = (value: string): Parameter => ({ type: 'bigint', value })
const directories: string[] = []
afterEach(async () => {
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true })
})

describe('an open embed', () => {
  test('answers its templates to any key, and pays from its owner', async () => {
    const node = createNode()
    const owner = await createOwner(node)
    const { account, tier } = await visit(node, owner)
    expect([account, tier]).toEqual([addressOf(owner.asker.wallet), 'paid'])
    await expect(visit(node, owner, { name: 'newest', parameters: [] })).resolves.toMatchObject({ tier: 'paid' })
  })

  test.each<[string, Parameter[], string]>([
    ['the least value', [bigint('1')], 'answered'],
    ['the greatest value', [bigint('100')], 'answered'],
    ['one below', [bigint('0')], 'parameter-invalid'],
    ['one above', [bigint('101')], 'parameter-invalid'],
    ['another type', [{ type: 'double', value: 5 }], 'parameter-invalid'],
    ['text', [{ type: 'text', value: '5 or 1=1' }], 'parameter-invalid'],
    ['null', [{ type: 'null' }], 'parameter-invalid'],
    ['none', [], 'parameter-invalid'],
    ['one more', [bigint('5'), bigint('5')], 'parameter-invalid'],
  ])('of %s', async (_, parameters, code) => {
    const node = createNode()
    expect(await codeOf(visit(node, await createOwner(node), { parameters }))).toBe(code)
  })

  test('no SQL but a template’s own, to the byte', async () => {
    const node = createNode()
    const owner = await createOwner(node)
    const sql = templates[0]?.sql ?? ''
    const claim = await claimTemplate(templates, 'above')
    const changes = [
      { sql: `${sql} ` },
      { sql: sql.toUpperCase() },
      { sql: 'select * from candles', parameters: [] },
      { template: { ...claim, terms: { ...claim.terms, maxRows: 1000 } }, maxRows: 10 },
      { template: { ...claim, proof: [] } },
      { template: { ...claim, index: 1 } },
      { template: { ...claim, count: 3 } },
      { template: { ...claim, proof: [zeroHash] } },
    ]
    for (const overrides of changes) {
      expect(await codeOf(visit(node, owner, { overrides }))).toBe('template-unknown')
    }
    const { visitor, query } = await createVisit(node, owner)
    const free = { ...query }
    delete free.template
    expect(await codeOf(verifyBytes(node, await signAndEncode(visitor, free)))).toBe('grant-invalid')
    expect(await codeOf(visit(node, owner, { overrides: { maxRows: 11 } }))).toBe('limit-too-high')
    expect(await codeOf(visit(node, owner))).toBe('answered')
  })

  test('the templates of another grant are none of this one', async () => {
    const node = createNode()
    const permissions = [{ dataset, abilities: abilities.embed, templatesRoot: randomHex(32) }]
    const other = await createOwner(node, { permissions })
    expect(await codeOf(visit(node, other))).toBe('template-unknown')
  })

  test('whatever text stands in a parameter, it is a value or refused', async () => {
    const node = createNode()
    const owner = await createOwner(node)
    const texts = fc.oneof(fc.string({ maxLength: 60 }), fc.constantFrom("1'; drop table candles --", '1 union select'))
    await fc.assert(
      fc.asyncProperty(texts, async (value) => {
        expect(await codeOf(visit(node, owner, { parameters: [{ type: 'text', value }] }))).toMatch(
          /^(parameter-invalid|unreadable)$/,
        )
      }),
      { numRuns: 100 },
    )
  })
})

describe('what an owner may not sign away', () => {
  const cases: Record<string, (node: ReturnType<typeof createNode>) => Partial<EmbedOwner['grant']>> = {
    'SQL of one’s own to anybody': () => ({
      permissions: [{ dataset, abilities: abilities.embed | abilities.query, templatesRoot: randomHex(32) }],
    }),
    'an embed without templates': () => ({
      permissions: [{ dataset, abilities: abilities.embed, templatesRoot: zeroHash }],
    }),
    'budgets that every node spends whole': () => ({ nodes: [] }),
    'shares of more than the whole': (node) => ({
      nodes: [
        { signer: node.signer, bps: 6000 },
        { signer: randomHex(20), bps: 6000 },
      ],
    }),
    'more than 30 days': () => ({ validUntil: startSeconds + 40 * 86_400 }),
    'an id that names another account': () => ({ id: randomHex(32) }),
    'another node': () => ({ nodes: [{ signer: randomHex(20), bps: 10_000 }] }),
  }
  test.each(Object.entries(cases))('%s', async (_, change) => {
    const node = createNode()
    expect(await codeOf(visit(node, await createOwner(node, change(node))))).toBe('grant-invalid')
  })

  test('an open grant has no children: nobody holds its key', async () => {
    const node = createNode()
    const owner = await createOwner(node, { maxChildren: 5 })
    const { visitor, query } = await createVisit(node, owner)
    const grant = { ...owner.grant, profile: 'p256' as const, delegateKey: visitor.session.publicKey, maxChildren: 0 }
    const parentGrantHash = hashGrant(owner.grant, deployment)
    const child = await signChildGrant({ grant: { ...grant, parentGrantHash }, parentKey: visitor.session, deployment })
    const grants: Asker['grants'] = [owner.embed.grant, child]
    const asked = { ...query, grantHash: hashGrant(child.grant, deployment) }
    expect(await codeOf(verifyBytes(node, await signAndEncode(visitor, asked, grants)))).toBe('grant-invalid')
  })
})

describe('a minted grant', () => {
  async function mint(change: Partial<EmbedOwner['grant']> = {}) {
    const node = createNode()
    const [minter, visitorKey] = await Promise.all([createSessionKey(), createSessionKey()])
    const owner = await createOwner(node, { profile: 'p256', delegateKey: minter.publicKey, maxChildren: 1 })
    const { visitor, query } = await createVisit(node, owner)
    const grant = {
      ...owner.grant,
      ...{
        profile: 'p256' as const,
        delegateKey: visitorKey.publicKey,
        maxChildren: 0,
        id: randomHex(32),
        revision: 0,
      },
      ...{ validUntil: startSeconds + 300, parentGrantHash: hashGrant(owner.grant, deployment), ...change },
    }
    const child = await signChildGrant({ grant, parentKey: minter, deployment })
    const ask = async (session = visitorKey) => {
      const fresh = { ...query, nonce: randomHex(16), sessionKey: session.publicKey, issuedAt: node.clock.seconds }
      const asked = { ...fresh, expiresAt: fresh.issuedAt + 60, grantHash: hashGrant(grant, deployment) }
      const asker: Asker = { ...visitor, session, grants: [owner.embed.grant, child] }
      return codeOf(verifyBytes(node, await signAndEncode(asker, asked)))
    }
    return { node, owner, ask }
  }

  test('is its visitor’s alone, for some minutes', async () => {
    const { node, owner, ask } = await mint()
    expect(await ask()).toBe('answered')
    expect(await ask(await createSessionKey())).toBe('grant-invalid')
    expect(await codeOf(visit(node, owner))).toBe('grant-invalid')
    node.clock.seconds += 300
    expect(await ask()).toBe('grant-expired')
  })

  test.each<[string, Partial<EmbedOwner['grant']>]>([
    ['longer', { validUntil: startSeconds + 21 * 86_400 }],
    ['of more rows', { limits: { maxRows: 11, maxBytes: 1, perMinute: 1, perDay: 1, total: 1 } }],
    ['of other templates', { permissions: [{ dataset, abilities: abilities.embed, templatesRoot: randomHex(32) }] }],
    ['with children of its own', { maxChildren: 1 }],
  ])('%s than the embed is widened', async (_, change) => {
    const { ask } = await mint(change)
    expect(await ask()).toBe('grant-widened')
  })
})

describe('budgets of an embed', () => {
  const limits = { maxRows: 10, maxBytes: 2 ** 20, perMinute: 100, perDay: 100, total: 5 }
  const ask = (node: ReturnType<typeof createNode>, owner: EmbedOwner, times: number) =>
    Promise.all(Array.from({ length: times }, () => codeOf(visit(node, owner))))

  test('are one for all visitors and all revisions, and outlive a restart', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'enigma-embed-'))
    directories.push(directory)
    const path = join(directory, 'node.sqlite')
    const signer = randomHex(20)
    const before = createNode({ path, signer })
    const owner = await createOwner(before, { limits })
    expect(await ask(before, owner, 2)).toEqual(['answered', 'answered'])
    const next = await revise(owner, before, {})
    expect(await ask(before, next, 2)).toEqual(['answered', 'answered'])
    before.database.close()
    const after = createNode({ path, signer })
    const access = { paidEnd: startSeconds + 86_400, trialEnd: 0, sinceBlock: 50 }
    after.chain.accounts.set(`${dataset} ${addressOf(owner.asker.wallet)}`, access)
    expect((await ask(after, next, 4)).toSorted()).toEqual(['answered', 'rate-limited', 'rate-limited', 'rate-limited'])
    expect(await codeOf(visit(after, owner))).toBe('grant-superseded')
    after.database.close()
  })

  test('are shared by nodes, so that all of them together give no more', async () => {
    const nodes = Array.from({ length: 8 }, () => createNode())
    const shares = nodes.map(({ signer }) => ({ signer, bps: 1250 }))
    const [first] = nodes
    const total = { ...limits, total: 40 }
    const owner = await createOwner(first!, { limits: total, nodes: shares })
    const access = { paidEnd: startSeconds + 86_400, trialEnd: 0, sinceBlock: 50 }
    for (const { chain } of nodes) chain.accounts.set(`${dataset} ${addressOf(owner.asker.wallet)}`, access)
    const codes = (await Promise.all(nodes.map((node) => ask(node, owner, 8)))).flat()
    expect(codes.filter((code) => code === 'answered')).toHaveLength(40)
    expect(new Set(codes)).toEqual(new Set(['answered', 'rate-limited']))
  })

  test('of two embeds of one account stand below the account’s own', async () => {
    const node = createNode({ limits: { account: { perMinute: 6, perDay: 99, total: 99, bytesPerDay: 2 ** 40 } } })
    const one = await createOwner(node)
    const two = await createOwner(node, {}, one.asker)
    const codes = [...(await ask(node, one, 4)), ...(await ask(node, two, 4))]
    expect(codes.filter((code) => code === 'answered')).toHaveLength(6)
  })
})

describe('revisions', () => {
  test('a pause that a relay knows is obeyed within a minute, and a later one resumes', async () => {
    const node = createNode()
    const owner = await createOwner(node)
    expect(await codeOf(visit(node, owner))).toBe('answered')
    const [{ templatesRoot } = { templatesRoot: zeroHash }] = owner.grant.permissions
    const paused = await revise(owner, node, { permissions: [{ dataset, abilities: 0, templatesRoot }] })
    node.relays.embeds = [owner.embed, paused.embed]
    node.clock.seconds += 60
    expect(await codeOf(visit(node, owner))).toBe('grant-paused')
    const resumed = await revise(paused, node, { permissions: owner.grant.permissions })
    expect(await codeOf(visit(node, resumed))).toBe('answered')
    expect(await codeOf(visit(node, owner))).toBe('grant-superseded')
  })

  test('what relays say is believed only where the owner signed it', async () => {
    const node = createNode()
    const owner = await createOwner(node)
    const stranger = await createOwner(node)
    const forged = { ...owner.embed, grant: { ...owner.embed.grant, grant: { ...owner.grant, revision: 9 } } }
    const taken = await createOwner(node, { id: owner.grant.id, revision: 9 }, stranger.asker)
    node.relays.embeds = [forged, taken.embed]
    expect(await codeOf(visit(node, owner))).toBe('answered')
  })

  test('a revision that has ended ends those before it', async () => {
    const node = createNode()
    const owner = await createOwner(node)
    const short = await revise(owner, node, { validUntil: startSeconds + 20 })
    node.relays.embeds = [short.embed]
    node.clock.seconds += 50
    expect(await codeOf(visit(node, owner))).toBe('grant-superseded')
    expect(await codeOf(visit(node, short))).toBe('grant-expired')
  })

  test('a trial publishes nothing', async () => {
    const node = createNode()
    const owner = await createOwner(node)
    const access = node.chain.accounts.get(`${dataset} ${addressOf(owner.asker.wallet)}`)
    Object.assign(access ?? {}, { paidEnd: 0, trialEnd: startSeconds + 1000 })
    expect(await codeOf(visit(node, owner))).toBe('no-subscription')
  })

  test('an owner whose subscription has ended pays for nobody', async () => {
    const node = createNode()
    const owner = await createOwner(node)
    const access = node.chain.accounts.get(`${dataset} ${addressOf(owner.asker.wallet)}`)
    Object.assign(access ?? {}, { paidEnd: startSeconds - 100 })
    expect(await codeOf(visit(node, owner))).toBe('subscription-ended')
  })
})
