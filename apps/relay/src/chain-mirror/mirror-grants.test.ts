/** What the mirror knows of ended grants against a real chain: reorganisations, late starts, restarts, no registry. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  bumpGrantEpoch,
  type ContractDeployment,
  type MarketplaceWallet,
  readGrantEpoch,
  readRevokedGrants,
  revokeGrant,
  revokeGrants,
} from '@enigma/chain'
import type { Hex } from '@enigma/protocol'
import { startMarketplace, type TestMarketplace } from '@enigma/testing/node'
import { createPublicClient, custom, keccak256, toHex } from 'viem'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { openDatabase } from '../store/open-database.ts'
import type { ChainMirror, CreateChainMirrorParameters } from './chain-mirror.ts'
import { chainMirrorMigrations } from './mirror-migrations.ts'
import { createTestMirrors, reorganise, settle } from './test-support/test-mirrors.ts'

const grantIds = [1, 2, 3].map((index) => keccak256(toHex(`grant ${index}`)))
const waiting = { timeout: 20_000, interval: 10 }
const addressOf = (wallet: MarketplaceWallet) => wallet.account.address.toLowerCase() as Hex

let market: TestMarketplace
let directory: string
let wallet: MarketplaceWallet
let account: Hex
let clean: Hex
const mirrors = createTestMirrors()

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'enigma-grants-'))
  market = await startMarketplace()
  wallet = market.wallet(2)
  account = addressOf(wallet)
})
beforeEach(async () => {
  clean = await market.testClient.snapshot()
})
afterEach(async () => {
  await mirrors.stop()
  await market.testClient.revert({ id: clean })
})
afterAll(async () => {
  await market.stop()
  await rm(directory, { recursive: true })
})

const write = () => ({ publicClient: market.publicClient, deployment: market.deployment, walletClient: wallet })
const revoke = (index: number) => revokeGrant({ ...write(), grantId: grantIds[index] ?? '0x' })

function withoutRegistry({ grantRegistry, ...rest }: ContractDeployment): ContractDeployment {
  expect(grantRegistry).toBeDefined()
  return rest
}

const createMirror = (parameters?: Partial<CreateChainMirrorParameters>) => mirrors.createMirror(market, parameters)
const seenBy = (mirror: ChainMirror) => ({
  epoch: mirror.grantEpochOf(account),
  revoked: grantIds.filter((grantId) => mirror.isGrantRevoked({ account, grantId })),
})

/** Once the mirror has the chain's head, it knows what the contract knows, and that is `expected`. */
async function expectSame(mirror: ChainMirror, expected: { epoch: number; revoked: readonly Hex[] }): Promise<void> {
  await settle(market, mirror)
  const chain = { publicClient: market.publicClient, deployment: market.deployment, account }
  const contract = { epoch: await readGrantEpoch(chain), revoked: await readRevokedGrants({ ...chain, grantIds }) }
  expect(contract).toEqual(expected)
  expect(seenBy(mirror)).toEqual(expected)
}

