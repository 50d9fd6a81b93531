/**
 * A session whose key is in other hands, on a real chain with a node as a process of its own: ended by its id and by the
 * account's epoch, brought back by a reorganisation, and all of it from the command line.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bumpGrantEpoch, type MarketplaceWallet, readGrantEpoch, revokeGrant } from '@enigma/chain'
import { createEmbeds } from '@enigma/client/embeds'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createCleanup } from '../network/support/nodes.ts'
import { startTestNetwork, type TestNetwork, type TestSubscriber } from './support/network.ts'
import type { NodeProcess } from './support/node-process.ts'

const waiting = { timeout: 30_000, interval: 100 }
const words = {
  name: 'words',
  key: ['id'],
  columns: [
    { name: 'id', type: 'bigint', encryption: 'none' },
    { name: 'word', type: 'text', encryption: 'none' },
  ],
}
const sql = 'SELECT word FROM words ORDER BY id'

const cleanup = createCleanup()
let net: TestNetwork
let node: NodeProcess
let path: string

beforeAll(async () => {
  net = await startTestNetwork()
  cleanup.add(() => net.stop())
  node = await net.startNode('public', { roles: ['persistence'] })
  path = await net.register({
    name: 'words',
    description: { tables: [words], sample: [{ table: 'words', rows: 1 }] },
    nodes: [{ node, roles: 'persistence' }],
  })
  const file = join(net.directory, 'words.csv')
  await writeFile(file, 'id,word\n1,one\n2,two\n')
  await net.enigma('dataset', 'publish', path, `words=${file}`)
}, 120_000)
afterAll(() => cleanup.run())

type Reader = TestSubscriber & {
  /** Asks with the stored session; the node must have seen `minBlock`. */
  ask: (minBlock?: number) => Promise<unknown[][]>
  signIn: () => ReturnType<TestSubscriber['client']['authorize']>
  write: {
    publicClient: TestNetwork['market']['publicClient']
    deployment: TestNetwork['market']['deployment']
    walletClient: MarketplaceWallet
  }
}

/** A fresh subscriber who has an answer. */
async function startReader(): Promise<Reader> {
  const subscriber = await net.subscribe([path])
  const { publicClient, deployment, wallets } = net.market
  const walletClient = wallets.find(({ account }) => account.address.toLowerCase() === subscriber.account)
  if (walletClient === undefined) throw new Error('the subscriber is none of the accounts')
  const reader: Reader = {
    ...subscriber,
    ask: async (minBlock = 0) =>
      (await subscriber.client.query({ dataset: path, sql, account: subscriber.account, minBlock }).collect()).rows,
    signIn: () => subscriber.client.authorize({ signer: subscriber.signer }),
    write: { publicClient, deployment, walletClient },
  }
  await vi.waitFor(async () => expect(await reader.ask(subscriber.minBlock)).toEqual([['one'], ['two']]), waiting)
  return reader
}

const refused = { code: 'grant-revoked', shortMessage: expect.stringContaining('sign in again') as string }

describe('a session', () => {
  test('that its account ends by id is refused from that block on; a new one is answered', async () => {
    const [reader, other] = [await startReader(), await startReader()]
    const { grantId } = await reader.signIn()
    const { blockNumber } = await revokeGrant({ ...reader.write, grantId })
    await expect(reader.ask(blockNumber)).rejects.toMatchObject(refused)
    expect(await other.ask(blockNumber)).toEqual([['one'], ['two']])
    const next = await reader.signIn()
    expect(next).toMatchObject({ isNew: true })
    expect(next.grantId).not.toBe(grantId)
    expect(await reader.ask(blockNumber)).toEqual([['one'], ['two']])
  })

  test('ends with the epoch of its account, as every other; one of the new epoch is answered', async () => {
    const reader = await startReader()
    const { blockNumber, epoch } = await bumpGrantEpoch(reader.write)
    expect(epoch).toBe(1)
    await expect(reader.ask(blockNumber)).rejects.toMatchObject(refused)
    expect(await reader.signIn()).toMatchObject({ isNew: true })
    expect(await reader.ask(blockNumber)).toEqual([['one'], ['two']])
    expect(await reader.signIn()).toMatchObject({ isNew: false })
  })

  test('is refused within a block by a node that is told of no block, and by one that was killed and started again', async () => {
    const reader = await startReader()
    const { grantId } = await reader.signIn()
    await revokeGrant({ ...reader.write, grantId })
    await vi.waitFor(() => expect(reader.ask()).rejects.toMatchObject(refused), waiting)
    await node.kill()
    node = await net.startNode('public', { roles: ['persistence'] })
    // The restarted node has other addresses, which the relays have to be told.
    await vi.waitFor(() => expect(reader.ask()).rejects.toMatchObject(refused), { ...waiting, timeout: 60_000 })
    await expect(reader.ask()).rejects.toMatchObject(refused)
  })

  test('whose ending a reorganisation takes out of the chain is answered again', async () => {
    const reader = await startReader()
    const { grantId } = await reader.signIn()
    // What the others did lies deeper than the reorganisation.
    await net.market.testClient.mine({ blocks: 12 })
    const { blockNumber } = await revokeGrant({ ...reader.write, grantId })
    await expect(reader.ask(blockNumber)).rejects.toMatchObject(refused)
    const head = Number(await net.market.publicClient.getBlockNumber())
    // Blocks come by themselves meanwhile.
    const depth = head - blockNumber + 4
    await net.market.publicClient.request({ method: 'anvil_reorg', params: [depth, []] } as never)
    await vi.waitFor(async () => expect(await reader.ask()).toEqual([['one'], ['two']]), waiting)
    expect(await reader.signIn()).toMatchObject({ grantId, isNew: false })
  })
})

