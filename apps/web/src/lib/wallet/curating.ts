/** What a curator's page reads and sends, over shared/chain; loaded with the studio and not before. */
import {
  type ChainClient,
  addDeposit,
  approveToken,
  cancelDepositWithdrawal,
  closeDataset,
  collectAndWithdraw,
  collectEarnings,
  computeRank,
  type EarningDataset,
  hashDatasetConfig,
  type MarketplaceWallet,
  type Payout,
  rankInputs,
  readBalances,
  readDataset,
  readDatasetConfig,
  readDepositWithdrawal,
  readEarnings,
  readSettings,
  requestDepositWithdrawal,
  takeDepositWithdrawal,
  toChainError,
  updateDataset,
  withdrawEarnings,
} from '@enigma/chain'
import {
  datasetIdOf,
  formatDatasetPath,
  type Hex,
  MarketplaceError,
  type NetworkFile,
  parseDatasetPath,
} from '@enigma/protocol'
import { type CuratedDataset, shareBpsOf, type StudioSettings } from '#lib/curator/curated-dataset.ts'
import type { PayoutLine } from '#lib/curator/payouts.ts'
import { requireGas } from './money.ts'
import type { TransactionHooks } from './transactions.ts'

type Sending = TransactionHooks & { walletClient: MarketplaceWallet }
type Write = Sending & { path: string }

/** What an account lists and earns. Amounts in wei. */
export type StudioOverview = {
  /** The account's own first, open before closed; then those that pay it. */
  datasets: readonly CuratedDataset[]
  /** The oldest first. */
  lines: readonly PayoutLine[]
  settings: StudioSettings
  credited: bigint
  token: bigint
  allowance: bigint
  /** Unix second of the chain's newest block: it may be ahead of this browser's clock. */
  chainSeconds: number
}

export type Curating = {
  overview: (account: Hex) => Promise<StudioOverview>
  /** What the marketplace may take of the account's ENG. */
  allowance: (account: Hex) => Promise<bigint>
  /** Pays the wallet's account its share and all that was credited to it before. */
  collect: (parameters: Write) => Promise<unknown>
  /** Credits the payees, none of whom is the wallet's account. */
  credit: (parameters: Write) => Promise<unknown>
  withdraw: (parameters: Sending) => Promise<unknown>
  /** The manifest holds neither price nor payees: its hash stays, and nothing is signed anew. */
  changeTerms: (parameters: Write & { rate?: bigint; payouts?: readonly Payout[] }) => Promise<unknown>
  allow: (parameters: Sending & { amount: bigint }) => Promise<unknown>
  addDeposit: (parameters: Write & { amount: bigint }) => Promise<unknown>
  requestDeposit: (parameters: Write & { amount: bigint }) => Promise<unknown>
  keepDeposit: (parameters: Write) => Promise<unknown>
  takeDeposit: (parameters: Write) => Promise<unknown>
  close: (parameters: Write) => Promise<unknown>
}

export type CreateCuratingParameters = { network: NetworkFile; publicClient: ChainClient; nowSeconds: () => number }

/** Lines whose moment is read: each costs a block. */
const datedLines = 200

/** Creates the verbs of one network. */
export function createCurating({ network, publicClient, nowSeconds }: CreateCuratingParameters): Curating {
  const common = { publicClient, deployment: network }
  const send = async <Parameters extends Sending>(parameters: Parameters) => {
    await requireGas(publicClient, parameters.walletClient.account.address)
    return { ...common, ...parameters }
  }
  const sendFor = async <Parameters extends Write>(parameters: Parameters) => ({
    ...(await send(parameters)),
    dataset: datasetIdOf(parseDatasetPath(parameters.path)),
  })
  return {
    overview: (account) => readOverview({ ...common, account, nowSeconds }),
    allowance: async (account) => (await readBalances({ ...common, account })).allowance,
    collect: async (parameters) => collectAndWithdraw(await sendFor(parameters)),
    credit: async (parameters) => collectEarnings(await sendFor(parameters)),
    withdraw: async (parameters) => withdrawEarnings(await send(parameters)),
    allow: async (parameters) => approveToken(await send(parameters)),
    addDeposit: async (parameters) => addDeposit(await sendFor(parameters)),
    requestDeposit: async (parameters) => requestDepositWithdrawal(await sendFor(parameters)),
    keepDeposit: async (parameters) => cancelDepositWithdrawal(await sendFor(parameters)),
    takeDeposit: async (parameters) => takeDepositWithdrawal(await sendFor(parameters)),
    close: async (parameters) => closeDataset(await sendFor(parameters)),
    async changeTerms({ rate, payouts, ...parameters }) {
      const sending = await sendFor(parameters)
      const [state, oldConfig] = await Promise.all([readDataset(sending), readDatasetConfig(sending)])
      if (state === undefined) throw unknown(parameters.path)
      const config = payouts === undefined ? oldConfig : { ...oldConfig, payouts }
      const { trialSeconds } = state
      return updateDataset({ ...sending, rate: rate ?? state.rate, config, oldConfig, trialSeconds })
    },
  }
}