describe('ended grants', () => {
  test('are seen, those of this account alone', async () => {
    const mirror = createMirror()
    await mirror.start()
    await expectSame(mirror, { epoch: 0, revoked: [] })
    await bumpGrantEpoch(write())
    await revokeGrants({ ...write(), grantIds: grantIds.slice(1) })
    await bumpGrantEpoch(write())
    await expectSame(mirror, { epoch: 2, revoked: grantIds.slice(1) })
    const other = addressOf(market.wallet(3))
    expect(mirror.grantEpochOf(other)).toBe(0)
    expect(grantIds.filter((grantId) => mirror.isGrantRevoked({ account: other, grantId }))).toEqual([])
  })

  test.each([1, 2, 6, 12])('come back with a reorganisation of %i blocks, and end again', async (depth) => {
    await revoke(0)
    await bumpGrantEpoch(write())
    const mirror = createMirror()
    await mirror.start()
    await expectSame(mirror, { epoch: 1, revoked: grantIds.slice(0, 1) })
    if (depth > 1) await bumpGrantEpoch(write())
    await revoke(1)
    if (depth > 2) await market.testClient.mine({ blocks: depth - 2 })
    const bumped = depth > 1 ? 2 : 1
    await expectSame(mirror, { epoch: bumped, revoked: grantIds.slice(0, 2) })
    await reorganise(market, depth)
    await expectSame(mirror, { epoch: 1, revoked: grantIds.slice(0, 1) })
    await bumpGrantEpoch(write())
    await revoke(1)
    await expectSame(mirror, { epoch: 2, revoked: grantIds.slice(0, 2) })
  })

  test('of long ago are read by a mirror that starts late', async () => {
    await revoke(2)
    await bumpGrantEpoch(write())
    await market.testClient.mine({ blocks: 300 })
    await revoke(0)
    const mirror = createMirror()
    await mirror.start()
    await expectSame(mirror, { epoch: 1, revoked: [grantIds[0] ?? '0x', grantIds[2] ?? '0x'] })
  })

  test('that a deep reorganisation took back are forgotten', async () => {
    const fork = await market.testClient.snapshot()
    await revoke(0)
    await bumpGrantEpoch(write())
    await market.testClient.mine({ blocks: 90 })
    const mirror = createMirror()
    await mirror.start()
    await expectSame(mirror, { epoch: 1, revoked: grantIds.slice(0, 1) })
    await market.testClient.revert({ id: fork })
    await market.testClient.mine({ blocks: 120 })
    await expectSame(mirror, { epoch: 0, revoked: [] })
  })

  test('survive a restart, and are read from the deployment on once the network file names the registry', async () => {
    await revoke(0)
    const path = join(directory, 'restart.db')
    const open = () => openDatabase({ path, migrations: chainMirrorMigrations })
    const blind = createMirror({ database: open(), deployment: withoutRegistry(market.deployment) })
    await blind.start()
    expect(seenBy(blind)).toEqual({ epoch: 0, revoked: [] })
    await blind.stop()
    const mirror = createMirror({ database: open() })
    await mirror.start()
    await expectSame(mirror, { epoch: 0, revoked: grantIds.slice(0, 1) })
    await mirror.stop()
    const again = createMirror({ database: open() })
    await bumpGrantEpoch(write())
    await again.start()
    await expectSame(again, { epoch: 1, revoked: grantIds.slice(0, 1) })
  })
})

describe('a mirror that is out of touch', () => {
  test('for a minute decides nothing about grants, where they can end', async () => {
    let isDown = false
    const request = async (call: { method: string; params?: unknown }): Promise<unknown> => {
      if (isDown) throw new Error('nobody there')
      return market.publicClient.request(call as never)
    }
    const publicClient = createPublicClient({ transport: custom({ request }, { retryCount: 0 }), cacheTime: 0 })
    const mirror = createMirror({ publicClient })
    const without = createMirror({ publicClient, deployment: withoutRegistry(market.deployment) })
    await Promise.all([mirror.start(), without.start()])
    isDown = true
    for (const each of [mirror, without]) {
      await vi.waitFor(() => expect(each.health().state).toBe('unreachable'), waiting)
    }
    mirrors.skewSeconds = 55
    expect(seenBy(mirror)).toEqual({ epoch: 0, revoked: [] })
    mirrors.skewSeconds = 90
    expectOutOfTouch(mirror)
    expect(mirror.datasetOf(keccak256('0x01'))).toBeUndefined()
    expect(seenBy(without)).toEqual({ epoch: 0, revoked: [] })
  })

  test('because the chain stands still decides nothing about anything', async () => {
    const mirror = createMirror({ maxHeadAgeSeconds: 60 })
    await market.testClient.mine({ blocks: 1 })
    await mirror.start()
    expect(seenBy(mirror)).toEqual({ epoch: 0, revoked: [] })
    mirrors.skewSeconds = (mirror.head?.timestamp ?? 0) - Math.floor(Date.now() / 1000) + 62
    expectOutOfTouch(mirror)
  })

  function expectOutOfTouch(mirror: ChainMirror): void {
    const [grantId = '0x'] = grantIds
    for (const read of [() => mirror.grantEpochOf(account), () => mirror.isGrantRevoked({ account, grantId })]) {
      expect(read).toThrow(expect.objectContaining({ code: 'chain-unavailable' }))
    }
  }
})
