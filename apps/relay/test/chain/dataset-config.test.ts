/** Finding a dataset's config in a long history, at providers that refuse wide ranges of blocks. */
import {
  createDatasetConfigReader,
  priceToRate,
  readDatasetConfig,
  readPublishers,
  registerDataset,
  updateDataset,
  type DatasetConfig,
  type MarketplaceWallet,
} from '@enigma/chain'
import { startMarketplace, type TestMarketplace } from '@enigma/testing/node'
import {
  createPublicClient,
  custom,
  hexToNumber,
  keccak256,
  parseEther,
  toHex,
  type Hex,
  type PublicClient,
} from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'

const rate = priceToRate(parseEther('3'))
/** Blocks between two updates, and of the refusing provider's widest range. */
const apart = 300
const widest = 200

let market: TestMarketplace
let dataset: Hex
let quiet: Hex
let publishers: Hex[]

const addressOf = (wallet: MarketplaceWallet) => wallet.account.address.toLowerCase() as Hex
const configOf = (text: string, publisher = market.wallet(1)): DatasetConfig => ({
  metadataHash: keccak256(toHex(text)),
  publisher: addressOf(publisher),
  payouts: [{ payee: addressOf(market.wallet(1)), shareBps: 10_000 }],
})

beforeAll(async () => {
  market = await startMarketplace()
  const { publicClient, deployment } = market
  const as = { publicClient, deployment, walletClient: market.wallet(1) }
  const listing = { rate, deposit: parseEther('100'), trialSeconds: 0 }
  quiet = (await registerDataset({ ...as, ...listing, name: 'quiet', config: configOf('quiet') })).dataset
  dataset = (await registerDataset({ ...as, ...listing, name: 'prices', config: configOf('1') })).dataset
  for (const [index, text] of ['2', '3', '4'].entries()) {
    await market.testClient.mine({ blocks: apart })
    const config = configOf(text, market.wallet(2 + index))
    await updateDataset({ ...as, dataset, rate, config, trialSeconds: 0 })
  }
  await market.testClient.mine({ blocks: apart })
  publishers = [4, 3, 2, 1].map((index) => addressOf(market.wallet(index)))
}, 120_000)
afterAll(() => market.stop())

type LogRequest = { fromBlock: Hex; toBlock: Hex }

/** A provider that counts requests, and refuses ranges over `widestBlocks` or what `refuse` refuses. */
function watch({ widestBlocks = Infinity, refuse }: { widestBlocks?: number; refuse?: () => Error | undefined } = {}) {
  const methods: string[] = []
  const ranges: number[] = []
  const request = async ({ method, params }: { method: string; params?: unknown }): Promise<unknown> => {
    methods.push(method)
    if (method === 'eth_getLogs') {
      const [{ fromBlock, toBlock }] = params as [LogRequest]
      const head = await market.publicClient.getBlockNumber()
      const last = toBlock === ('latest' as string) ? Number(head) : hexToNumber(toBlock)
      ranges.push(last - hexToNumber(fromBlock) + 1)
      const error = refuse?.()
      if (error !== undefined) throw error
      if ((ranges.at(-1) ?? 0) > widestBlocks) {
        throw Object.assign(new Error('block range is too wide'), { code: -32005 })
      }
    }
    return market.publicClient.request({ method, params } as never)
  }
  const publicClient: PublicClient = createPublicClient({ transport: custom({ request }, { retryCount: 0 }) })
  return { publicClient, deployment: market.deployment, methods, ranges }
}

test('a short history takes one request for the state, one for the head, one for the logs', async () => {
  const { methods, ...chain } = watch()
  expect(await readDatasetConfig({ ...chain, dataset })).toEqual(configOf('4', market.wallet(4)))
  expect(methods).toEqual(['eth_blockNumber', 'eth_call', 'eth_getLogs'])
})

test('a long one is read from the newest block back, no further than needed', async () => {
  const { ranges, ...chain } = watch()
  expect(await readDatasetConfig({ ...chain, dataset, rangeBlocks: 100 })).toEqual(configOf('4', market.wallet(4)))
  expect(ranges).toEqual([100, 200, 400])
  ranges.length = 0
  expect(await readDatasetConfig({ ...chain, dataset: quiet, rangeBlocks: 100 })).toEqual(configOf('quiet'))
  expect(ranges.slice(0, 3)).toEqual([100, 200, 400])
  expect(ranges).toHaveLength(4)
})

test('a provider that refuses wide ranges is asked for smaller ones', async () => {
  const { ranges, ...chain } = watch({ widestBlocks: widest })
  expect(await readDatasetConfig({ ...chain, dataset: quiet, rangeBlocks: 1_000 })).toEqual(configOf('quiet'))
  expect(ranges.filter((blocks) => blocks > widest).length).toBeLessThan(6)
  expect(ranges.length).toBeLessThan(20)
  expect(await readPublishers({ ...chain, dataset })).toEqual(publishers)
})

test('a provider that refuses everything, or is too busy, is given up', async () => {
  const deaf = watch({ refuse: () => Object.assign(new Error('no such method'), { code: -32601 }) })
  await expect(readDatasetConfig({ ...deaf, dataset })).rejects.toMatchObject({ code: 'chain-unavailable' })
  expect(deaf.ranges.length).toBeLessThan(20)
})

test('a config is looked for once, and again when the chain names another', async () => {
  const { methods, ...chain } = watch()
  const read = createDatasetConfigReader(chain)
  const first = await read({ dataset })
  expect(await read({ dataset })).toBe(first)
  expect(methods).toEqual(['eth_blockNumber', 'eth_call', 'eth_getLogs', 'eth_call'])
  const { publicClient, deployment } = market
  const next = configOf('5')
  await updateDataset({
    publicClient,
    deployment,
    walletClient: market.wallet(1),
    dataset,
    rate,
    config: next,
    trialSeconds: 0,
  })
  expect(await read({ dataset })).toEqual(next)
  expect(methods.filter((method) => method === 'eth_getLogs')).toHaveLength(2)
})

test('logs without the preimage of what is on chain are not believed', async () => {
  const { publicClient, deployment } = watch()
  const read = createDatasetConfigReader({ publicClient, deployment })
  const configHash = keccak256('0x01')
  await expect(read({ dataset, configHash })).rejects.toMatchObject({ code: 'chain-behind' })
})
