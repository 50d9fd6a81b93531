/** The mirror against a real development chain: reorganisations, restarts, an Ethereum node that goes away. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hasAccess, priceToRate, registerDataset, subscribe, unsubscribe, type MarketplaceWallet } from '@enigma/chain'
import { MarketplaceError, type Hex } from '@enigma/protocol'
import { startAnvil, startMarketplace, type TestMarketplace } from '@enigma/testing/node'
import { createPublicClient, createTestClient, http, keccak256, parseEther, toHex } from 'viem'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { openDatabase } from '../store/open-database.ts'
import type { ChainMirror, CreateChainMirrorParameters } from './chain-mirror.ts'
import { chainMirrorMigrations } from './mirror-migrations.ts'
import { createTestMirrors, reorganise, settle } from './test-support/test-mirrors.ts'

const depths = Array.from({ length: 12 }, (_, index) => index + 1)
const waiting = { timeout: 20_000, interval: 10 }
const addressOf = (wallet: MarketplaceWallet) => wallet.account.address.toLowerCase() as Hex

let market: TestMarketplace
let directory: string
let dataset: Hex
let clean: Hex
const mirrors = createTestMirrors()

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'enigma-mirror-'))
  market = await startMarketplace()
  const curator = market.wallet(1)
  const payouts = [{ payee: addressOf(curator), shareBps: 10_000 }]
  const config = { metadataHash: keccak256(toHex('one')), publisher: addressOf(curator), payouts }
  const listing = { name: 'prices', rate: priceToRate(parseEther('3')), deposit: parseEther('100'), trialSeconds: 0 }
  ;({ dataset } = await registerDataset({ ...as(curator), ...listing, config }))
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

function as(walletClient: MarketplaceWallet) {
  return { publicClient: market.publicClient, deployment: market.deployment, walletClient }
}

const createMirror = (parameters?: Partial<CreateChainMirrorParameters>) => mirrors.createMirror(market, parameters)
const mine = (blocks: number) => (blocks === 0 ? Promise.resolve() : market.testClient.mine({ blocks }))

async function expectAccess(mirror: ChainMirror, account: Hex, isAllowed: boolean): Promise<void> {
  await settle(market, mirror)
  const chain = { publicClient: market.publicClient, deployment: market.deployment }
  expect(await hasAccess({ ...chain, dataset, account })).toBe(isAllowed)
  const paidEnd = mirror.accessOf({ dataset, account })?.paidEnd ?? 0
  expect(paidEnd > (mirror.head?.timestamp ?? 0)).toBe(isAllowed)
}

function codeOf(read: () => unknown): string {
  try {
    read()
    return 'none'
  } catch (error) {
    if (error instanceof MarketplaceError) return error.code
    throw error
  }
}

describe('a reorganisation', () => {
  test.each(depths)('of %i blocks takes a subscription back', async (depth) => {
    const subscriber = market.wallet(2)
    const mirror = createMirror()
    await mirror.start()
    await expectAccess(mirror, addressOf(subscriber), false)
    await subscribe({ ...as(subscriber), dataset })
    await mine(depth - 1)
    await expectAccess(mirror, addressOf(subscriber), true)
    await reorganise(market, depth)
    await expectAccess(mirror, addressOf(subscriber), false)
    await subscribe({ ...as(subscriber), dataset })
    await expectAccess(mirror, addressOf(subscriber), true)
  })

  test.each(depths)('of %i blocks takes an unsubscription back', async (depth) => {
    const subscriber = market.wallet(2)
    await subscribe({ ...as(subscriber), dataset })
    const mirror = createMirror()
    await mirror.start()
    await expectAccess(mirror, addressOf(subscriber), true)
    await unsubscribe({ ...as(subscriber), dataset })
    await mine(depth - 1)
    await expectAccess(mirror, addressOf(subscriber), false)
    await reorganise(market, depth)
    await expectAccess(mirror, addressOf(subscriber), true)
    await unsubscribe({ ...as(subscriber), dataset })
    await expectAccess(mirror, addressOf(subscriber), false)
  })

  test.each([1, 6, 12])('of %i blocks to a branch with another subscriber, shorter or longer', async (depth) => {
    const [one, other] = [market.wallet(2), market.wallet(3)]
    const mirror = createMirror()
    await mirror.start()
    for (const length of [1, depth + 3]) {
      const fork = await market.testClient.snapshot()
      await subscribe({ ...as(one), dataset })
      await mine(depth - 1)
      await expectAccess(mirror, addressOf(one), true)
      await market.testClient.revert({ id: fork })
      await subscribe({ ...as(other), dataset })
      await mine(length - 1)
      await expectAccess(mirror, addressOf(one), false)
      await expectAccess(mirror, addressOf(other), true)
      await unsubscribe({ ...as(other), dataset })
    }
  })

  test('is told with the last block that stayed', async () => {
    const rewinds: (number | undefined)[] = []
    const mirror = createMirror({ onEvents: ({ rewoundTo }) => rewinds.push(rewoundTo) })
    await mirror.start()
    await mine(1)
    await settle(market, mirror)
    await subscribe({ ...as(market.wallet(2)), dataset })
    await mine(3)
    await settle(market, mirror)
    const before = mirror.head?.number ?? 0
    await reorganise(market, 4)
    await settle(market, mirror)
    expect(rewinds.filter((block) => block !== undefined)).toEqual([before - 4])
  })

  test('while the node was down is seen by the next start, which resumes where it was', async () => {
    const subscriber = market.wallet(2)
    const path = join(directory, 'restart.db')
    const first = openDatabase({ path, migrations: chainMirrorMigrations })
    const mirror = createMirror({ database: first })
    await mirror.start()
    await mine(8)
    await subscribe({ ...as(subscriber), dataset })
    await mine(2)
    await expectAccess(mirror, addressOf(subscriber), true)
    const stoppedAt = mirror.head?.number ?? 0
    await mirror.stop()
    first.close()
    await reorganise(market, 3)
    await mine(2)
    const pages: number[] = []
    const second = createMirror({
      database: openDatabase({ path, migrations: chainMirrorMigrations }),
      onEvents: ({ rewoundTo }) => pages.push(rewoundTo ?? 0),
    })
    await second.start()
    await expectAccess(second, addressOf(subscriber), false)
    expect(pages[0]).toBe(stoppedAt - 3)
  })
})

describe('an Ethereum node that goes away', () => {
  test('makes reads refuse once the head is too old, and they recover when it is back', async () => {
    const statePath = join(directory, 'chain.json')
    const own = await startAnvil({ statePath })
    const port = Number(new URL(own.rpcUrl).port)
    const chain = {
      publicClient: createPublicClient({ transport: http(own.rpcUrl, { retryCount: 0 }), cacheTime: 0 }),
      testClient: createTestClient({ transport: http(own.rpcUrl), mode: 'anvil' }),
    }
    const failures: string[] = []
    const mirror = createMirror({
      publicClient: chain.publicClient,
      deployment: { ...market.deployment, deploymentBlock: 0 },
      maxHeadAgeSeconds: 60,
      onError: ({ code }) => failures.push(code),
    })
    await chain.testClient.mine({ blocks: 3 })
    await mirror.start()
    expect(codeOf(() => mirror.datasetOf(dataset))).toBe('none')
    await own.stop()
    await vi.waitFor(() => expect(mirror.health().state).toBe('unreachable'), waiting)
    expect(codeOf(() => mirror.datasetOf(dataset))).toBe('none')
    mirrors.skewSeconds = 62
    const account = addressOf(market.wallet(2))
    for (const read of [
      () => mirror.datasetOf(dataset),
      () => mirror.accessOf({ dataset, account }),
      () => mirror.dueRenewals(dataset),
    ]) {
      expect(codeOf(read)).toBe('chain-unavailable')
    }
    expect(mirror.health()).toMatchObject({ isStale: true, state: 'unreachable' })
    const back = await startAnvil({ statePath, port })
    try {
      const timestamp = BigInt(Math.floor(Date.now() / 1000) + mirrors.skewSeconds)
      await chain.testClient.setNextBlockTimestamp({ timestamp })
      await chain.testClient.mine({ blocks: 1 })
      await vi.waitFor(() => expect(codeOf(() => mirror.datasetOf(dataset))).toBe('none'), waiting)
      expect(mirror.health()).toMatchObject({ isStale: false, state: 'following', failures: 0 })
      expect(failures.length).toBeGreaterThan(0)
    } finally {
      await mirror.stop()
      await back.stop()
    }
  })

  test('a chain that answers but stands still refuses, too', async () => {
    const mirror = createMirror({ maxHeadAgeSeconds: 60 })
    await mine(1)
    await mirror.start()
    await settle(market, mirror)
    expect(codeOf(() => mirror.datasetOf(dataset))).toBe('none')
    mirrors.skewSeconds = (mirror.head?.timestamp ?? 0) - Math.floor(Date.now() / 1000) + 62
    expect(codeOf(() => mirror.datasetOf(dataset))).toBe('chain-unavailable')
    expect(mirror.health().state).toBe('following')
  })

  test('on another chain ends the start', async () => {
    const mirror = createMirror({ deployment: { ...market.deployment, chainId: 1 } })
    await expect(mirror.start()).rejects.toMatchObject({ code: 'wrong-chain' })
    expect(mirror.health().state).toBe('stopped')
  })
})

describe('waiting for a block', () => {
  test('ends when it comes, at the time limit, or when its caller leaves', async () => {
    const mirror = createMirror()
    await mirror.start()
    await settle(market, mirror)
    const head = mirror.head?.number ?? 0
    expect(await mirror.waitForBlock({ number: head, timeoutMs: 0 })).toBe(true)
    const reached = mirror.waitForBlock({ number: head + 2, timeoutMs: 20_000 })
    await mine(2)
    expect(await reached).toBe(true)
    expect(mirror.head?.number).toBeGreaterThanOrEqual(head + 2)
    expect(await mirror.waitForBlock({ number: head + 100, timeoutMs: 50 })).toBe(false)
    const leaving = new AbortController()
    const left = mirror.waitForBlock({ number: head + 100, timeoutMs: 20_000, signal: leaving.signal })
    leaving.abort()
    expect(await left).toBe(false)
  })
})
