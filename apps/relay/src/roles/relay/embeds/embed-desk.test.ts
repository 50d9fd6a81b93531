import { hashGrant } from '@enigma/crypto'
import { embedIdOf, encodeEmbed, type Hex, limits, MarketplaceError } from '@enigma/protocol'
import { beforeEach, expect, test } from 'vitest'
import { openDatabase } from '../../../store/open-database.ts'
import { createOwner, type EmbedOwner, revise } from '../../persistence/fixtures/embed-scene.ts'
import {
  addressOf,
  createNode,
  dataset,
  deployment,
  type Node,
  randomHex,
  startSeconds,
} from '../../persistence/fixtures/query-scene.ts'
import { relayMigrations } from '../relay-migrations.ts'
import { createEmbedDesk, type EmbedDesk } from './embed-desk.ts'
import { createEmbedStore, type EmbedStore } from './embed-store.ts'

let node: Node
let owner: EmbedOwner
let desk: EmbedDesk
let store: EmbedStore
let nowSeconds: number
let nowMs: number

beforeEach(async () => {
  node = createNode()
  nowSeconds = startSeconds
  nowMs = 0
  owner = await createOwner(node)
  store = createEmbedStore({
    database: openDatabase({ path: ':memory:', migrations: relayMigrations }),
    deployment,
  })
  desk = createEmbedDesk({
    store,
    deployment,
    accessOf: node.chain.view.accessOf,
    nowSeconds: () => nowSeconds,
    nowMs: () => nowMs,
  })
})

test('an embed of a subscriber is kept, served by its id and by its account, and taken once', async () => {
  const { embed, grant } = owner
  expect(await desk.accept(embed)).toEqual({ isNew: true })
  expect(await desk.accept(embed)).toEqual({ isNew: false })
  expect(desk.embedOf(grant.id)).toEqual(embed)
  expect([...desk.bytesOfAccount(grant.root)]).toEqual([encodeEmbed(embed)])
  expect(desk.bytesOf(grant.id)).toEqual(encodeEmbed(embed))
  expect(desk.embedOf(`0x${'00'.repeat(32)}`)).toBeUndefined()
})

test('the highest revision stays, whichever comes first', async () => {
  const second = await revise(owner, node, { validUntil: startSeconds + 500 })
  await desk.accept(second.embed)
  await expect(desk.accept(owner.embed)).rejects.toMatchObject({ code: 'grant-superseded' })
  expect(desk.embedOf(owner.grant.id)).toEqual(second.embed)
})

test('a revision is taken after the subscription has ended, so that a pause always is; a new embed is not', async () => {
  await desk.accept(owner.embed)
  node.chain.accounts.delete(`${dataset} ${addressOf(owner.asker.wallet)}`)
  expect(await desk.accept((await revise(owner, node, {})).embed)).toEqual({ isNew: true })
  const another = await createOwner(node, {}, owner.asker)
  await expect(desk.accept(another.embed)).rejects.toMatchObject({ code: 'no-subscription' })
})

test('what its account did not sign, or for other templates, is not kept', async () => {
  const stranger = await createOwner(node)
  const { embed, grant } = owner
  const [first, ...rest] = embed.templates
  const changes = [
    { ...embed, grant: stranger.embed.grant, templates: [...rest] },
    { ...embed, grant: { ...embed.grant, grant: { ...grant, revision: 2 } } },
    { ...embed, templates: first === undefined ? [] : [{ ...first, maxRows: 9 }, ...rest] },
    { ...embed, dataset: `${grant.root}/other` },
    (await createOwner(node, { id: stranger.grant.id }, owner.asker)).embed,
    (await createOwner(node, { nodes: [] }, owner.asker)).embed,
  ]
  for (const changed of changes) {
    await expect(desk.accept(changed)).rejects.toBeInstanceOf(MarketplaceError)
  }
  expect([...desk.bytesOfAccount(grant.root)]).toEqual([])
})

/** Embeds of the owner's account as if they had been accepted: nobody verifies what is there. */
function fill(count: number, validUntilOf: (index: number) => number = () => startSeconds + 86_400): Hex[] {
  const { embed, grant } = owner
  return Array.from({ length: count }, (_, index) => {
    const id = embedIdOf(grant.root, crypto.getRandomValues(new Uint8Array(12)))
    const filler = { ...grant, id, validUntil: validUntilOf(index) }
    store.put({ ...embed, grant: { ...embed.grant, grant: filler } }, randomHex(32))
    return id
  })
}

