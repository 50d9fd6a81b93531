/** A grant's total is one, whatever number of visitors, siblings and nodes spend it at once, and whichever restart. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSessionKey, hashGrant, type SessionKey, signChildGrant } from '@enigma/crypto'
import type { Grant, SignedGrant } from '@enigma/protocol'
import { codeOf } from '@enigma/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createOwner, createVisit, type EmbedOwner } from './fixtures/embed-scene.ts'
import {
  addressOf,
  ask,
  type Asker,
  createGrant,
  createNode,
  dataset,
  deployment,
  type Node,
  randomHex,
  signAndEncode,
  startSeconds,
  verifyBytes,
} from './fixtures/query-scene.ts'

const access = { paidEnd: startSeconds + 86_400, trialEnd: 0, sinceBlock: 50 }
const limits = { maxRows: 10, maxBytes: 2 ** 20, perMinute: 1000, perDay: 1000, total: 20 }

let directory: string
let nodes: Node[]
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'enigma-budgets-'))
  nodes = []
})
afterEach(async () => {
  for (const { database } of nodes) database.close()
  await rm(directory, { recursive: true })
})

/** Nodes with a database of their own on disk; the same signer comes back to its own. */
function startNodes(signers: readonly `0x${string}`[]): Node[] {
  for (const { database } of nodes.splice(0)) database.close()
  nodes.push(...signers.map((signer) => createNode({ path: join(directory, `${signer}.sqlite`), signer })))
  return nodes
}

function subscribe(owner: { asker: Asker }): void {
  for (const { chain } of nodes) chain.accounts.set(`${dataset} ${addressOf(owner.asker.wallet)}`, access)
}

/** A visitor whom the site's server lets in, by a grant that allows all that the embed does. */
async function mint(owner: EmbedOwner, minter: SessionKey, change: Partial<Grant> = {}) {
  const key = await createSessionKey()
  const grant: Grant = {
    ...owner.grant,
    ...{ profile: 'p256', delegateKey: key.publicKey, maxChildren: 0, id: randomHex(32), revision: 0 },
    ...{ validUntil: startSeconds + 300, parentGrantHash: hashGrant(owner.grant, deployment), ...change },
  }
  return { key, child: await signChildGrant({ grant, parentKey: minter, deployment }) }
}

async function askBelow(node: Node, owner: EmbedOwner, key: SessionKey, below: readonly SignedGrant[]) {
  const { visitor, query } = await createVisit(node, owner)
  const last = below.at(-1)?.grant ?? owner.grant
  const asker: Asker = { ...visitor, session: key, grants: [owner.embed.grant, ...below] }
  const asked = { ...query, sessionKey: key.publicKey, grantHash: hashGrant(last, deployment) }
  return codeOf(verifyBytes(node, await signAndEncode(asker, asked)))
}

const answered = (codes: readonly unknown[]) => codes.filter((code) => code === 'answered').length

test('of siblings on several nodes at once, and after all nodes were started anew', async () => {
  const signers = [randomHex(20), randomHex(20), randomHex(20)]
  startNodes(signers)
  const minter = await createSessionKey()
  const owner = await createOwner(nodes[0]!, {
    ...{ profile: 'p256', delegateKey: minter.publicKey, maxChildren: 1, limits },
    nodes: signers.map((signer, index) => ({ signer, bps: [5000, 3000, 2000][index] ?? 0 })),
  })
  const round = async () => {
    subscribe(owner)
    const visitors = await Promise.all(Array.from({ length: 5 }, () => mint(owner, minter)))
    const asks = nodes.flatMap((node) =>
      visitors.flatMap(({ key, child }) => [1, 2, 3].map(() => askBelow(node, owner, key, [child]))),
    )
    return Promise.all(asks)
  }
  const first = await round()
  expect(answered(first)).toBe(limits.total)
  expect(new Set(first)).toEqual(new Set(['answered', 'rate-limited']))
  startNodes(signers)
  expect(new Set(await round())).toEqual(new Set(['rate-limited']))
})

test('a sibling that may have less ends before the others', async () => {
  startNodes([randomHex(20)])
  const minter = await createSessionKey()
  const owner = await createOwner(nodes[0]!, { profile: 'p256', delegateKey: minter.publicKey, maxChildren: 1, limits })
  const small = await mint(owner, minter, { limits: { ...limits, total: 2 } })
  const codes = await Promise.all([1, 2, 3, 4].map(() => askBelow(nodes[0]!, owner, small.key, [small.child])))
  expect(answered(codes)).toBe(2)
})

test('sessions of one account share what a node gives the account', async () => {
  const signer = randomHex(20)
  const account = { perMinute: 7, perDay: 99, total: 99, bytesPerDay: 2 ** 40 }
  nodes.push(createNode({ path: join(directory, 'one.sqlite'), signer, limits: { account } }))
  const [node] = nodes
  const owner = await createOwner(node!)
  const sessions = await Promise.all(
    [1, 2, 3].map(async (): Promise<Asker> => {
      const session = await createSessionKey()
      return { wallet: owner.asker.wallet, session, grants: [await createGrant(owner.asker.wallet, session)] }
    }),
  )
  const codes = await Promise.all(sessions.flatMap((asker) => [1, 2, 3, 4].map(() => codeOf(ask(node!, asker)))))
  expect(answered(codes)).toBe(7)
})

test('a grant below a visitor’s own is deeper than the embed allows', async () => {
  startNodes([randomHex(20)])
  const minter = await createSessionKey()
  const owner = await createOwner(nodes[0]!, { profile: 'p256', delegateKey: minter.publicKey, maxChildren: 1, limits })
  const { key, child } = await mint(owner, minter)
  const friend = await createSessionKey()
  const grant: Grant = {
    ...{ ...child.grant, delegateKey: friend.publicKey, id: randomHex(32) },
    parentGrantHash: hashGrant(child.grant, deployment),
  }
  const below = await signChildGrant({ grant, parentKey: key, deployment })
  expect(await askBelow(nodes[0]!, owner, key, [child])).toBe('answered')
  expect(await askBelow(nodes[0]!, owner, friend, [child, below])).toBe('grant-widened')
})
