/** Embeds on real processes: a subscriber signs once, and anybody asks what it allows, and nothing else. */
import { createEmbeds, type EmbedPublication, type EmbedTerms, mintGrant } from '@enigma/client/embeds'
import { createSessionKey, hashGrant } from '@enigma/crypto'
import { announceEmbed, fetchEmbed } from '@enigma/network'
import { type Embed, type Hex, type Template } from '@enigma/protocol'
import { codeOf } from '@enigma/testing'
import { multiaddr } from '@multiformats/multiaddr'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createCleanup } from '../network/support/nodes.ts'
import { askAs } from './support/ask-embed.ts'
import { startTestNetwork, type TestNetwork, type TestSubscriber } from './support/network.ts'

const cleanup = createCleanup()
const waiting = { timeout: 20_000, interval: 100 }
const column = (name: string, type: string) => ({ name, type, encryption: 'none' })

let net: TestNetwork
let owner: TestSubscriber
let visitor: TestSubscriber
let dataset: string
let embed: Embed

const above: Template = {
  name: 'above',
  sql: 'SELECT id, word FROM words WHERE id >= $1 ORDER BY id',
  parameters: [
    {
      name: 'least',
      type: 'bigint',
      allowed: { kind: 'range', min: { type: 'bigint', value: '2' }, max: { type: 'bigint', value: '4' } },
    },
  ],
  maxRows: 2,
}
const terms: Pick<EmbedTerms, 'templates' | 'limits' | 'expiresInSeconds'> = {
  templates: [above],
  limits: { maxRows: 2, maxBytes: 1024 ** 2, perMinute: 100, perDay: 1000, total: 1000 },
  expiresInSeconds: 86_400,
}

const ownEmbeds = () => owner.client.extend(createEmbeds)
const visitorEmbeds = () => visitor.client.extend(createEmbeds)
const create = (more: Partial<EmbedTerms> = {}) =>
  ownEmbeds().create({ signer: owner.signer, dataset, terms: { ...terms, ...more } })
const idOf = ({ grant }: Embed): Hex => grant.grant.id

async function ask(parameters: Parameters<ReturnType<typeof createEmbeds>['ask']>[0], embeds = visitorEmbeds()) {
  return (await embeds.ask(parameters)).collect()
}

beforeAll(async () => {
  net = await startTestNetwork()
  cleanup.add(() => net.stop())
  const node = await net.startNode('public', { roles: ['persistence'] })
  const table = { name: 'words', columns: [column('id', 'bigint'), column('word', 'text')] }
  dataset = await net.register({
    name: 'words',
    description: { tables: [table] },
    nodes: [{ node, roles: 'persistence' }],
  })
  const file = join(net.directory, 'words.csv')
  await writeFile(file, 'id,word\n1,one\n2,two\n3,three\n4,four\n5,five\n')
  await net.enigma('dataset', 'publish', dataset, `words=${file}`)
  owner = await net.subscribe([dataset])
  visitor = await net.subscribe([])
  embed = await create()
  // A node may see the block of the subscription after the subscriber does.
  await vi.waitFor(() => ask({ grant: idOf(embed) }), waiting)
}, 120_000)
afterAll(() => cleanup.run())

describe('an open embed', () => {
  test('gives its rows to one without a subscription, verified as any answer', async () => {
    const { rows, receipt, path } = await ask({ grant: idOf(embed), parameters: { least: 3 } })
    expect(rows).toEqual([
      [3n, 'three'],
      [4n, 'four'],
    ])
    expect([receipt.receipt.rows, path]).toEqual([2, 'blind'])
    const { rows: first } = await ask({ grant: idOf(embed), template: 'above', path: 'direct' })
    expect(first.map(([id]) => id)).toEqual([2n, 3n])
  })

  test.each([
    ['a parameter out of its range', { parameters: { least: 5 } }, 'parameter-invalid'],
    ['a parameter that holds SQL', { parameters: { least: '2 OR true' } }, 'parameter-invalid'],
    ['an unknown parameter', { parameters: { most: 5 } }, 'parameter-invalid'],
    ['an unknown template', { template: 'below' }, 'template-unknown'],
    ['more rows', { maxRows: 1_000_000 }, 'answered'],
  ])('%s', async (_, more, code) => {
    expect(await codeOf(ask({ grant: idOf(embed), ...more }))).toBe(code)
  })

  test('the very node refuses what a client lets through', async () => {
    const { client } = visitor
    const found = await visitorEmbeds().find({ id: idOf(embed) })
    expect(await codeOf(askAs(client, found, { parameters: [{ type: 'bigint', value: '5' }] }))).toBe(
      'parameter-invalid',
    )
    expect(await codeOf(askAs(client, found, { sql: 'SELECT * FROM words', parameters: [] }))).toBe('template-unknown')
    expect(await codeOf(askAs(client, found, { maxRows: 3 }))).toBe('limit-too-high')
    expect(await codeOf(askAs(client, found, {}))).toBe('answered')
  })

  test('is for the sites that its owner names', async () => {
    const bound = await create({ origins: ['https://blog.example', 'https://shop.example'] })
    expect(await codeOf(ask({ grant: idOf(bound), origin: 'https://shop.example' }))).toBe('answered')
    expect(await codeOf(ask({ grant: idOf(bound), origin: 'https://thief.example' }))).toBe('grant-invalid')
  })

  test('nobody knows one that was never published', async () => {
    const id: Hex = `${owner.account}${'00'.repeat(12)}`
    expect(await codeOf(ask({ grant: id }))).toBe('grant-unknown')
  })
})