const newEmbed = async () => (await createOwner(node, {}, owner.asker)).embed

test('one account holds so many and no more, and takes no place from another', async () => {
  const stranger = await createOwner(node)
  await desk.accept(stranger.embed)
  fill(limits.embedsPerAccount)
  await expect(desk.accept(owner.embed)).rejects.toMatchObject({ code: 'limit-too-high' })
  expect(desk.embedOf(stranger.grant.id)).toEqual(stranger.embed)
  await expect(desk.accept((await createOwner(node)).embed)).resolves.toEqual({ isNew: true })
})

test('of a full account one that has ended makes room, the first to end, and no live one', async () => {
  const [live] = fill(1)
  const ended = fill(limits.embedsPerAccount - 1, (index) => startSeconds + 200 - index)
  nowSeconds = startSeconds + 300
  expect(await desk.accept(owner.embed)).toEqual({ isNew: true })
  expect(desk.embedOf(ended.at(-1)!)).toBeUndefined()
  expect(desk.embedOf(ended[0]!)).toBeDefined()
  expect(desk.embedOf(live!)).toBeDefined()
  expect([...desk.bytesOfAccount(owner.grant.root)]).toHaveLength(limits.embedsPerAccount)
})

test('a forged word drops nothing', async () => {
  fill(limits.embedsPerAccount, () => startSeconds + 100)
  nowSeconds = startSeconds + 200
  const { signature } = (await createOwner(node)).embed.grant
  const forged = { ...owner.embed, grant: { ...owner.embed.grant, signature } }
  await expect(desk.accept(forged)).rejects.toMatchObject({ code: 'grant-invalid' })
  expect([...desk.bytesOfAccount(owner.grant.root)]).toHaveLength(limits.embedsPerAccount)
})

test('one that was cut short keeps its place until the revisions before it have ended, too', async () => {
  await desk.accept(owner.embed)
  await desk.accept((await revise(owner, node, { validUntil: startSeconds + 100 })).embed)
  fill(limits.embedsPerAccount - 1)
  nowSeconds = startSeconds + 200
  await expect(desk.accept(await newEmbed())).rejects.toMatchObject({ code: 'limit-too-high' })
  await expect(desk.accept(owner.embed)).rejects.toMatchObject({ code: 'grant-superseded' })
})

test('of two revisions of one number the lower hash stays, whichever comes first', async () => {
  const both = await Promise.all(
    [1, 2].map((days) => revise(owner, node, { validUntil: startSeconds + days * 86_400 })),
  )
  const [lower, higher] = both.toSorted((a, b) => (hashOf(a) < hashOf(b) ? -1 : 1))
  await desk.accept(owner.embed)
  await desk.accept(higher!.embed)
  expect(await desk.accept(lower!.embed)).toEqual({ isNew: true })
  await expect(desk.accept(higher!.embed)).rejects.toMatchObject({ code: 'grant-superseded' })
  expect(desk.embedOf(owner.grant.id)).toEqual(lower!.embed)
})

function hashOf({ grant }: EmbedOwner) {
  return hashGrant(grant, deployment)
}

test('another relay’s are wanted where they are new, live and paid for, and where they count before what is here', async () => {
  const line = lineOf(owner)
  expect(desk.wants(line)).toBe(true)
  expect(desk.wants({ ...line, dataset: owner.grant.id })).toBe(false)
  expect(desk.wants({ ...line, validUntil: startSeconds })).toBe(false)
  await desk.accept(owner.embed)
  expect(desk.linesAfter(`0x${'00'.repeat(32)}`)).toEqual([line])
  expect(desk.linesAfter(line.id)).toEqual([])
  expect(desk.wants(line)).toBe(false)
  node.chain.accounts.clear()
  const next = await revise(owner, node, { validUntil: startSeconds + 100 })
  nowSeconds = startSeconds + 200
  expect(desk.wants(lineOf(next))).toBe(true)
})

