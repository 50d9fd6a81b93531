/** A dataset's history on chain, newest first, in pages: each reads a bounded number of log ranges and blocks. */
import { MarketplaceError } from '@enigma/protocol'
import { type Hex, numberToHex } from 'viem'
import type { ChainReader } from './chain-reader.ts'
import type { MarketplaceEvent } from './events.ts'
import { toChainError } from './explain-revert.ts'
import { readEventPages } from './read-events.ts'
import type { ReadParameters } from './types.ts'

const defaultEvents = 25
const defaultChunkBlocks = 2000
const rangesPerPage = 10

/** The place of an event in the chain. */
export type ActivityCursor = { blockNumber: number; logIndex: number }

export type ReadActivityParameters = ReadParameters & {
  dataset: Hex
  /** Only what lies before this place: the `next` of the page before. From the newest block when absent. */
  before?: ActivityCursor | undefined
  /** Events of a page, at most; 25 when absent. */
  limit?: number | undefined
  /** Blocks of a log range; 2,000 when absent. A page reads ten of them at most. */
  chunkBlocks?: number | undefined
}

/** An event with the Unix second of its block. */
export type ActivityEvent = MarketplaceEvent & { atSeconds: number }

export type ReadActivityReturnType = {
  events: ActivityEvent[]
  /** The block down to which this page looked. */
  fromBlock: number
  /** Where the next page begins; undefined when nothing older can be. A page may be empty and have a next one. */
  next: ActivityCursor | undefined
}

/** Reads one page; throws `chain-unavailable`. */
export async function readActivity(parameters: ReadActivityParameters): Promise<ReadActivityReturnType> {
  const { publicClient, deployment, before, limit = defaultEvents, chunkBlocks = defaultChunkBlocks } = parameters
  try {
    const newest = before?.blockNumber ?? Number(await publicClient.getBlockNumber({ cacheTime: 0 }))
    const found: MarketplaceEvent[] = []
    let fromBlock = newest + 1
    for (let range = 0; range < rangesPerPage && found.length < limit; range++) {
      const toBlock = fromBlock - 1
      if (toBlock < deployment.deploymentBlock) break
      fromBlock = Math.max(deployment.deploymentBlock, toBlock - chunkBlocks + 1)
      found.push(...(await readRange(parameters, fromBlock, toBlock)))
    }
    const events = found.slice(0, limit)
    const last = events.at(-1)
    const isCut = found.length > limit
    if (isCut && last !== undefined) fromBlock = last.blockNumber
    const next = isCut && last !== undefined ? placeOf(last) : { blockNumber: fromBlock, logIndex: 0 }
    const isEnd = !isCut && fromBlock <= deployment.deploymentBlock
    return { events: await withTimes(parameters, events), fromBlock, next: isEnd ? undefined : next }
  } catch (error) {
    throw toChainError(error)
  }
}

function placeOf({ blockNumber, logIndex }: MarketplaceEvent): ActivityCursor {
  return { blockNumber, logIndex }
}

/** Events of a range before the cursor, newest first. */
async function readRange(
  { publicClient, deployment, dataset, before }: ReadActivityParameters,
  fromBlock: number,
  toBlock: number,
): Promise<MarketplaceEvent[]> {
  const events: MarketplaceEvent[] = []
  const range = { publicClient, deployment, topics: [null, dataset], fromBlock, toBlock }
  for await (const page of readEventPages(range)) events.push(...page.events)
  const isBefore = ({ blockNumber, logIndex }: MarketplaceEvent) =>
    before === undefined ||
    blockNumber < before.blockNumber ||
    (blockNumber === before.blockNumber && logIndex < before.logIndex)
  return events.filter(isBefore).reverse()
}

async function withTimes(
  { publicClient }: ReadActivityParameters,
  events: readonly MarketplaceEvent[],
): Promise<ActivityEvent[]> {
  const numbers = [...new Set(events.map(({ blockNumber }) => blockNumber))]
  const times = new Map(
    await Promise.all(numbers.map(async (number) => [number, await readBlockTime(publicClient, number)] as const)),
  )
  return events.map((event) => ({ ...event, atSeconds: times.get(event.blockNumber) ?? 0 }))
}

async function readBlockTime({ request }: ChainReader, blockNumber: number): Promise<number> {
  const block = await request({ method: 'eth_getBlockByNumber', params: [numberToHex(blockNumber), false] })
  if (block !== null) return Number(block.timestamp)
  throw new MarketplaceError({
    code: 'chain-behind',
    message: 'The Ethereum node does not know a block of the events yet that it told; try again in a moment.',
    details: `block ${blockNumber}`,
  })
}
