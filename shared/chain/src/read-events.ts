/** Reads events from a node of the chain: by a range of blocks, page by page, or of one block by its hash. */
import type { Hex, Log, LogTopic } from 'viem'
import {
  type DeploymentEvent,
  type MarketplaceEvent,
  parseGrantRegistryEvents,
  parseMarketplaceEvents,
} from './events.ts'
import { isOutage, type LogRange, type LogSource, requestLogs, tryReadLogs } from './log-range.ts'
import { toReadError } from './read-error.ts'
import type { ReadParameters } from './types.ts'

export type ReadEventsParameters = ReadParameters & {
  /** First block. */
  fromBlock: number
  /** Last block, included. */
  toBlock: number
  /** Blocks per request; halved while the node refuses. 2,000 when absent. */
  chunkBlocks?: number | undefined
}

/** Reads the marketplace's events of a range of blocks, in order. */
export async function readEvents(parameters: ReadEventsParameters): Promise<MarketplaceEvent[]> {
  const events: MarketplaceEvent[] = []
  for await (const page of readEventPages(parameters)) events.push(...page.events)
  return events
}

export type ReadBlockEventsParameters = ReadParameters & { blockHash: Hex }

/** Reads the events of every contract of the deployment in one block, whichever chain is canonical by now. */
export async function readBlockEvents(parameters: ReadBlockEventsParameters): Promise<DeploymentEvent[]> {
  try {
    const source = deploymentOf(parameters)
    return source.parse(await requestLogs(source, { blockHash: parameters.blockHash }))
  } catch (error) {
    throw toReadError(error)
  }
}

export type EventPage<Event = MarketplaceEvent> = { fromBlock: number; toBlock: number; events: Event[] }

export type ReadEventPagesParameters = ReadEventsParameters & {
  /** As `eth_getLogs` takes them; every event when absent. */
  topics?: LogTopic[] | undefined
}

/** Reads the marketplace's events of a range chunk by chunk, so that no more than one chunk is held. */
export function readEventPages(parameters: ReadEventPagesParameters): AsyncGenerator<EventPage> {
  return readPages(marketplaceOf(parameters), parameters)
}

/** Reads the events of every contract of the deployment, of a range, chunk by chunk. */
export function readDeploymentEventPages(
  parameters: ReadEventPagesParameters,
): AsyncGenerator<EventPage<DeploymentEvent>> {
  return readPages(deploymentOf(parameters), parameters)
}

/** Whose logs are asked for, and what becomes of them. */
type EventSource<Event> = LogSource & {
  parse: (logs: Log[]) => Event[]
}

function marketplaceOf({ publicClient, deployment: { marketplace } }: ReadParameters): EventSource<MarketplaceEvent> {
  return { publicClient, addresses: [marketplace], parse: (logs) => parseMarketplaceEvents({ marketplace, logs }) }
}

/** In one request, so that the events of both contracts are of one chain and in one order. */
function deploymentOf({ publicClient, deployment }: ReadParameters): EventSource<DeploymentEvent> {
  const { marketplace, grantRegistry } = deployment
  if (grantRegistry === undefined) return marketplaceOf({ publicClient, deployment })
  return {
    publicClient,
    addresses: [marketplace, grantRegistry],
    parse: (logs) =>
      [...parseMarketplaceEvents({ marketplace, logs }), ...parseGrantRegistryEvents({ grantRegistry, logs })].toSorted(
        (a, b) => a.blockNumber - b.blockNumber || a.logIndex - b.logIndex,
      ),
  }
}

async function* readPages<Event>(
  source: EventSource<Event>,
  parameters: ReadEventPagesParameters,
): AsyncGenerator<EventPage<Event>, void, undefined> {
  const { toBlock, topics } = parameters
  let size = parameters.chunkBlocks ?? 2000
  let fromBlock = parameters.fromBlock
  while (fromBlock <= toBlock) {
    const last = Math.min(fromBlock + size - 1, toBlock)
    const events = await tryRange(source, { fromBlock, toBlock: last, topics })
    if (events instanceof Error) {
      // Providers cap ranges and answers differently and say so in words only, so smaller is tried until one block.
      if (size === 1 || isOutage(events)) throw toReadError(events)
      size = Math.ceil(size / 4)
      continue
    }
    yield { fromBlock, toBlock: last, events }
    fromBlock = last + 1
  }
}

async function tryRange<Event>(source: EventSource<Event>, range: LogRange): Promise<Event[] | Error> {
  const logs = await tryReadLogs(source, range)
  return logs instanceof Error ? logs : source.parse(logs)
}
