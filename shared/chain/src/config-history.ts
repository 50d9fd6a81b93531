/**
 * The configs that a dataset has had, from its own events, newest first. Providers refuse wide ranges of blocks, each
 * with limits of its own: ranges are bounded, grow while the provider allows it and shrink when it does not.
 */
import { type Hex, parseEventLogs, toEventSelector } from 'viem'
import { datasetReadAbi } from './generated/dataset-read.ts'
import { isOutage, tryReadLogs } from './log-range.ts'
import { lowerCaseHex } from './lower-case-hex.ts'
import { toReadError } from './read-error.ts'
import type { DatasetConfig, ReadParameters } from './types.ts'

const defaultRangeBlocks = 10_000
/** Few events of one dataset lie in any range: what a provider allows is the only limit. */
const mostRangeBlocks = 5_000_000

export type ReadConfigHistoryParameters = ReadParameters & {
  dataset: Hex
  /** Blocks of the first request; 10,000 when absent. */
  rangeBlocks?: number | undefined
  /** The newest block, where the caller has begun to read it. */
  head?: Promise<number> | undefined
}

const configTopics = datasetReadAbi.flatMap((item) => (item.type === 'event' ? [toEventSelector(item)] : []))

/** Yields configs until the caller has seen enough or the deployment's first block is read. */
export async function* readConfigHistory(
  parameters: ReadConfigHistoryParameters,
): AsyncGenerator<DatasetConfig, void, undefined> {
  const { deployment, rangeBlocks = defaultRangeBlocks } = parameters
  const head = await (parameters.head ?? readHead(parameters))
  let size = Math.max(1, rangeBlocks)
  let largest = mostRangeBlocks
  let last = head
  while (last >= deployment.deploymentBlock) {
    const first = Math.max(deployment.deploymentBlock, last - size + 1)
    // The node behind the next request may know a newer head: what it has is wanted, too.
    const configs = await tryReadConfigs(parameters, first, last === head ? 'latest' : last)
    if (configs instanceof Error) {
      if (first === last || isOutage(configs)) throw toReadError(configs)
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

/** The newest block's number; throws `chain-unavailable`. */
export async function readHead({ publicClient }: ReadParameters): Promise<number> {
  try {
    return Number(await publicClient.getBlockNumber({ cacheTime: 0 }))
  } catch (error) {
    throw toReadError(error)
  }
}

async function tryReadConfigs(
  { publicClient, deployment, dataset }: ReadConfigHistoryParameters,
  fromBlock: number,
  toBlock: number | 'latest',
): Promise<DatasetConfig[] | Error> {
  const topics = [configTopics, dataset]
  const source = { publicClient, addresses: [deployment.marketplace] }
  const logs = await tryReadLogs(source, { fromBlock, toBlock, topics })
  if (logs instanceof Error) return logs
  return parseEventLogs({ abi: datasetReadAbi, logs, strict: true }).flatMap(({ args }) => {
    const { id, metadataHash, publisher, payouts } = lowerCaseHex(args)
    return id === dataset ? [{ metadataHash, publisher, payouts }] : []
  })
}