function lineOf(of: EmbedOwner) {
  const { id, revision, validUntil } = of.grant
  return { id, dataset, revision, hash: hashOf(of), validUntil }
}

test('what an earlier version kept is filled in when the database is opened', () => {
  const database = openDatabase({ path: ':memory:', migrations: relayMigrations })
  const insert = database.prepare(
    'INSERT INTO relay_embed (id, account, valid_until, embed, keep_until) VALUES (?, ?, ?, ?, ?)',
  )
  const { id, root, validUntil } = owner.grant
  insert.run(id, root, validUntil, encodeEmbed(owner.embed), validUntil + 30 * 86_400)
  const store = createEmbedStore({ database, deployment })
  expect(store.linesAfter(`0x${'00'.repeat(32)}`)).toEqual([lineOf(owner)])
  expect(store.heldOpen(root, validUntil + 100).embeds).toBe(1)
})

test('of those that come at once no more are kept than there are places', async () => {
  fill(limits.embedsPerAccount - 2)
  const many = await Promise.all(Array.from({ length: 7 }, newEmbed))
  const told = await Promise.allSettled(many.map((embed) => desk.accept(embed)))
  expect(told.filter(({ status }) => status === 'fulfilled')).toHaveLength(2)
  expect([...desk.bytesOfAccount(owner.grant.root)]).toHaveLength(limits.embedsPerAccount)
})

test('an account’s revisions come one by one, and one that has ended still ends those before it', async () => {
  await desk.accept(owner.embed)
  let last = owner
  const codes = new Set<unknown>()
  for (let revision = 0; revision < 70; revision++) {
    last = await revise(last, node, { validUntil: startSeconds + 100 })
    await desk.accept(last.embed).catch((error: unknown) => codes.add(error instanceof MarketplaceError && error.code))
  }
  expect(codes).toEqual(new Set(['busy']))
  // What this relay went and asked for is no flood.
  expect(await desk.accept(last.embed, { isAskedFor: true })).toEqual({ isNew: true })
  nowMs += 60_000
  nowSeconds = startSeconds + 200
  const ended = await revise(last, node, {})
  expect(await desk.accept(ended.embed)).toEqual({ isNew: true })
  await expect(desk.accept(last.embed)).rejects.toMatchObject({ code: 'grant-superseded' })
})

test('a trial is no place', async () => {
  const access = { paidEnd: 0, trialEnd: startSeconds + 1000, sinceBlock: 1 }
  node.chain.accounts.set(`${dataset} ${addressOf(owner.asker.wallet)}`, access)
  await expect(desk.accept(owner.embed)).rejects.toMatchObject({ code: 'no-subscription' })
})

test('an embed of a smart account is kept where its contract says that it signed, and its node’s silence is told', async () => {
  const { embed, grant } = owner
  const signed = { ...embed, grant: { ...embed.grant, signature: `0x${'5a'.repeat(300)}` as const } }
  await expect(desk.accept(signed)).rejects.toMatchObject({ code: 'grant-invalid' })
  const asked: unknown[] = []
  let answer: () => Promise<boolean> = () => Promise.resolve(false)
  const parts = { store, deployment, accessOf: node.chain.view.accessOf, nowSeconds: () => nowSeconds, nowMs: () => 0 }
  const smart = createEmbedDesk({
    ...parts,
    verifyContractSignature: (question) => {
      asked.push(question)
      return answer()
    },
  })
  await expect(smart.accept(signed)).rejects.toMatchObject({ code: 'grant-invalid' })
  answer = () => Promise.reject(new MarketplaceError({ code: 'chain-unavailable', message: 'Silent.' }))
  await expect(smart.accept(signed)).rejects.toMatchObject({ code: 'chain-unavailable' })
  answer = () => Promise.resolve(true)
  expect(await smart.accept(signed)).toEqual({ isNew: true })
  const question = { account: grant.root, digest: hashGrant(grant, deployment), signature: signed.grant.signature }
  expect(asked).toEqual([question, question, question])
  node.chain.accounts.clear()
  await expect(smart.accept((await createOwner(node, {}, owner.asker)).embed)).rejects.toMatchObject({
    code: 'no-subscription',
  })
  expect(asked).toHaveLength(3)
})
