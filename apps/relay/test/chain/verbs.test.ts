/** Every verb of shared/chain against the real contracts on a real development chain. */
import {
  addDeposit,
  approveToken,
  cancelDepositWithdrawal,
  claimRefunds,
  closeDataset,
  collectAndWithdraw,
  collectEarnings,
  computeRank,
  deployMarketplace,
  defaultSettings,
  hashDatasetConfig,
  hasAccess,
  marketplaceAbi,
  planSubscription,
  priceToRate,
  rankInputs,
  rankOf,
  rateToPrice,
  readActivity,
  readBalances,
  readBlockEvents,
  readDataset,
  readDatasetConfig,
  readDepositWithdrawal,
  readEvents,
  readSettings,
  readSubscription,
  readTerms,
  registerDataset,
  renewSubscriptions,
  requestDepositWithdrawal,
  setRenewalLimit,
  startTrial,
  subscribe,
  subscribeWithPermit,
  takeDepositWithdrawal,
  toChainError,
  transferToken,
  unsubscribe,
  updateDataset,
  withdrawEarnings,
  type DatasetConfig,
  type MarketplaceWallet,
  type TransactionProgress,
} from '@enigma/chain'
import { datasetIdOf, MarketplaceError, type ErrorCode } from '@enigma/protocol'
import { encodeFunctionData, keccak256, maxUint256, parseEther, toHex, type Hex } from 'viem'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { addressOf, type ChainWorld, day, startChainWorld } from './support/chain-world.ts'

const rate = priceToRate(parseEther('3'))

let world: ChainWorld
let market: ChainWorld['market']
let chain: ChainWorld['chain']
let curator: MarketplaceWallet
let subscriber: MarketplaceWallet
let stranger: MarketplaceWallet
let as: ChainWorld['as']

beforeAll(async () => {
  world = await startChainWorld()
  ;({ market, chain, curator, subscriber, stranger, as } = world)
})
beforeEach(() => world.restore())
afterAll(() => market.stop())

const config = (text = 'one'): DatasetConfig => ({
  metadataHash: keccak256(toHex(text)),
  publisher: addressOf(curator),
  payouts: [
    { payee: addressOf(curator), shareBps: 9000 },
    { payee: addressOf(stranger), shareBps: 1000 },
  ],
})
const listing = () => ({ name: 'prices', rate, deposit: parseEther('100'), config: config(), trialSeconds: 3600 })

async function register(): Promise<Hex> {
  return (await registerDataset({ ...as(curator), ...listing() })).dataset
}

/** The contract's own refusal, which our verb forestalls by approving first. */
async function registerUnapproved(): Promise<void> {
  const { name, rate: perSecond, deposit, config: listed, trialSeconds } = listing()
  const args = [name, perSecond, deposit, listed, trialSeconds] as const
  const data = encodeFunctionData({ abi: marketplaceAbi, functionName: 'register', args })
  const call = market.publicClient.call({ account: addressOf(curator), to: market.deployment.marketplace, data })
  await call.catch((error: unknown) => {
    throw toChainError(error)
  })
}

async function passTo(seconds: number): Promise<void> {
  await market.testClient.setNextBlockTimestamp({ timestamp: BigInt(seconds) })
  await market.testClient.mine({ blocks: 1 })
}
const nowSeconds = async () => Number((await market.publicClient.getBlock()).timestamp)

async function codeOf(promise: Promise<unknown>): Promise<ErrorCode | undefined> {
  return await promise.then(
    () => undefined,
    (error: unknown) => {
      if (error instanceof MarketplaceError) return error.code
      throw error
    },
  )
}

