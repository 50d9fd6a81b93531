/** The mirror over long histories: reading in bulk, chains that were replaced, and what it derives against the chain. */
import {
  addDeposit,
  closeDataset,
  priceToRate,
  rankInputs,
  readDataset,
  registerDataset,
  renewSubscriptions,
  setRenewalLimit,
  startTrial,
  subscribe,
  unsubscribe,
  updateDataset,
  type MarketplaceWallet,
} from '@enigma/chain'
import type { Hex } from '@enigma/protocol'
import { startMarketplace, type TestMarketplace } from '@enigma/testing/node'
import { createPublicClient, custom, keccak256, parseEther, toHex } from 'viem'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { openDatabase } from '../store/open-database.ts'
import type { ChainMirror, CreateChainMirrorParameters } from './chain-mirror.ts'
import { chainMirrorMigrations } from './mirror-migrations.ts'
import { createTestMirrors, settle } from './test-support/test-mirrors.ts'

const day = 86_400
const rate = priceToRate(parseEther('3'))
const mirrors = createTestMirrors()
let market: TestMarketplace
let clean: Hex

beforeAll(async () => {
  market = await startMarketplace()
})
beforeEach(async () => {
  clean = await market.testClient.snapshot()
})
afterEach(async () => {
  await mirrors.stop()
  await market.testClient.revert({ id: clean })
})
afterAll(async () => market.stop())

const as = (walletClient: MarketplaceWallet) => ({
  publicClient: market.publicClient,
  deployment: market.deployment,
  walletClient,
})
const addressOf = (wallet: MarketplaceWallet) => wallet.account.address.toLowerCase() as Hex

const createMirror = (parameters?: Partial<CreateChainMirrorParameters>) => mirrors.createMirror(market, parameters)

async function register(name: string): Promise<Hex> {
  const curator = market.wallet(1)
  const payouts = [{ payee: addressOf(curator), shareBps: 10_000 }]
  const config = { metadataHash: keccak256(toHex(name)), publisher: addressOf(curator), payouts }
  const listing = { name, rate, deposit: parseEther('100'), config, trialSeconds: 3600 }
  return (await registerDataset({ ...as(curator), ...listing })).dataset
}

async function passTo(seconds: number): Promise<void> {
  await market.testClient.setNextBlockTimestamp({ timestamp: BigInt(seconds) })
  await market.testClient.mine({ blocks: 1 })
}

/**
 * What the mirror derives from events is what the contract computes. Only the churn differs by rounding: the contract
 * drops 8 of 32 fractional bits at every change of the dataset.
 */
async function expectSameAsChain(mirror: ChainMirror, dataset: Hex): Promise<void> {
  await settle(market, mirror)
  const chain = { publicClient: market.publicClient, deployment: market.deployment, dataset }
  const { churn, referencePrice, ...exact } = await rankInputs(chain)
  expect(referencePrice).toBeGreaterThan(0n)
  const { churn: derivedChurn = -1n, ...derived } = mirror.rankFactorsOf(dataset) ?? {}
  expect(derived).toEqual(exact)
  expect(Number(derivedChurn - churn)).toBeLessThan(256 * 20)
  expect(Number(churn - derivedChurn)).toBeLessThan(256 * 20)
  const state = await readDataset(chain)
  expect(mirror.datasets().find((listed) => listed.dataset === dataset)).toMatchObject({
    curator: state?.curator,
    rate: state?.rate,
    deposit: state?.deposit,
    trialSeconds: state?.trialSeconds,
    closedAt: state?.closedAtSeconds,
  })
}

test('a mirror that starts late reads what happened long ago and what happened just now', async () => {
  const dataset = await register('early')
  await subscribe({ ...as(market.wallet(2)), dataset })
  await market.testClient.mine({ blocks: 300 })
  await subscribe({ ...as(market.wallet(3)), dataset })
  const mirror = createMirror()
  await mirror.start()
  await expectSameAsChain(mirror, dataset)
  for (const index of [2, 3]) {
    expect(mirror.accessOf({ dataset, account: addressOf(market.wallet(index)) })?.paidEnd).toBeGreaterThan(0)
  }
})

