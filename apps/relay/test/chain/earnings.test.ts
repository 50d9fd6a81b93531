/** What an account earned, out of the events of real contracts on a real development chain. */
import {
  collectAndWithdraw,
  collectEarnings,
  priceToRate,
  readBalances,
  readEarnings,
  registerDataset,
  renewSubscriptions,
  subscribe,
  updateDataset,
  withdrawEarnings,
  type DatasetConfig,
  type MarketplaceWallet,
} from '@enigma/chain'
import { keccak256, parseEther, toHex } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { addressOf, type ChainWorld, day, startChainWorld } from './support/chain-world.ts'

const rate = priceToRate(parseEther('3'))

let market: ChainWorld['market']
let chain: ChainWorld['chain']
let curator: MarketplaceWallet
let payee: MarketplaceWallet
let subscriber: MarketplaceWallet
let as: ChainWorld['as']

beforeAll(async () => {
  ;({ market, chain, curator, subscriber, stranger: payee, as } = await startChainWorld())
})
afterAll(() => market.stop())

const configOf = (text: string, ...shares: [MarketplaceWallet, number][]): DatasetConfig => ({
  metadataHash: keccak256(toHex(text)),
  publisher: addressOf(curator),
  payouts: shares.map(([wallet, shareBps]) => ({ payee: addressOf(wallet), shareBps })),
})

async function passTo(seconds: number): Promise<void> {
  await market.testClient.setNextBlockTimestamp({ timestamp: BigInt(seconds) })
  await market.testClient.mine({ blocks: 1 })
}

test('what was credited less what was withdrawn is the balance, over changes of payees', async () => {
  const config = configOf('1', [curator, 9000], [payee, 1000])
  const listing = { name: 'prices', rate, deposit: parseEther('100'), config, trialSeconds: 0 }
  const { dataset } = await registerDataset({ ...as(curator), ...listing })
  const { startSeconds, endSeconds } = await subscribe({ ...as(subscriber), dataset, maxRate: rate * 2n })
  await passTo(startSeconds + day)
  const newConfig = configOf('2', [payee, 10_000])
  await updateDataset({ ...as(curator), dataset, rate, config: newConfig, trialSeconds: 0 })
  await passTo(startSeconds + 2 * day)
  await collectEarnings({ ...as(subscriber), dataset })
  await withdrawEarnings(as(curator))
  await passTo(endSeconds - 3600)
  await renewSubscriptions({ ...as(payee), dataset, accounts: [addressOf(subscriber)] })
  await collectEarnings({ ...as(curator), dataset })
  for (const wallet of [curator, payee]) {
    const account = addressOf(wallet)
    const { datasets, lines } = await readEarnings({ ...chain, account })
    expect(datasets).toMatchObject([{ id: dataset, curator: addressOf(curator), name: 'prices', config: newConfig }])
    const sum = lines.reduce((total, { kind, amount }) => total + (kind === 'withdrawal' ? -amount : amount), 0n)
    expect(sum).toBe((await readBalances({ ...chain, account })).credited)
  }
  await passTo(endSeconds)
  const paid = await collectAndWithdraw({ ...as(payee), dataset })
  const { lines } = await readEarnings({ ...chain, account: addressOf(payee) })
  expect(lines.map(({ kind }) => kind)).toEqual(['share', 'share', 'tips', 'share', 'share', 'withdrawal'])
  expect(lines.at(-1)).toMatchObject({ amount: paid.amount, dataset: undefined })
})

test('an account that lists nothing and is paid by nobody has none', async () => {
  expect(await readEarnings({ ...chain, account: addressOf(market.wallet(5)) })).toEqual({ datasets: [], lines: [] })
})
