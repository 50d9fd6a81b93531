/**
 * What the contracts refuse, verb by verb on a real chain: after each refusal the honest transaction of the same wallets
 * succeeds, so no refusal leaves a nonce, an allowance or a dataset behind that hinders anyone.
 */
import {
  approveToken,
  claimRefunds,
  closeDataset,
  collectEarnings,
  type DatasetConfig,
  hasAccess,
  marketplaceAbi,
  type MarketplaceWallet,
  priceToRate,
  readBalances,
  readDataset,
  registerDataset,
  requestDepositWithdrawal,
  revokeGrant,
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
} from '@enigma/chain'
import { type ErrorCode, MarketplaceError } from '@enigma/protocol'
import { keccak256, parseEther, toHex, type Hex } from 'viem'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
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

const configOf = (...shares: number[]): DatasetConfig => ({
  metadataHash: keccak256(toHex('one')),
  publisher: addressOf(curator),
  payouts: shares.map((shareBps) => ({ payee: addressOf(curator), shareBps })),
})

type Listing = Omit<Parameters<typeof registerDataset>[0], 'publicClient' | 'walletClient' | 'deployment'>
const listing = (change: Partial<Listing> = {}): Listing => ({
  ...{ name: 'prices', rate, deposit: parseEther('100'), config: configOf(10_000), trialSeconds: 3600 },
  ...change,
})
const register = async (change: Partial<Listing> = {}) =>
  (await registerDataset({ ...as(curator), ...listing(change) })).dataset

/** Registers without the approval that our verb would ask for first. */
async function registerUnapproved(): Promise<void> {
  const { name, deposit, config, trialSeconds } = listing()
  const { request } = await market.publicClient.simulateContract({
    account: curator.account,
    address: market.deployment.marketplace,
    abi: marketplaceAbi,
    functionName: 'register',
    args: [name, rate, deposit, config, trialSeconds],
  })
  const hash = await curator.writeContract(request)
  await market.publicClient.waitForTransactionReceipt({ hash })
}

async function passTo(seconds: number): Promise<void> {
  await market.testClient.setNextBlockTimestamp({ timestamp: BigInt(seconds) })
  await market.testClient.mine({ blocks: 1 })
}

async function codeOf(work: Promise<unknown>): Promise<ErrorCode | undefined> {
  return work.then(
    () => undefined,
    (thrown: unknown) => {
      const error = thrown instanceof MarketplaceError ? thrown : toChainError(thrown)
      return error.code
    },
  )
}

/** All the money of a wallet goes to another one; returns how to give it back. */
async function impoverish(wallet: MarketplaceWallet): Promise<() => Promise<unknown>> {
  const { token: amount } = await readBalances({ ...chain, account: addressOf(wallet) })
  const rich = market.wallet(5)
  await transferToken({ ...as(wallet), to: addressOf(rich), amount })
  return () => transferToken({ ...as(rich), to: addressOf(wallet), amount })
}

type Refusal = { code: ErrorCode; refused: () => Promise<unknown>; honest: () => Promise<unknown> }