describe('revisions', () => {
  test('a paused one asks for nothing more, at the node either, and comes back without a new snippet', async () => {
    const first = await create()
    const paused = await ownEmbeds().revise({ signer: owner.signer, embed: first, change: { isPaused: true } })
    expect(await codeOf(ask({ grant: idOf(first) }))).toBe('grant-paused')
    // Whoever keeps the first revision is refused by the node, which asks its relays.
    expect(await codeOf(askAs(visitor.client, first, {}))).toBe('grant-paused')
    await ownEmbeds().revise({ signer: owner.signer, embed: paused, change: { isPaused: false } })
    expect(await codeOf(ask({ grant: idOf(first) }))).toBe('answered')
    expect(await codeOf(askAs(visitor.client, first, {}))).toBe('grant-superseded')
  })

  test('every relay learns of what one was told, and lists it for its owner', async () => {
    const [, second] = net.relays
    const told = await create()
    const { client, signer } = owner
    const change = { limits: { ...terms.limits, total: 7 } }
    const revised = await client.extend(createEmbeds).revise({ signer, embed: told, change })
    const connection = await owner.host.dial(multiaddr(second?.multiaddrs[0]))
    await vi.waitFor(async () => {
      const known = await fetchEmbed({ connection, id: idOf(told) })
      expect(known?.grant.grant.revision).toBe(revised.grant.grant.revision)
    }, waiting)
    const listed = await visitorEmbeds().of({ account: owner.account })
    expect(listed.find((each) => idOf(each) === idOf(told))?.grant.grant.limits.total).toBe(7)
    expect(await codeOf(announceEmbed({ connection, embed: told }))).toBe('grant-superseded')
  })

  test('an owner signs no change of what she did not sign, whoever hands it out', async () => {
    const { grant } = embed
    const limits = { ...grant.grant.limits, perDay: 4_000_000_000 }
    const forged = { ...embed, grant: { ...grant, grant: { ...grant.grant, revision: 99, limits } } }
    const signer = { address: owner.signer.address, signTypedData: vi.fn(() => Promise.resolve('0x' as const)) }
    expect(await codeOf(ownEmbeds().revise({ signer, embed: forged, change: { isPaused: true } }))).toBe(
      'grant-invalid',
    )
    expect(signer.signTypedData).not.toHaveBeenCalled()
  })

  test('only a subscriber’s are kept, and only as their wallet signed them', async () => {
    const connection = await visitor.host.dial(multiaddr(net.relays[0]?.multiaddrs[0]))
    const { signer } = visitor
    expect(await codeOf(visitorEmbeds().create({ signer, dataset, terms }))).toBe('no-subscription')
    const { grant } = embed
    const forged = { ...embed, grant: { ...grant, grant: { ...grant.grant, revision: 99 } } }
    expect(await codeOf(announceEmbed({ connection, embed: forged }))).toBe('grant-invalid')
    const otherTemplates = { ...forged, templates: [{ ...above, maxRows: 5_000_000 }] }
    expect(await codeOf(announceEmbed({ connection, embed: otherTemplates }))).toBe('grant-invalid')
  })
})