type Read = { publicClient: ChainClient; deployment: NetworkFile; account: Hex; nowSeconds: () => number }

async function readOverview(read: Read): Promise<StudioOverview> {
  const { publicClient, account } = read
  const [earnings, settings, { credited, token, allowance }, chainSeconds] = await Promise.all([
    readEarnings(read),
    readSettings(read),
    readBalances(read),
    readChainSeconds(publicClient),
  ])
  const paths = new Map(earnings.datasets.map((dataset) => [dataset.id, formatDatasetPath(dataset)]))
  const times = await readTimes(publicClient, [
    ...earnings.lines.slice(-datedLines).map(({ blockNumber }) => blockNumber),
    ...earnings.datasets.map(({ registeredBlock }) => registeredBlock),
  ])
  const all = await Promise.all(earnings.datasets.map((dataset) => readOne(read, dataset, times)))
  const lines = earnings.lines.map(({ dataset, blockNumber: block, logIndex, ...line }) => ({
    ...line,
    ...{ key: `${line.transactionHash}-${logIndex}`, block, atSeconds: times.get(block) },
    path: dataset === undefined ? undefined : paths.get(dataset),
  }))
  const datasets = all.filter((each) => each.isOwn || shareBpsOf(each, account) > 0).sort(inOrder)
  return { datasets, lines, settings, credited, token, allowance, chainSeconds }
}

async function readOne(
  read: Read,
  { id, curator, name, registeredBlock, config }: EarningDataset,
  times: ReadonlyMap<number, number>,
): Promise<CuratedDataset> {
  const of = { ...read, dataset: id }
  const [state, inputs, withdrawal] = await Promise.all([readDataset(of), rankInputs(of), readDepositWithdrawal(of)])
  const path = formatDatasetPath({ curator, name })
  if (state === undefined) throw unknown(path)
  if (state.configHash !== hashDatasetConfig(config)) throw behind(path)
  const { rate, liveRate, subscribers, deposit, closedAtSeconds, earned, trialSeconds } = state
  return {
    ...{ path, curator, name, rate, liveRate, subscribers, deposit, closedAtSeconds, earned, trialSeconds, withdrawal },
    ...{ isOwn: curator === read.account, readAtSeconds: read.nowSeconds(), payouts: config.payouts },
    ...{ registeredAtSeconds: times.get(registeredBlock) ?? 0, rankInputs: inputs },
    rank: closedAtSeconds === 0 ? computeRank(inputs) : 0n,
  }
}

function inOrder(a: CuratedDataset, b: CuratedDataset): number {
  const isClosed = ({ closedAtSeconds }: CuratedDataset) => Number(closedAtSeconds > 0)
  return Number(b.isOwn) - Number(a.isOwn) || isClosed(a) - isClosed(b) || b.registeredAtSeconds - a.registeredAtSeconds
}

async function readChainSeconds(publicClient: ChainClient): Promise<number> {
  try {
    return Number((await publicClient.getBlock()).timestamp)
  } catch (error) {
    throw toChainError(error)
  }
}

async function readTimes(publicClient: ChainClient, numbers: readonly number[]): Promise<Map<number, number>> {
  const blocks = [...new Set(numbers)]
  const read = async (block: number) => {
    const { timestamp } = await publicClient.getBlock({ blockNumber: BigInt(block) })
    return [block, Number(timestamp)] as const
  }
  try {
    return new Map(await Promise.all(blocks.map(read)))
  } catch (error) {
    throw toChainError(error)
  }
}

function unknown(path: string): MarketplaceError {
  const message = 'The Ethereum node contradicts itself: it has the dataset’s events and not the dataset.'
  return new MarketplaceError({ code: 'chain-unavailable', message, details: path })
}

function behind(path: string): MarketplaceError {
  const message = "The Ethereum node's logs do not hold the dataset's present terms yet; try again in a moment."
  return new MarketplaceError({ code: 'chain-behind', message, details: path })
}
