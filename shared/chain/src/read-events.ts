/** Reads events from a node of the chain: by a range of blocks, page by page, or of one block by its hash. */
import { BaseError, formatLog, HttpRequestError, numberToHex, type Hex, type Log, type LogTopic } from 'viem'
import {
  type DeploymentEvent,
  type MarketplaceEvent,
  parseGrantRegistryEvents,
  parseMarketplaceEvents,
} from './events.ts'
import { toChainError } from './explain-revert.ts'
import type { ReadParameters } from './types.ts'

const tooManyRequests = 429

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
    return await requestEvents(deploymentOf(parameters), { blockHash: parameters.blockHash })
  } catch (error) {
    throw toChainError(error)
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
type EventSource<Event> = Pick<ReadParameters, 'publicClient'> & {
  addresses: Hex[]
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
      if (size === 1 || isOutage(events)) throw toChainError(events)
      size = Math.ceil(size / 4)
      continue
    }
    yield { fromBlock, toBlock: last, events }
    fromBlock = last + 1
  }
}

/** No answer at all, or none to anything for now, as opposed to a refusal of this request. */
export function isOutage(error: Error): boolean {
  if (!(error instanceof BaseError)) return true
  const failed = error.walk((cause) => cause instanceof HttpRequestError)
  return failed instanceof HttpRequestError && (failed.status === undefined || failed.status === tooManyRequests)
}

type Range = {
  fromBlock: number
  toBlock: number | 'latest'
  /** As `eth_getLogs` takes them. */
  topics?: LogTopic[] | undefined
}

/** One request for the marketplace's events; returns the error where the node refuses, so that less may be asked for. */
export async function tryReadRange(parameters: ReadParameters & Range): Promise<MarketplaceEvent[] | Error> {
  return await tryRange(marketplaceOf(parameters), parameters)
}

async function tryRange<Event>(
  source: EventSource<Event>,
  { fromBlock, toBlock, topics }: Range,
): Promise<Event[] | Error> {
  try {
    return await requestEvents(source, {
      fromBlock: numberToHex(fromBlock),
      toBlock: toBlock === 'latest' ? toBlock : numberToHex(toBlock),
      ...(topics === undefined ? {} : { topics }),
    })
  } catch (error) {
    return error instanceof Error ? error : new Error('The node refused a range of logs.', { cause: error })
  }
}

/** Which blocks and topics, as `eth_getLogs` takes them. */
type LogFilter = { topics?: LogTopic[] } & (
  | { fromBlock: Hex; toBlock: Hex | 'latest'; blockHash?: never }
  | { blockHash: Hex; fromBlock?: never; toBlock?: never }
)

async function requestEvents<Event>({ publicClient, addresses, parse }: EventSource<Event>, filter: LogFilter) {
  const [only, ...others] = addresses
  const address = others.length === 0 ? only : addresses
  const logs = await publicClient.request({ method: 'eth_getLogs', params: [{ address, ...filter }] })
  return parse(logs.map((log) => formatLog(log)))
}
