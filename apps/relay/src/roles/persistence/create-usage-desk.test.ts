import { createSessionKey, hashGrant, signChildGrant, signUsageRequest, verifyP256 } from '@enigma/crypto'
import { type Hex, type UsageRequest } from '@enigma/protocol'
import { expect, test } from 'vitest'
import { createBudgetStore, budgetMigrations, grantBudgetKey } from '../../store/budget-store.ts'
import { createGroupCommit } from '../../store/group-commit.ts'
import { openDatabase } from '../../store/open-database.ts'
import { createUsageDesk } from './create-usage-desk.ts'
import { createOwner } from './fixtures/embed-scene.ts'
import { addressOf, createNode, dataset, deployment, randomHex, startSeconds } from './fixtures/query-scene.ts'
import { createGrantVerifier } from './verify-grants.ts'

async function setUp() {
  const node = createNode()
  const owner = await createOwner(node)
  const database = openDatabase({ path: ':memory:', migrations: budgetMigrations })
  const commits = createGroupCommit({ database })
  const budgets = createBudgetStore({ database, commits, onFailure: (error) => expect.fail(String(error)) })
  const verifySignature = verifyP256
  const verifyGrants = createGrantVerifier({
    ...{ deployment, maxChains: 10, verifySignature, contractSignatureSeconds: 60 },
  })
  const { signer } = node
  const chain = node.chain.view
  const parts = { deployment, signer, chain, budgets, verifySignature, verifyGrants, nowSeconds: () => startSeconds }
  const desk = createUsageDesk(parts)
  const { session: key, grants } = owner.asker
  const request: UsageRequest = {
    ...{ v: 1, ...deployment, dataset, ids: [owner.grant.id] },
    grantHash: hashGrant(grants[0].grant, deployment),
    ...{ sessionKey: key.publicKey, audience: signer, issuedAt: startSeconds, expiresAt: startSeconds + 60 },
  }
  const ask = async (change: Partial<UsageRequest> = {}, by = key) =>
    desk(await signUsageRequest({ request: { ...request, sessionKey: by.publicKey, ...change }, key: by, grants }))
  return { node, owner, budgets, commits, ask, request, desk, key, grants }
}

test('an owner is told what was debited for each embed, by whatever revision', async () => {
  const { owner, budgets, commits, ask } = await setUp()
  const { id, root } = owner.grant
  const limits = { perMinute: 9, perDay: 9, total: 9, bytesPerDay: 1000 }
  const charges = [{ key: grantBudgetKey({ root, id }), limits, keepUntilSeconds: startSeconds + 100 }]
  const other: Hex = `${addressOf(owner.asker.wallet)}${'00'.repeat(12)}`
  await commits.run(() => budgets.reserve({ charges, bytes: 100, nowSeconds: startSeconds }))
  expect(await ask({ ids: [id, other] })).toEqual([
    { id, minuteQueries: 1, dayQueries: 1, dayBytes: 100, totalQueries: 1 },
    { id: other, minuteQueries: 0, dayQueries: 0, dayBytes: 0, totalQueries: 0 },
  ])
})

test.each<[string, Partial<UsageRequest>, string]>([
  ['another account’s embed', { ids: [randomHex(32)] }, 'grant-invalid'],
  ['another node', { audience: randomHex(20) }, 'wrong-audience'],
  ['another chain', { chainId: 1 }, 'wrong-chain'],
  ['yesterday', { issuedAt: startSeconds - 86_400, expiresAt: startSeconds - 86_340 }, 'request-expired'],
  ['another grant', { grantHash: randomHex(32) }, 'grant-invalid'],
])('a request for %s is refused', async (_, change, code) => {
  const { ask } = await setUp()
  await expect(ask(change)).rejects.toMatchObject({ code })
  await expect(ask()).resolves.toHaveLength(1)
})

test('a session that its account has ended on chain is refused', async () => {
  const { node, owner, ask } = await setUp()
  const { root } = owner.grant
  node.chain.epochs.set(root, 1)
  await expect(ask()).rejects.toMatchObject({ code: 'grant-revoked' })
  node.chain.epochs.clear()
  node.chain.revoked.add(`${root} ${owner.asker.grants[0].grant.id}`)
  await expect(ask()).rejects.toMatchObject({ code: 'grant-revoked' })
  node.chain.revoked.clear()
  await expect(ask()).resolves.toHaveLength(1)
})

test('a key that the wallet did not grant is refused', async () => {
  const { ask } = await setUp()
  await expect(ask({}, await createSessionKey())).rejects.toMatchObject({ code: 'grant-invalid' })
})

test('one that the owner’s session let in further is told nothing', async () => {
  const { ask, request, desk, key, grants } = await setUp()
  const heir = await createSessionKey()
  const [parent] = grants
  const parentGrantHash = hashGrant(parent.grant, deployment)
  const grant = { ...parent.grant, id: randomHex(32), delegateKey: heir.publicKey, maxChildren: 0, parentGrantHash }
  const child = await signChildGrant({ grant, parentKey: key, deployment })
  const asked = { ...request, sessionKey: heir.publicKey, grantHash: hashGrant(grant, deployment) }
  const signed = await signUsageRequest({ request: asked, key: heir, grants: [parent, child] })
  await expect(desk(signed)).rejects.toMatchObject({ code: 'grant-invalid' })
  await expect(ask()).resolves.toHaveLength(1)
})