test('a visitor who holds an older revision is asked by the present one', async () => {
  const first = await create()
  const embeds = visitorEmbeds()
  expect((await ask({ grant: idOf(first) }, embeds)).attempts).toBe(1)
  const change = { limits: { ...terms.limits, total: 9 } }
  const second = await ownEmbeds().revise({ signer: owner.signer, embed: first, change })
  expect(await codeOf(askAs(visitor.client, second, {}))).toBe('answered')
  expect((await ask({ grant: idOf(first) }, embeds)).attempts).toBe(2)
})

test('a visitor goes on by a narrower revision that came meanwhile, by itself', async () => {
  const first = await create()
  const embeds = visitorEmbeds()
  expect((await ask({ grant: idOf(first) }, embeds)).rows).toHaveLength(2)
  const published: EmbedPublication[] = []
  const second = await ownEmbeds().revise({
    ...{ signer: owner.signer, embed: first, change: { limits: { ...terms.limits, maxRows: 1 } } },
    onPublished: (told) => published.push(told),
  })
  expect(published).toEqual([{ taken: 2, relays: 2, failures: [] }])
  expect(await codeOf(askAs(visitor.client, second, { maxRows: 1 }))).toBe('answered')
  expect(await ask({ grant: idOf(first) }, embeds)).toMatchObject({ attempts: 2, rowCount: 1 })
})

test('of two changes made at once one counts everywhere, and whoever made the other is told', async () => {
  const first = await create()
  const change = (total: number) =>
    ownEmbeds().revise({ signer: owner.signer, embed: first, change: { limits: { ...terms.limits, total } } })
  const settled = await Promise.allSettled([change(8), change(9)])
  const won = settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
  const lost = settled.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []))
  for (const reason of lost) expect(reason).toMatchObject({ code: 'grant-superseded' })
  const lowest = won.map(({ grant }) => hashGrant(grant.grant, net.network)).toSorted()[0]
  expect(lowest).toBeDefined()
  for (const { multiaddrs } of net.relays) {
    const connection = await visitor.host.dial(multiaddr(multiaddrs[0]))
    await vi.waitFor(async () => {
      const known = await fetchEmbed({ connection, id: idOf(first) })
      expect(known && hashGrant(known.grant.grant, net.network)).toBe(lowest)
    }, waiting)
  }
})

test('one that is too large is not signed', async () => {
  const values = Array.from({ length: 9 }, (_, index) => ({
    type: 'text' as const,
    value: `${index}`.padEnd(8_000, 'x'),
  }))
  const large = { name: 'word', type: 'text' as const, allowed: { kind: 'values' as const, values } }
  const template = { ...above, name: 'large', sql: 'SELECT id FROM words WHERE word = $1', parameters: [large] }
  expect(await codeOf(create({ templates: [template] }))).toBe('setting-invalid')
})

test('nodes count, and tell the owner alone', async () => {
  const counted = await create()
  const id = idOf(counted)
  for (const least of [2, 3, 4]) await ask({ grant: id, parameters: { least } })
  const { account } = owner
  // Rows are debited once the last frame was handed out, which the visitor need not wait for.
  await vi.waitFor(async () => {
    const { usage, answered, missing } = await ownEmbeds().usage({ dataset, account, ids: [id, idOf(embed)] })
    expect([answered, missing]).toEqual([1, 0])
    expect(usage.get(id)).toMatchObject({ totalQueries: 3, dayQueries: 3 })
    expect(usage.get(id)?.dayBytes).toBeLessThan(10_000)
  }, waiting)
  const stranger = { dataset, account: visitor.account, ids: [id] }
  expect(await codeOf(visitorEmbeds().usage(stranger))).toBe('grant-invalid')
})

test('one that would answer nobody is not signed', async () => {
  expect(await codeOf(create({ limits: { ...terms.limits, perMinute: 0 } }))).toBe('setting-invalid')
})

test('a minted embed answers whom its site’s server lets in', async () => {
  const [minter, visitorKey] = await Promise.all([createSessionKey(), createSessionKey()])
  const minted = await create({ minter: minter.publicKey })
  const nowSeconds = Math.floor(Date.now() / 1000)
  const grant = await mintGrant({
    ...{ embed: minted, minter, visitorKey: visitorKey.publicKey, deployment: net.network, nowSeconds },
    total: 1,
  })
  const query = { grant: idOf(minted), minted: { grant, key: visitorKey } }
  expect(await codeOf(ask({ grant: idOf(minted) }))).toBe('grant-invalid')
  expect(await codeOf(ask(query))).toBe('answered')
  expect(await codeOf(ask(query))).toBe('rate-limited')
})
