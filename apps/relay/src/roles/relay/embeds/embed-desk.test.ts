import { encodeEmbed, limits, MarketplaceError } from '@enigma/protocol'
import { beforeEach, expect, test } from 'vitest'
import { openDatabase } from '../../../store/open-database.ts'
import { createOwner, type EmbedOwner, revise } from '../../persistence/fixtures/embed-scene.ts'
import {
  addressOf,
  createNode,
  dataset,
  deployment,
  type Node,
  startSeconds,
} from '../../persistence/fixtures/query-scene.ts'
import { relayMigrations } from '../relay-migrations.ts'
import { createEmbedDesk, type EmbedDesk } from './embed-desk.ts'
import { createEmbedStore } from './embed-store.ts'

let node: Node
let owner: EmbedOwner
let desk: EmbedDesk
let nowSeconds: number
let nowMs: number

beforeEach(async () => {
  node = createNode()
  nowSeconds = startSeconds
  nowMs = 0
  owner = await createOwner(node)
  const store = createEmbedStore({ database: openDatabase({ path: ':memory:', migrations: relayMigrations }) })
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
  const other = await createOwner(node, { ...owner.grant, revision: 2 }, owner.asker)
  await expect(desk.accept(other.embed)).rejects.toMatchObject({ code: 'grant-superseded' })
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

test('one account holds so many and no more; what has long ended makes room', async () => {
  for (let index = 0; index < limits.embedsPerAccount; index++) {
    nowMs += 60_000
    await desk.accept((await createOwner(node, { validUntil: startSeconds + 100 }, owner.asker)).embed)
  }
  nowMs += 60_000
  await expect(desk.accept(owner.embed)).rejects.toMatchObject({ code: 'limit-too-high' })
  await expect(desk.accept((await createOwner(node)).embed)).resolves.toEqual({ isNew: true })
})

test('of those that come at once no more are kept than there are places', async () => {
  const many = await Promise.all(
    Array.from({ length: limits.embedsPerAccount + 5 }, () => createOwner(node, {}, owner.asker)),
  )
  for (const { embed } of many.slice(0, limits.embedsPerAccount - 2)) {
    nowMs += 60_000
    await desk.accept(embed)
  }
  const told = await Promise.allSettled(many.slice(limits.embedsPerAccount - 2).map(({ embed }) => desk.accept(embed)))
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