test('a chain that was replaced deeper than the mirror keeps is read again from the deployment', async () => {
  const dataset = await register('gone')
  const fork = await market.testClient.snapshot()
  await subscribe({ ...as(market.wallet(2)), dataset })
  await market.testClient.mine({ blocks: 90 })
  const mirror = createMirror()
  await mirror.start()
  const account = addressOf(market.wallet(2))
  expect(mirror.accessOf({ dataset, account })?.paidEnd).toBeGreaterThan(0)
  await market.testClient.revert({ id: fork })
  const other = await register('other')
  await market.testClient.mine({ blocks: 120 })
  await settle(market, mirror)
  expect(mirror.accessOf({ dataset, account })).toBeUndefined()
  await expectSameAsChain(mirror, dataset)
  await expectSameAsChain(mirror, other)
})

test('a database of another deployment is not believed', async () => {
  const database = openDatabase({ path: ':memory:', migrations: chainMirrorMigrations })
  const dataset = await register('mine')
  const mirror = createMirror({ database })
  await mirror.start()
  expect(mirror.datasetOf(dataset)?.name).toBe('mine')
  await mirror.stop()
  const deployment = { ...market.deployment, marketplace: addressOf(market.wallet(9)) }
  const second = createMirror({ database, deployment })
  await second.start()
  expect(second.datasets()).toEqual([])
})

test('rank factors and terms follow the chain through renewals, endings, leavings, updates and closing', async () => {
  const dataset = await register('lively')
  const curator = market.wallet(1)
  const mirror = createMirror({ maxHeadAgeSeconds: Infinity })
  await mirror.start()
  for (const index of [2, 3, 4, 5, 6]) await subscribe({ ...as(market.wallet(index)), dataset, maxRate: rate * 3n })
  const { endSeconds } = await subscribe({ ...as(market.wallet(7)), dataset, autoRenew: false })
  await expectSameAsChain(mirror, dataset)
  await unsubscribe({ ...as(market.wallet(6)), dataset })
  await setRenewalLimit({ ...as(market.wallet(5)), dataset, maxRate: rate })
  const config = { metadataHash: keccak256('0x02'), publisher: addressOf(curator), payouts: [] }
  const payouts = [{ payee: addressOf(curator), shareBps: 10_000 }]
  await updateDataset({ ...as(curator), dataset, rate: rate * 2n, config: { ...config, payouts }, trialSeconds: 60 })
  await addDeposit({ ...as(market.wallet(8)), dataset, amount: 5n })
  await passTo(endSeconds - 3600)
  await expectSameAsChain(mirror, dataset)
  const accounts = mirror.dueRenewals(dataset)
  expect(accounts).toHaveLength(3)
  expect((await renewSubscriptions({ ...as(curator), dataset, accounts })).renewed).toHaveLength(3)
  await expectSameAsChain(mirror, dataset)
  expect(mirror.dueRenewals(dataset)).toEqual([])
  await passTo(endSeconds + 2 * day)
  await expectSameAsChain(mirror, dataset)
  await unsubscribe({ ...as(market.wallet(2)), dataset })
  await subscribe({ ...as(market.wallet(7)), dataset })
  await passTo(endSeconds + 12 * day)
  await expectSameAsChain(mirror, dataset)
  const { closedAtSeconds } = await closeDataset({ ...as(curator), dataset })
  await expectSameAsChain(mirror, dataset)
  expect(mirror.accessOf({ dataset, account: addressOf(market.wallet(3)) })?.paidEnd).toBe(closedAtSeconds)
})

test('a trial that ends before a subscription begins tells the block of what is running', async () => {
  const dataset = await register('tried')
  const account = addressOf(market.wallet(2))
  const mirror = createMirror({ maxHeadAgeSeconds: Infinity })
  await mirror.start()
  const trial = await startTrial({ ...as(market.wallet(2)), dataset })
  await settle(market, mirror)
  const access = { paidEnd: 0, trialEnd: trial.endSeconds, sinceBlock: trial.blockNumber }
  expect(mirror.accessOf({ dataset, account })).toEqual(access)
  const paid = await subscribe({ ...as(market.wallet(2)), dataset })
  await settle(market, mirror)
  expect(mirror.accessOf({ dataset, account })).toEqual({
    ...access,
    paidEnd: paid.endSeconds,
    sinceBlock: paid.blockNumber,
  })
})

test('stops at once although the Ethereum node never answers', async () => {
  const asked = Promise.withResolvers<undefined>()
  const silent = {
    request: () => {
      asked.resolve(undefined)
      return new Promise<never>(() => undefined)
    },
  }
  const mirror = createMirror({ publicClient: createPublicClient({ transport: custom(silent) }) })
  const started = mirror.start()
  await asked.promise
  await mirror.stop()
  await expect(started).rejects.toMatchObject({ code: 'aborted' })
})
