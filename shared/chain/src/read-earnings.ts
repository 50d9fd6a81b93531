/** What an account lists or is paid by, and what it was credited and paid, from the marketplace's own events. */
import { type AbiEvent, encodeEventTopics, type Hex, type LogTopic, toEventSelector } from 'viem'
import { type MarketplaceEvent, type MarketplaceEventName, marketplaceEventsAbi } from './events.ts'
import { toChainError } from './explain-revert.ts'
import { payeeShare } from './payee-share.ts'
import { readEventPages } from './read-events.ts'
import type { DatasetConfig, ReadParameters } from './types.ts'

/** Few events match the topics: what a provider allows is the only limit, and it is asked for less where it refuses. */
const rangeBlocks = 5_000_000

export type ReadEarningsParameters = ReadParameters & { account: Hex }

/** A dataset that the account listed, or is or was a payee of. */
export type EarningDataset = {
  id: Hex
  curator: Hex
  name: string
  registeredBlock: number
  /** As the newest event says: compare its hash with the chain's state before it is used. */
  config: DatasetConfig
}

/**
 * A change of what the account is credited, in wei: its share of a dataset's collected earnings, tips of renewals, or,
 * with no dataset, what it withdrew.
 */
export type EarningLine = {
  kind: 'share' | 'tips' | 'withdrawal'
  dataset: Hex | undefined
  amount: bigint
  blockNumber: number
  logIndex: number
  transactionHash: Hex
}

export type ReadEarningsReturnType = {
  /** The oldest first, open or closed. */
  datasets: EarningDataset[]
  /** The oldest first. */
  lines: EarningLine[]
}

/** Reads them all; throws `chain-unavailable`. */
export async function readEarnings(parameters: ReadEarningsParameters): Promise<ReadEarningsReturnType> {
  const account = parameters.account.toLowerCase() as Hex
  try {
    const toBlock = Number(await parameters.publicClient.getBlockNumber({ cacheTime: 0 }))
    const read = (topics: LogTopic[]) => readAll({ ...parameters, toBlock, topics })
    const listings = await read([[selectorOf('DatasetRegistered'), selectorOf('DatasetUpdated')]])
    const ids = idsOf(listings, account)
    const padded =
      encodeEventTopics({ abi: marketplaceEventsAbi, eventName: 'Withdrawn', args: { account } })[1] ?? null
    const [collected, withdrawn, tips] = await Promise.all([
      ids.size === 0 ? [] : read([[selectorOf('EarningsCollected')], [...ids]]),
      read([[selectorOf('Withdrawn')], padded]),
      read([[selectorOf('TipsEarned')], null, padded]),
    ])
    return replayEarnings([...listings, ...collected, ...withdrawn, ...tips], account)
  } catch (error) {
    throw toChainError(error)
  }
}

/** The same from events that were read before, in any order. */
export function replayEarnings(events: readonly MarketplaceEvent[], account: Hex): ReadEarningsReturnType {
  const datasets = new Map<Hex, EarningDataset>()
  const ids = idsOf(events, account)
  const lines: EarningLine[] = []
  for (const event of events.toSorted((a, b) => a.blockNumber - b.blockNumber || a.logIndex - b.logIndex)) {
    if (event.name === 'DatasetRegistered' || event.name === 'DatasetUpdated') applyListing(event, datasets)
    const line = toLine(event, datasets, account)
    if (line !== undefined) lines.push(line)
  }
  return { datasets: [...datasets.values()].filter(({ id }) => ids.has(id)), lines }
}

type ListingEvent = Extract<MarketplaceEvent, { name: 'DatasetRegistered' | 'DatasetUpdated' }>

function applyListing({ name: event, args, blockNumber }: ListingEvent, datasets: Map<Hex, EarningDataset>): void {
  const { id, metadataHash, publisher, payouts } = args
  const config = { metadataHash, publisher, payouts }
  const known = datasets.get(id)
  if (event === 'DatasetRegistered') {
    const { curator, name } = args
    datasets.set(id, { id, curator, name, registeredBlock: blockNumber, config })
  } else if (known !== undefined) datasets.set(id, { ...known, config })
}

function toLine(
  { name, args, ...place }: MarketplaceEvent,
  datasets: ReadonlyMap<Hex, EarningDataset>,
  account: Hex,
): EarningLine | undefined {
  const { blockNumber, logIndex, transactionHash } = place
  const at = { blockNumber, logIndex, transactionHash }
  if (name === 'EarningsCollected') {
    // The payees of that moment: an update collects for the old ones before it names new ones.
    const payouts = datasets.get(args.id)?.config.payouts ?? []
    const amount = payeeShare(payouts, args.amount - args.fee, account)
    return amount === 0n ? undefined : { kind: 'share', dataset: args.id, amount, ...at }
  }
  if (name === 'TipsEarned' && args.renewer === account)
    return { kind: 'tips', dataset: args.id, amount: args.amount, ...at }
  if (name === 'Withdrawn' && args.account === account)
    return { kind: 'withdrawal', dataset: undefined, amount: args.amount, ...at }
  return undefined
}

/** The datasets that the account listed, or was ever a payee of. */
function idsOf(events: readonly MarketplaceEvent[], account: Hex): Set<Hex> {
  const ids = new Set<Hex>()
  for (const { name, args } of events) {
    if (name !== 'DatasetRegistered' && name !== 'DatasetUpdated') continue
    const isCurator = name === 'DatasetRegistered' && args.curator === account
    if (isCurator || args.payouts.some(({ payee }) => payee === account)) ids.add(args.id)
  }
  return ids
}

function selectorOf(wanted: MarketplaceEventName): Hex {
  const event = marketplaceEventsAbi.find(({ name }) => name === wanted)
  if (event === undefined) throw new TypeError(`the marketplace has no event ${wanted}`)
  return toEventSelector(event satisfies AbiEvent)
}

async function readAll(
  parameters: ReadParameters & { toBlock: number; topics: LogTopic[] },
): Promise<MarketplaceEvent[]> {
  const { publicClient, deployment, toBlock, topics } = parameters
  const range = { publicClient, deployment, topics, fromBlock: deployment.deploymentBlock, toBlock }
  const events: MarketplaceEvent[] = []
  for await (const page of readEventPages({ ...range, chunkBlocks: rangeBlocks })) events.push(...page.events)
  return events
}
