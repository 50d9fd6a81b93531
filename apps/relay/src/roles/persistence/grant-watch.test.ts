/** What a node learns of revisions, and that no account's embeds keep it from learning of another's. */
import { hashGrant } from '@enigma/crypto'
import { type Embed, type Hex, limits, zeroHash } from '@enigma/protocol'
import { codeOf } from '@enigma/testing'
import { expect, test, vi } from 'vitest'
import { createGrantStore, grantMigrations } from '../../store/grant-store.ts'
import { openDatabase } from '../../store/open-database.ts'
import { createOwner, type EmbedOwner, revise } from './fixtures/embed-scene.ts'
import { addressOf, createNode, dataset, deployment, randomHex, startSeconds } from './fixtures/query-scene.ts'
import { createGrantWatch, type CreateGrantWatchParameters } from './grant-watch.ts'

/** A watch with a clock and relays in the test's hands. */
function setUp(findEmbeds: CreateGrantWatchParameters['findEmbeds']) {
  const store = createGrantStore({ database: openDatabase({ path: ':memory:', migrations: grantMigrations }) })
  const clock = { ms: 1_000_000 }
  const errors: unknown[] = []
  const watch = createGrantWatch({
    ...{ deployment, store, findEmbeds, onError: (error: unknown) => errors.push(error) },
    ...{ nowSeconds: () => startSeconds, nowMs: () => clock.ms },
  })
  const obeys = ({ grant }: EmbedOwner) =>
    codeOf(Promise.resolve().then(() => store.require({ grant, hash: hashGrant(grant, deployment) })))
  return { watch, clock, errors, obeys }
}

function pausedOf(owner: EmbedOwner): Promise<EmbedOwner> {
  const [{ templatesRoot } = { templatesRoot: zeroHash }] = owner.grant.permissions
  return revise(owner, createNode(), { permissions: [{ dataset, abilities: 0, templatesRoot }] })
}

test('an account asked by thousands of embeds keeps no other’s pause from being learnt', async () => {
  const owner = await createOwner(createNode())
  const paused = await pausedOf(owner)
  const asked = new Map<Hex, number>()
  const hung = Promise.withResolvers<undefined>()
  const { watch, clock, obeys } = setUp(async ({ id, onEmbed }) => {
    asked.set(id, (asked.get(id) ?? 0) + 1)
    // Relays know nothing of the flood, and one of them never says so.
    if (id !== owner.grant.id) return hung.promise
    await onEmbed(paused.embed)
  })
  const root = addressOf((await createOwner(createNode())).asker.wallet)
  const flood = Array.from({ length: 3000 }, () => codeOf(watch.refresh({ root, id: randomHex(32) })))
  expect(await obeys(owner)).toBe('answered')
  await watch.refresh(owner.grant)
  expect(await obeys(owner)).toBe('grant-paused')
  hung.resolve(undefined)
  clock.ms += 2_000
  const codes = await Promise.all(flood)
  expect(codes.filter((code) => code === 'rate-limited')).toHaveLength(3000 - limits.embedsPerAccount)
  expect(asked.size).toBeLessThanOrEqual(limits.embedsPerAccount + 1)
})

test('what is watched stays watched through a flood of other accounts’ embeds', async () => {
  const owner = await createOwner(createNode())
  const next: { embed: Embed } = { embed: owner.embed }
  let asked = 0
  const { watch, clock, obeys } = setUp(async ({ id, onEmbed }) => {
    if (id !== owner.grant.id) return
    asked++
    await onEmbed(next.embed)
  })
  await watch.refresh(owner.grant)
  const floods = [1, 2, 3].map(() => randomHex(20))
  for (const root of floods) {
    for (let index = 0; index < 40; index++) await watch.refresh({ root, id: randomHex(32) })
  }
  await watch.refresh(owner.grant)
  expect(asked).toBe(1)
  next.embed = (await pausedOf(owner)).embed
  clock.ms += 55_000
  await watch.refresh(owner.grant)
  expect(await obeys(owner)).toBe('grant-paused')
})

test('an embed that nobody asks by gives its place to another of its account', async () => {
  const root = randomHex(20)
  const { watch, clock } = setUp(() => Promise.resolve())
  const ids = Array.from({ length: limits.embedsPerAccount }, () => randomHex(32))
  for (const id of ids) await watch.refresh({ root, id })
  expect(await codeOf(watch.refresh({ root, id: randomHex(32) }))).toBe('rate-limited')
  clock.ms += 59_000
  await watch.refresh({ root, id: ids[0] ?? zeroHash })
  expect(await codeOf(watch.refresh({ root, id: randomHex(32) }))).toBe('rate-limited')
  clock.ms += 1_000
  expect(await codeOf(watch.refresh({ root, id: randomHex(32) }))).toBe('answered')
})

test('a revision that comes after the query went on is obeyed by the next one', async () => {
  const owner = await createOwner(createNode())
  const paused = await pausedOf(owner)
  const slow = Promise.withResolvers<undefined>()
  const { watch, obeys } = setUp(async ({ onEmbed }) => {
    await onEmbed(owner.embed)
    void slow.promise.then(() => onEmbed(paused.embed))
  })
  await watch.refresh(owner.grant)
  expect(await obeys(owner)).toBe('answered')
  slow.resolve(undefined)
  await vi.waitFor(async () => expect(await obeys(owner)).toBe('grant-paused'))
})

test('of two revisions of one number the lower hash counts, whichever comes first', async () => {
  const owner = await createOwner(createNode())
  const both = await Promise.all([1, 2].map((day) => revise(owner, createNode(), { validUntil: startSeconds + day })))
  const [lower, higher] = both.toSorted((a, b) => (hashOf(a) < hashOf(b) ? -1 : 1)) as [EmbedOwner, EmbedOwner]
  for (const order of [both, both.toReversed()]) {
    const { watch, obeys } = setUp(async ({ onEmbed }) => {
      for (const { embed } of order) await onEmbed(embed)
    })
    await watch.refresh(owner.grant)
    expect([await obeys(lower), await obeys(higher)]).toEqual(['answered', 'grant-superseded'])
  }
})

function hashOf({ grant }: EmbedOwner): Hex {
  return hashGrant(grant, deployment)
}

test('relays that fail are told of, and asked again after a while only', async () => {
  let asked = 0
  const { watch, clock, errors } = setUp(() => {
    asked++
    return Promise.reject(new Error('no relay'))
  })
  const grant = { root: randomHex(20), id: randomHex(32) }
  await watch.refresh(grant)
  await watch.refresh(grant)
  expect([asked, errors.length]).toEqual([1, 1])
  clock.ms += 3_000
  await watch.refresh(grant)
  expect(asked).toBe(2)
})