describe('listing', () => {
  test('registers under the path of the caller and reads it back', async () => {
    const result = await registerDataset({ ...as(curator), ...listing() })
    expect(result.dataset).toBe(datasetIdOf({ curator: addressOf(curator), name: 'prices' }))
    expect(result.blockNumber).toBeGreaterThan(0)
    const state = await readDataset({ ...chain, dataset: result.dataset })
    expect(state).toMatchObject({ curator: addressOf(curator), rate, deposit: parseEther('100'), subscribers: 0 })
    expect(state?.configHash).toBe(hashDatasetConfig(config()))
    expect(await readDatasetConfig({ ...chain, dataset: result.dataset })).toEqual(config())
  })

  test('an id that was never registered is undefined, not an empty dataset', async () => {
    expect(await readDataset({ ...chain, dataset: keccak256('0x01') })).toBeUndefined()
    expect(await codeOf(readDatasetConfig({ ...chain, dataset: keccak256('0x01') }))).toBe('dataset-unknown')
  })

  test('updates with the preimage found in the events, twice', async () => {
    const dataset = await register()
    const two = await updateDataset({ ...as(curator), dataset, rate: rate * 2n, config: config('2'), trialSeconds: 0 })
    expect(two.metadataHash).toBe(config('2').metadataHash)
    await updateDataset({ ...as(curator), dataset, rate: rate * 3n, config: config('3'), trialSeconds: 0 })
    expect(await readDatasetConfig({ ...chain, dataset })).toEqual(config('3'))
    expect((await readDataset({ ...chain, dataset }))?.rate).toBe(rate * 3n)
  })

  test('refuses what the contract refuses, by code', async () => {
    const terms = listing()
    const refused = (change: Partial<ReturnType<typeof listing>>) =>
      codeOf(registerDataset({ ...as(curator), ...terms, ...change }))
    const shares = (...bps: number[]) => ({
      config: { ...config(), payouts: bps.map((shareBps) => ({ payee: addressOf(curator), shareBps })) },
    })
    expect(await codeOf(registerUnapproved())).toBe('allowance-missing')
    expect(await refused({ name: 'No!' })).toBe('name-invalid')
    expect(await refused(shares(9999))).toBe('payouts-invalid')
    expect(await refused(shares())).toBe('payouts-invalid')
    expect(await refused(shares(10_000, 0))).toBe('payouts-invalid')
    expect(await refused({ rate: 0n })).toBe('rate-too-low')
    expect(await refused({ rate: 2n ** 56n })).toBe('parameter-invalid')
    expect(await refused({ trialSeconds: 31 * day })).toBe('parameter-invalid')
    expect(await refused({ deposit: parseEther('2000000') })).toBe('funds-missing')
    const dataset = await register()
    expect(await refused({})).toBe('dataset-exists')
    const update = { dataset, rate, config: config('2'), trialSeconds: 0 }
    expect(await codeOf(updateDataset({ ...as(stranger), ...update }))).toBe('not-curator')
    expect(await codeOf(updateDataset({ ...as(curator), ...update, oldConfig: config('x') }))).toBe('manifest-mismatch')
    expect(await codeOf(closeDataset({ ...as(stranger), dataset }))).toBe('not-curator')
    expect(await codeOf(collectEarnings({ ...as(stranger), dataset, config: config('x') }))).toBe('manifest-mismatch')
  })
})

describe('deposits', () => {
  test('adds, requests, cancels, requests again and takes after the window', async () => {
    const dataset = await register()
    const amount = parseEther('10')
    expect((await addDeposit({ ...as(stranger), dataset, amount })).deposit).toBe(parseEther('110'))
    expect(await codeOf(requestDepositWithdrawal({ ...as(curator), dataset, amount: parseEther('111') }))).toBe(
      'deposit-too-small',
    )
    await requestDepositWithdrawal({ ...as(curator), dataset, amount })
    expect((await cancelDepositWithdrawal({ ...as(curator), dataset })).deposit).toBe(parseEther('110'))
    const requested = await requestDepositWithdrawal({ ...as(curator), dataset, amount })
    expect(requested.deposit).toBe(parseEther('100'))
    const { maturesAtSeconds, lapsesAtSeconds } = requested
    const underWay = { amount, maturesAtSeconds, lapsesAtSeconds }
    expect(await readDepositWithdrawal({ ...chain, dataset })).toEqual(underWay)
    expect(await codeOf(takeDepositWithdrawal({ ...as(curator), dataset }))).toBe('transaction-reverted')
    await passTo(requested.maturesAtSeconds)
    const before = await readBalances({ ...chain, account: addressOf(curator) })
    expect((await takeDepositWithdrawal({ ...as(curator), dataset })).amount).toBe(amount)
    const after = await readBalances({ ...chain, account: addressOf(curator) })
    expect(after.token - before.token).toBe(amount)
    expect(await readDepositWithdrawal({ ...chain, dataset })).toBeUndefined()
  })
})