describe('an embed', () => {
  const template = { name: 'all', sql, parameters: [], maxRows: 10 }
  const terms = {
    templates: [template],
    limits: { maxRows: 10, maxBytes: 1024 ** 2, perMinute: 100, perDay: 1000, total: 1000 },
    expiresInSeconds: 86_400,
  }
  const startOwner = async () => {
    const owner = await startReader()
    const embeds = owner.client.extend(createEmbeds)
    const embed = await embeds.create({ signer: owner.signer, dataset: path, terms })
    /** As somebody who was never here before, without a wallet. */
    const visit = async (minBlock = 0) => {
      const run = await owner.client.extend(createEmbeds).ask({ grant: embed.grant.grant.id, minBlock })
      return (await run.collect()).rows
    }
    expect(await visit()).toEqual([['one'], ['two']])
    return { owner, embeds, embed, visit }
  }
  const ended = { code: 'grant-revoked', shortMessage: expect.stringContaining('the owner of this embed') as string }

  test('ends with the epoch of its owner, who brings it back by a revision', async () => {
    const { owner, embeds, embed, visit } = await startOwner()
    const { blockNumber } = await bumpGrantEpoch(owner.write)
    await expect(visit(blockNumber)).rejects.toMatchObject(ended)
    const revised = await embeds.revise({ signer: owner.signer, embed, change: {} })
    expect(revised.grant.grant).toMatchObject({ id: embed.grant.grant.id, epoch: 1, revision: 2 })
    expect(await visit(blockNumber)).toEqual([['one'], ['two']])
  })

  test('that its owner ends by id is over for ever', async () => {
    const { owner, embeds, embed, visit } = await startOwner()
    const { blockNumber } = await revokeGrant({ ...owner.write, grantId: embed.grant.grant.id })
    await expect(visit(blockNumber)).rejects.toMatchObject(ended)
    await expect(embeds.revise({ signer: owner.signer, embed, change: {} })).rejects.toMatchObject({
      code: 'grant-revoked',
    })
    expect(await owner.ask(blockNumber)).toEqual([['one'], ['two']])
  })
})

test('the command line ends what it has signed, and signs anew', async () => {
  const account = net.market.anvil.accounts[9]
  const key = join(net.directory, 'reader.key')
  await writeFile(key, account?.privateKey ?? '', { mode: 0o600 })
  const run = (...args: string[]) => net.enigma(...args, '--key', key)
  const query = (block: number) => run('query', path, sql, '--min-block', String(block))
  const rows = { rows: [['one'], ['two']] }
  const status = () => run('grant', 'status') as Promise<{ session: string; epoch: number; state?: string }>

  const { block: subscribed } = (await run('subscribe', path)) as { block: number }
  expect(await status()).toMatchObject({ session: 'none', epoch: 0 })
  await vi.waitFor(async () => expect(await query(subscribed)).toMatchObject(rows), waiting)
  const { session } = await status()
  const revoked = (await run('grant', 'revoke', session)) as { block: number; revoked: string[] }
  expect(revoked.revoked).toEqual([session])
  expect(await status()).toMatchObject({ session, state: 'ended by its account' })
  await expect(run('grant', 'revoke', session)).rejects.toThrow('code: grant-revoked')
  expect(await run('grant', 'revoke', session, `0x${'07'.repeat(32)}`)).toMatchObject({
    revoked: [`0x${'07'.repeat(32)}`],
  })
  await expect(run('grant', 'revoke', '0x07')).rejects.toThrow('code: setting-invalid')

  expect(await query(revoked.block)).toMatchObject(rows)
  const second = await status()
  expect(second).toMatchObject({ epoch: 0, state: 'running' })
  expect(second.session).not.toBe(session)
  const bumped = (await run('grant', 'bump')) as { block: number; epoch: number }
  expect(bumped.epoch).toBe(1)
  const { publicClient, deployment } = net.market
  expect(await readGrantEpoch({ publicClient, deployment, account: account?.address ?? '0x' })).toBe(1)
  expect(await status()).toMatchObject({ epoch: 1, state: 'ended by its account' })
  expect(await query(bumped.block)).toMatchObject(rows)
  expect(await status()).toMatchObject({ epoch: 1, state: 'running' })
})
