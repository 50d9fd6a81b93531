/** The marketplace's events as one typed union, and how to read them. */
import {
  BaseError,
  formatLog,
  HttpRequestError,
  numberToHex,
  parseEventLogs,
  type AbiEvent,
  type ExtractAbiItem,
  type Hex,
  type Log,
  type LogTopic,
  type ParseEventLogsReturnType,
} from 'viem'
import { toChainError } from './explain-revert.ts'
import { marketplaceAbi } from './generated/marketplace.ts'
import type { ReadParameters } from './types.ts'

const tooManyRequests = 429

type MarketplaceAbiEvent = Extract<(typeof marketplaceAbi)[number], { type: 'event' }>

/** The ABI of the marketplace's events alone. */
export const marketplaceEventsAbi = marketplaceAbi.filter(
  (item): item is MarketplaceAbiEvent & AbiEvent => item.type === 'event',
)

/** Where an event lies. */
export type EventPosition = {
  blockNumber: number
  blockHash: Hex
  transactionHash: Hex
  logIndex: number
}

export type MarketplaceEventName = MarketplaceAbiEvent['name']

type ArgsOf<Name extends MarketplaceEventName> = Extract<
  ParseEventLogsReturnType<[ExtractAbiItem<typeof marketplaceAbi, Name>], undefined, true>[number],
  { eventName: Name }
>['args']

/** One event: its `name`, its `args` as the interface names them with lower-case addresses, and where it lies. */
export type MarketplaceEvent = {
  [Name in MarketplaceEventName]: EventPosition & { name: Name; args: ArgsOf<Name> }
}[MarketplaceEventName]

/** The event of one name. */
export type MarketplaceEventOf<Name extends MarketplaceEventName> = Extract<MarketplaceEvent, { name: Name }>

/** Decodes the logs that `marketplace` emitted; logs of other contracts and unknown events are left out. */
export function parseMarketplaceEvents({ marketplace, logs }: { marketplace: Hex; logs: Log[] }): MarketplaceEvent[] {
  const own = logs.filter((log) => log.address.toLowerCase() === marketplace.toLowerCase())
  return parseEventLogs({ abi: marketplaceEventsAbi, logs: own, strict: true }).map(toEvent)
}

type MinedLog = {
  blockNumber: bigint | null
  blockHash: Hex | null
  transactionHash: Hex | null
  logIndex: number | null
}

function toEvent(log: MinedLog & { eventName: string; args: unknown }): MarketplaceEvent {
  const { blockNumber, blockHash, transactionHash, logIndex } = log
  if (blockNumber === null || blockHash === null || transactionHash === null || logIndex === null) {
    throw new TypeError('A pending log has no place in the chain.')
  }
  const event = { name: log.eventName, args: lowerCaseHex(log.args), blockNumber: Number(blockNumber) }
  // parseEventLogs in strict mode returned name and arguments of one and the same ABI item.
  return { ...event, blockHash, transactionHash, logIndex } as MarketplaceEvent
}

/** One value has one encoding: viem decodes addresses with a checksum, the wire's words are lower-case. */
export function lowerCaseHex<T>(value: T): T {
  if (typeof value === 'string') return (/^0x[0-9a-fA-F]+$/.test(value) ? value.toLowerCase() : value) as T
  if (Array.isArray(value)) return value.map(lowerCaseHex) as T
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, lowerCaseHex(inner)])) as T
}

export type ReadEventsParameters = ReadParameters &
  (
    | {
        /** First block. */
        fromBlock: number
        /** Last block, included. */
        toBlock: number
        /** Blocks per request; halved while the node refuses. 2,000 when absent. */
        chunkBlocks?: number | undefined
      }
    | {
        /** The one block whose events are wanted, whichever chain is canonical by now. */
        blockHash: Hex
      }
  )

/** Reads events in order, by a range of blocks or of one block by hash. */
export async function readEvents(parameters: ReadEventsParameters): Promise<MarketplaceEvent[]> {
  if ('blockHash' in parameters) return await readBlockEvents(parameters)
  const events: MarketplaceEvent[] = []
  for await (const page of readEventPages(parameters)) events.push(...page.events)
  return events
}

export type EventPage = { fromBlock: number; toBlock: number; events: MarketplaceEvent[] }

export type ReadEventPagesParameters = ReadParameters & {
  fromBlock: number
  toBlock: number
  chunkBlocks?: number | undefined
  /** As `eth_getLogs` takes them; every event when absent. */
  topics?: LogTopic[] | undefined
}

/** Reads events of a range of blocks chunk by chunk, so that no more than one chunk is held. */
export async function* readEventPages(parameters: ReadEventPagesParameters): AsyncGenerator<EventPage> {
  const { toBlock } = parameters
  let size = parameters.chunkBlocks ?? 2000
  let fromBlock = parameters.fromBlock
  while (fromBlock <= toBlock) {
    const last = Math.min(fromBlock + size - 1, toBlock)
    const events = await tryReadRange({ ...parameters, fromBlock, toBlock: last })
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

export type ReadRangeParameters = ReadParameters & {
  fromBlock: number
  toBlock: number | 'latest'
  /** As `eth_getLogs` takes them. */
  topics?: LogTopic[] | undefined
}

/** One request for events; returns the error where the node refuses, so that the caller may ask for less. */
export async function tryReadRange({
  fromBlock,
  toBlock,
  topics,
  ...source
}: ReadRangeParameters): Promise<MarketplaceEvent[] | Error> {
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

async function readBlockEvents({ blockHash, ...source }: ReadParameters & { blockHash: Hex }) {
  try {
    return await requestEvents(source, { blockHash })
  } catch (error) {
    throw toChainError(error)
  }
}

/** Which blocks and topics, as `eth_getLogs` takes them. */
type LogFilter = { topics?: LogTopic[] } & (
  | { fromBlock: Hex; toBlock: Hex | 'latest'; blockHash?: never }
  | { blockHash: Hex; fromBlock?: never; toBlock?: never }
)

async function requestEvents({ publicClient, deployment }: ReadParameters, filter: LogFilter) {
  const { marketplace } = deployment
  const logs = await publicClient.request({ method: 'eth_getLogs', params: [{ address: marketplace, ...filter }] })
  return parseMarketplaceEvents({ marketplace, logs: logs.map((log) => formatLog(log)) })
}