describe('subscribing', () => {
  test('with a permit: one signature, one transaction, access, exact charge', async () => {
    const dataset = await register()
    const account = addressOf(subscriber)
    const stages: TransactionProgress[] = []
    const before = await readBalances({ ...chain, account })
    const onProgress = (progress: TransactionProgress) => stages.push(progress)
    const result = await subscribeWithPermit({ ...as(subscriber), dataset, onProgress })
    expect(stages.map(({ stage, step }) => `${step}: ${stage}`)).toEqual([
      'permit: signing',
      'subscribe: simulating',
      'subscribe: signing',
      'subscribe: mining',
    ])
    expect(result.endSeconds % day).toBe(0)
    expect(result.charge).toBe(rate * BigInt(result.endSeconds - result.startSeconds))
    const after = await readBalances({ ...chain, account })
    expect(before.token - after.token).toBe(result.charge)
    expect(after.allowance).toBe(rateToPrice(rate) * 12n - result.charge)
    expect(await hasAccess({ ...chain, dataset, account })).toBe(true)
    expect(await readSubscription({ ...chain, dataset, account })).toMatchObject({
      startSeconds: result.startSeconds,
      endSeconds: result.endSeconds,
      rate,
      maxRate: rate,
    })
  })

  test('approves only what is missing and leaves a large allowance alone', async () => {
    const dataset = await register()
    const account = addressOf(subscriber)
    const first = await subscribe({ ...as(subscriber), dataset, autoRenew: false })
    expect(first.maxRate).toBe(0n)
    await unsubscribe({ ...as(subscriber), dataset })
    await approveToken({ ...as(subscriber), amount: maxUint256 })
    const plan = await planSubscription({ ...chain, dataset, account })
    expect(plan.newAllowance).toBeUndefined()
    await subscribeWithPermit({ ...as(subscriber), dataset })
    expect((await readBalances({ ...chain, account })).allowance).toBe(maxUint256)
  })

  test('leaves with every unused second', async () => {
    const dataset = await register()
    const { charge, startSeconds } = await subscribe({ ...as(subscriber), dataset })
    await passTo(startSeconds + 10 * day)
    const { refund, blockNumber } = await unsubscribe({ ...as(subscriber), dataset })
    const { timestamp } = await market.publicClient.getBlock({ blockNumber: BigInt(blockNumber) })
    expect(charge - refund).toBe(rate * (timestamp - BigInt(startSeconds)))
    expect(await codeOf(unsubscribe({ ...as(subscriber), dataset }))).toBe('no-subscription')
  })

  test('refuses what the contract refuses, by code', async () => {
    const dataset = await register()
    const unknown = keccak256('0x01')
    expect(await codeOf(subscribe({ ...as(subscriber), dataset: unknown }))).toBe('dataset-unknown')
    expect(await codeOf(subscribe({ ...as(subscriber), dataset, maxRate: rate - 1n }))).toBe('price-above-limit')
    await subscribe({ ...as(subscriber), dataset })
    expect(await codeOf(subscribe({ ...as(subscriber), dataset }))).toBe('already-subscribed')
    const all = (await readBalances({ ...chain, account: addressOf(stranger) })).token
    await transferToken({ ...as(stranger), to: addressOf(curator), amount: all })
    expect(await codeOf(subscribeWithPermit({ ...as(stranger), dataset }))).toBe('funds-missing')
    expect(await codeOf(setRenewalLimit({ ...as(stranger), dataset, maxRate: rate }))).toBe('no-subscription')
  })

  test('does not sell what the deposit does not cover', async () => {
    const terms = { ...listing(), name: 'thin', deposit: rate * BigInt(6 * day) }
    const { dataset } = await registerDataset({ ...as(curator), ...terms })
    await subscribe({ ...as(subscriber), dataset })
    expect(await codeOf(subscribe({ ...as(stranger), dataset }))).toBe('deposit-too-small')
  })

  test('one trial', async () => {
    const dataset = await register()
    const { endSeconds } = await startTrial({ ...as(subscriber), dataset })
    expect(endSeconds).toBe((await nowSeconds()) + 3600)
    expect(await hasAccess({ ...chain, dataset, account: addressOf(subscriber) })).toBe(true)
    expect(await codeOf(startTrial({ ...as(subscriber), dataset }))).toBe('already-subscribed')
  })
})