/** Each makes what it needs on a fresh chain, then a refusal and what succeeds after it. */
const cases: Readonly<Record<string, () => Refusal | Promise<Refusal>>> = {
  'a bad name': () => ({
    code: 'name-invalid',
    refused: () => register({ name: 'No!' }),
    honest: () => register(),
  }),
  'shares of 9,999': () => ({
    code: 'payouts-invalid',
    refused: () => register({ config: configOf(9999) }),
    honest: () => register(),
  }),
  'shares of 10,001': () => ({
    code: 'payouts-invalid',
    refused: () => register({ config: configOf(10_000, 1) }),
    honest: () => register({ config: configOf(9999, 1) }),
  }),
  'no shares': () => ({
    code: 'payouts-invalid',
    refused: () => register({ config: configOf() }),
    honest: () => register(),
  }),
  'shares of 9,999 in an update': async () => {
    const dataset = await register()
    const update = (config: DatasetConfig) =>
      updateDataset({ ...as(curator), dataset, rate, config, trialSeconds: 3600 })
    return {
      code: 'payouts-invalid',
      refused: () => update(configOf(9999)),
      honest: () => update(configOf(5000, 5000)),
    }
  },
  'a price of nothing': () => ({
    code: 'rate-too-low',
    refused: () => register({ rate: 0n }),
    honest: () => register(),
  }),
  'a trial too long': () => ({
    code: 'parameter-invalid',
    refused: () => register({ trialSeconds: 31 * day }),
    honest: () => register({ trialSeconds: 30 * day }),
  }),
  'a deposit that is not approved': () => ({
    code: 'allowance-missing',
    refused: registerUnapproved,
    honest: async () => {
      await approveToken({ ...as(curator), amount: parseEther('100') })
      await registerUnapproved()
    },
  }),
  'a deposit that the curator does not have': () => ({
    code: 'funds-missing',
    refused: () => register({ deposit: parseEther('2000000') }),
    honest: () => register(),
  }),
  'a path that is taken': async () => {
    await register()
    return { code: 'dataset-exists', refused: () => register(), honest: () => register({ name: 'others' }) }
  },
  'an update by a stranger': async () => {
    const dataset = await register()
    const update = (wallet: MarketplaceWallet) =>
      updateDataset({ ...as(wallet), dataset, rate, config: configOf(5000, 5000), trialSeconds: 0 })
    return { code: 'not-curator', refused: () => update(stranger), honest: () => update(curator) }
  },
  'a closing by a stranger': async () => {
    const dataset = await register()
    const close = (wallet: MarketplaceWallet) => closeDataset({ ...as(wallet), dataset })
    return { code: 'not-curator', refused: () => close(stranger), honest: () => close(curator) }
  },
  'payouts that are not those of the chain': async () => {
    const dataset = await register()
    await subscribe({ ...as(subscriber), dataset })
    return {
      code: 'manifest-mismatch',
      refused: () => collectEarnings({ ...as(stranger), dataset, config: configOf(5000, 5000) }),
      honest: () => collectEarnings({ ...as(stranger), dataset }),
    }
  },
  'more deposit back than there is': async () => {
    const dataset = await register()
    const request = (amount: bigint) => requestDepositWithdrawal({ ...as(curator), dataset, amount })
    return {
      code: 'deposit-too-small',
      refused: () => request(parseEther('101')),
      honest: () => request(parseEther('10')),
    }
  },
  'a deposit taken before its time': async () => {
    const dataset = await register()
    const { maturesAtSeconds } = await requestDepositWithdrawal({
      ...as(curator),
      dataset,
      amount: parseEther('10'),
    })
    const take = () => takeDepositWithdrawal({ ...as(curator), dataset })
    return { code: 'transaction-reverted', refused: take, honest: () => passTo(maturesAtSeconds).then(take) }
  },
  'a price above maxRate': async () => {
    const dataset = await register()
    const at = (maxRate: bigint) => subscribe({ ...as(subscriber), dataset, maxRate })
    return { code: 'price-above-limit', refused: () => at(rate - 1n), honest: () => at(rate) }
  },
  'a second subscription': async () => {
    const dataset = await register()
    await subscribe({ ...as(subscriber), dataset })
    const again = () => subscribe({ ...as(subscriber), dataset })
    return {
      code: 'already-subscribed',
      refused: again,
      honest: () => unsubscribe({ ...as(subscriber), dataset }).then(again),
    }
  },
  'a subscription without money': async () => {
    const dataset = await register()
    const giveBack = await impoverish(subscriber)
    const paid = () => subscribeWithPermit({ ...as(subscriber), dataset })
    return { code: 'funds-missing', refused: paid, honest: () => giveBack().then(paid) }
  },
  'a subscription that the deposit does not cover': async () => {
    const dataset = await register({ deposit: rate * BigInt(6 * day) })
    await subscribe({ ...as(subscriber), dataset })
    const join = () => subscribe({ ...as(stranger), dataset })
    return {
      code: 'deposit-too-small',
      refused: join,
      honest: () => unsubscribe({ ...as(subscriber), dataset }).then(join),
    }
  },
  'a dataset that is none': async () => {
    const dataset = await register()
    const join = (id: Hex) => subscribe({ ...as(subscriber), dataset: id })
    return { code: 'dataset-unknown', refused: () => join(keccak256('0x01')), honest: () => join(dataset) }
  },
  'a renewal limit of nobody': async () => {
    const dataset = await register()
    const limit = () => setRenewalLimit({ ...as(subscriber), dataset, maxRate: rate })
    return {
      code: 'no-subscription',
      refused: limit,
      honest: () => subscribe({ ...as(subscriber), dataset }).then(limit),
    }
  },
  'leaving what was never joined': async () => {
    const dataset = await register()
    const leave = () => unsubscribe({ ...as(subscriber), dataset })
    return {
      code: 'no-subscription',
      refused: leave,
      honest: () => subscribe({ ...as(subscriber), dataset }).then(leave),
    }
  },
  'a second trial': async () => {
    const dataset = await register()
    await startTrial({ ...as(subscriber), dataset })
    return {
      code: 'already-subscribed',
      refused: () => startTrial({ ...as(subscriber), dataset }),
      honest: () => startTrial({ ...as(stranger), dataset }),
    }
  },
  'a subscription to what is closed': async () => {
    const dataset = await register()
    const open = await register({ name: 'others' })
    await closeDataset({ ...as(curator), dataset })
    const join = (id: Hex) => subscribe({ ...as(subscriber), dataset: id })
    return { code: 'dataset-closed', refused: () => join(dataset), honest: () => join(open) }
  },
  'refunds of what is open': async () => {
    const dataset = await register()
    await subscribe({ ...as(subscriber), dataset })
    const claim = () => claimRefunds({ ...as(stranger), dataset, accounts: [addressOf(subscriber)] })
    return {
      code: 'transaction-reverted',
      refused: claim,
      honest: () => closeDataset({ ...as(curator), dataset }).then(claim),
    }
  },
  'a grant that is ended already': async () => {
    const revoke = (id: Hex) => revokeGrant({ ...as(subscriber), grantId: keccak256(id) })
    await revoke('0x01')
    return { code: 'grant-revoked', refused: () => revoke('0x01'), honest: () => revoke('0x02') }
  },
  'earnings of nothing': async () => {
    const dataset = await register()
    const withdraw = () => withdrawEarnings(as(curator))
    const earn = async () => {
      const { startSeconds } = await subscribe({ ...as(subscriber), dataset })
      await passTo(startSeconds + day)
      await collectEarnings({ ...as(stranger), dataset })
    }
    return { code: 'funds-missing', refused: withdraw, honest: () => earn().then(withdraw) }
  },
}

test.each(Object.entries(cases))('%s is refused, and the honest transaction succeeds', async (_name, make) => {
  const { code, refused, honest } = await make()
  expect(await codeOf(refused())).toBe(code)
  expect(await codeOf(honest())).toBeUndefined()
})

test('a stranger is answered nothing by all this, and a subscriber everything', async () => {
  const dataset = await register()
  expect(await codeOf(subscribe({ ...as(subscriber), dataset, maxRate: rate - 1n }))).toBe('price-above-limit')
  expect(await hasAccess({ ...chain, dataset, account: addressOf(subscriber) })).toBe(false)
  await subscribe({ ...as(subscriber), dataset })
  expect(await hasAccess({ ...chain, dataset, account: addressOf(subscriber) })).toBe(true)
  expect(await readDataset({ ...chain, dataset })).toMatchObject({ subscribers: 1 })
})
