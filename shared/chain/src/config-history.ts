/**
 * The configs that a dataset has had, from its own events, newest first. Providers refuse wide ranges of blocks, each
 * with limits of its own: ranges are bounded, grow while the provider allows it and shrink when it does not.
 */
import { type Hex, toEventSelector } from 'viem'
import { marketplaceEventsAbi } from './events.ts'
import { toChainError } from './explain-revert.ts'
import { isOutage, tryReadRange } from './read-events.ts'
import type { DatasetConfig, ReadParameters } from './types.ts'

const defaultRangeBlocks = 10_000
/** Few events of one dataset lie in any range: what a provider allows is the only limit. */
const mostRangeBlocks = 5_000_000

export type ReadConfigHistoryParameters = ReadParameters & {
  dataset: Hex
  /** Blocks of the first request; 10,000 when absent. */
  rangeBlocks?: number | undefined
}

const configTopics = marketplaceEventsAbi
  .filter(({ name }) => name === 'DatasetRegistered' || name === 'DatasetUpdated')
  .map((event) => toEventSelector(event))

/** Yields configs until the caller has seen enough or the deployment's first block is read. */
export async function* readConfigHistory(
  parameters: ReadConfigHistoryParameters,
): AsyncGenerator<DatasetConfig, void, undefined> {
  const { deployment, rangeBlocks = defaultRangeBlocks } = parameters
  const head = await readHead(parameters)
  let size = Math.max(1, rangeBlocks)
  let largest = mostRangeBlocks
  let last = head
  while (last >= deployment.deploymentBlock) {
    const first = Math.max(deployment.deploymentBlock, last - size + 1)
    // The node behind the next request may know a newer head: what it has is wanted, too.
    const configs = await tryReadConfigs(parameters, first, last === head ? 'latest' : last)
    if (configs instanceof Error) {
      if (first === last || isOutage(configs)) throw toChainError(configs)
      size = largest = Math.ceil((last - first + 1) / 2)
      continue
    }
    yield* configs.reverse()
    last = first - 1
    size = Math.min(size * 2, largest)
  }
}

/** Every account that was ever the dataset's publisher, in lower case. */
export async function readPublishers(parameters: ReadConfigHistoryParameters): Promise<Hex[]> {
  const publishers = new Set<Hex>()
  for await (const { publisher } of readConfigHistory(parameters)) publishers.add(publisher)
  return [...publishers]
}

async function readHead({ publicClient }: ReadParameters): Promise<number> {
  try {
    return Number(await publicClient.getBlockNumber({ cacheTime: 0 }))
  } catch (error) {
    throw toChainError(error)
  }
}

async function tryReadConfigs(
  { publicClient, deployment, dataset }: ReadConfigHistoryParameters,
  fromBlock: number,
  toBlock: number | 'latest',
): Promise<DatasetConfig[] | Error> {
  const topics = [configTopics, dataset]
  const events = await tryReadRange({ publicClient, deployment, fromBlock, toBlock, topics })
  if (events instanceof Error) return events
  return events.flatMap(({ name, args }) => {
    if ((name !== 'DatasetRegistered' && name !== 'DatasetUpdated') || args.id !== dataset) return []
    return [{ metadataHash: args.metadataHash, publisher: args.publisher, payouts: args.payouts }]
  })
}