describe('renewing', () => {
  test('renews who allowed it in the last day, tells why not for the others, pays the tip', async () => {
    const dataset = await register()
    const generous = { dataset, maxRate: rate * 2n }
    const { endSeconds } = await subscribe({ ...as(subscriber), ...generous })
    await subscribe({ ...as(market.wallet(4)), dataset, autoRenew: false })
    await subscribe({ ...as(market.wallet(6)), ...generous })
    await setRenewalLimit({ ...as(market.wallet(6)), dataset, maxRate: rate - 1n })
    const accounts = [2, 4, 5, 6].map((index) => addressOf(market.wallet(index)))
    const early = await renewSubscriptions({ ...as(stranger), dataset, accounts: accounts.slice(0, 1) })
    expect(early.skipped).toEqual([{ account: accounts[0], reason: 'not-due' }])
    await passTo(endSeconds - 3600)
    const { renewed, skipped, tips } = await renewSubscriptions({ ...as(stranger), dataset, accounts })
    expect(renewed).toEqual([{ account: accounts[0], endSeconds: endSeconds + 30 * day, rate, tip: rate * 3600n }])
    expect(skipped.map(({ reason }) => reason)).toEqual(['not-allowed', 'not-running', 'price-above-limit'])
    expect((await readBalances({ ...chain, account: addressOf(stranger) })).credited).toBe(tips)
    expect((await withdrawEarnings(as(stranger))).amount).toBe(tips)
    expect(await codeOf(withdrawEarnings(as(stranger)))).toBe('funds-missing')
  })
})

describe('earning and closing', () => {
  test('collects to the second with the fee, withdraws, closes, refunds', async () => {
    const dataset = await register()
    const { charge, startSeconds } = await subscribe({ ...as(subscriber), dataset })
    await subscribe({ ...as(market.wallet(4)), dataset })
    await passTo(startSeconds + day)
    const { amount, fee } = await collectEarnings({ ...as(stranger), dataset })
    expect(amount).toBeGreaterThanOrEqual(rate * BigInt(2 * day - 10))
    expect(fee).toBe((amount * 500n) / 10_000n)
    const paid = await collectAndWithdraw({ ...as(curator), dataset })
    expect(paid.amount).toBeGreaterThanOrEqual(((amount - fee) * 9n) / 10n)
    const { closedAtSeconds } = await closeDataset({ ...as(curator), dataset })
    expect(await codeOf(subscribe({ ...as(stranger), dataset }))).toBe('dataset-closed')
    expect(await codeOf(startTrial({ ...as(stranger), dataset }))).toBe('dataset-closed')
    const left = charge - rate * BigInt(closedAtSeconds - startSeconds)
    const accounts = [addressOf(market.wallet(4)), addressOf(stranger)]
    const { refunds } = await claimRefunds({ ...as(stranger), dataset, accounts })
    expect(refunds.map(({ account }) => account)).toEqual(accounts.slice(0, 1))
    expect((await unsubscribe({ ...as(subscriber), dataset })).refund).toBe(left)
  })

  test('an open dataset has no refunds to claim', async () => {
    const dataset = await register()
    const claim = { dataset, accounts: [addressOf(subscriber)] }
    expect(await codeOf(claimRefunds({ ...as(stranger), ...claim }))).toBe('transaction-reverted')
  })
})

describe('reads', () => {
  test('the rank here is the rank on chain', async () => {
    const dataset = await register()
    expect(await rankOf({ ...chain, dataset })).toBe(0n)
    for (const index of [2, 3, 4]) await subscribe({ ...as(market.wallet(index)), dataset })
    await passTo((await nowSeconds()) + 3 * day)
    await unsubscribe({ ...as(market.wallet(4)), dataset })
    const inputs = await rankInputs({ ...chain, dataset })
    expect(inputs.churn).toBeGreaterThan(0n)
    expect(computeRank(inputs)).toBe(await rankOf({ ...chain, dataset }))
    expect(computeRank(inputs)).toBeGreaterThan(0n)
  })

  test('the terms are those of the parts', async () => {
    const dataset = await register()
    await subscribeWithPermit({ ...as(subscriber), dataset })
    const terms = await readTerms({ ...chain, dataset })
    expect(terms).toEqual({
      state: await readDataset({ ...chain, dataset }),
      config: config(),
      inputs: await rankInputs({ ...chain, dataset }),
      rank: await rankOf({ ...chain, dataset }),
      settings: await readSettings(chain),
    })
    expect(await codeOf(readTerms({ ...chain, dataset: keccak256('0x01') }))).toBe('dataset-unknown')
    await closeDataset({ ...as(curator), dataset })
    expect(await readTerms({ ...chain, dataset })).toMatchObject({ rank: 0n })
  })

  test('the activity of one dataset, newest first, page by page, with times', async () => {
    const dataset = await register()
    const { dataset: other } = await registerDataset({ ...as(curator), ...listing(), name: 'others' })
    await subscribeWithPermit({ ...as(subscriber), dataset })
    await subscribeWithPermit({ ...as(stranger), dataset: other })
    await market.testClient.mine({ blocks: 50 })
    const { blockNumber } = await unsubscribe({ ...as(subscriber), dataset })
    const names = ['Unsubscribed', 'Subscribed', 'DatasetRegistered']
    const all = await readActivity({ ...chain, dataset })
    expect(all.events.map(({ name }) => name)).toEqual(names)
    expect(all.next).toBeUndefined()
    const { timestamp } = await market.publicClient.getBlock({ blockNumber: BigInt(blockNumber) })
    expect(all.events[0]).toMatchObject({ blockNumber, atSeconds: Number(timestamp) })
    const seen: string[] = []
    let before: (typeof all)['next']
    do {
      const page = await readActivity({ ...chain, dataset, limit: 1, chunkBlocks: 2, before })
      seen.push(...page.events.map(({ name }) => name))
      before = page.next
    } while (before !== undefined)
    expect(seen).toEqual(names)
    expect(await readActivity({ ...chain, dataset: keccak256('0x01') })).toMatchObject({ events: [] })
  })

  test('events by range, in small chunks and by block hash', async () => {
    const dataset = await register()
    const { blockNumber, blockHash } = await subscribe({ ...as(subscriber), dataset })
    await unsubscribe({ ...as(subscriber), dataset })
    const toBlock = Number(await market.publicClient.getBlockNumber())
    const range = { ...chain, fromBlock: market.deployment.deploymentBlock, toBlock }
    const events = await readEvents(range)
    expect(events.map(({ name }) => name)).toEqual(['DatasetRegistered', 'Subscribed', 'Unsubscribed'])
    expect(await readEvents({ ...range, chunkBlocks: 2 })).toEqual(events)
    const [subscribed] = await readBlockEvents({ ...chain, blockHash })
    expect(subscribed).toMatchObject({ name: 'Subscribed', blockNumber, args: { id: dataset, rate } })
    expect(JSON.stringify(events, (_, value: unknown) => (typeof value === 'bigint' ? 0 : value))).not.toMatch(
      /0x[0-9a-f]*[A-F]/,
    )
  })
})

describe('deploying', () => {
  test('keeps its settings and refuses tokens that are none', async () => {
    const settings = await readSettings(chain)
    expect(settings).toEqual({
      ...defaultSettings({ pool: addressOf(market.wallet(0)) }),
      token: chain.deployment.token,
    })
    const again = (address: Hex, feeBps = 500) =>
      deployMarketplace({ ...as(stranger), token: { address }, settings: { ...settings, feeBps } })
    expect((await again(chain.deployment.token)).marketplace).not.toBe(chain.deployment.marketplace)
    expect(await codeOf(again(addressOf(stranger)))).toBe('setting-invalid')
    expect(await codeOf(again(chain.deployment.token, 10_000))).toBe('setting-invalid')
  })

  test('a wallet on another chain and a dead node are named', async () => {
    const dataset = await register()
    const elsewhere = { ...chain.deployment, chainId: 1 }
    expect(await codeOf(startTrial({ ...as(subscriber), deployment: elsewhere, dataset }))).toBe('wrong-chain')
    const other = await startChainWorld()
    await other.market.stop()
    const dead = other.chain
    expect(await codeOf(readDataset({ ...dead, dataset }))).toBe('chain-unavailable')
    expect(await codeOf(readEvents({ ...dead, fromBlock: 0, toBlock: 10 }))).toBe('chain-unavailable')
  })
})
