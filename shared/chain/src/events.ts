/** The contracts' events as typed unions, and how to make them of logs. */
import { parseEventLogs, type AbiEvent, type Hex, type Log, type ParseEventLogsReturnType } from 'viem'
import { grantRegistryAbi } from './generated/grant-registry.ts'
import { marketplaceAbi } from './generated/marketplace.ts'
import { lowerCaseHex } from './lower-case-hex.ts'

type MarketplaceAbiEvent = Extract<(typeof marketplaceAbi)[number], { type: 'event' }>
type GrantRegistryAbiEvent = Extract<(typeof grantRegistryAbi)[number], { type: 'event' }>

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

/** One event: its `name`, its `args` as the interface names them with lower-case addresses, and where it lies. */
type EventOf<Item extends AbiEvent> = Item extends AbiEvent
  ? EventPosition & {
      name: Item['name']
      args: Extract<ParseEventLogsReturnType<[Item], undefined, true>[number], { eventName: Item['name'] }>['args']
    }
  : never

/** An event of the marketplace. */
export type MarketplaceEvent = EventOf<MarketplaceAbiEvent>
export type MarketplaceEventName = MarketplaceEvent['name']

/** The event of one name. */
export type MarketplaceEventOf<Name extends MarketplaceEventName> = Extract<MarketplaceEvent, { name: Name }>

/** An event of the registry of ended grants. */
export type GrantRegistryEvent = EventOf<GrantRegistryAbiEvent>

/** An event of any contract of a deployment. */
export type DeploymentEvent = MarketplaceEvent | GrantRegistryEvent

/** Decodes the logs that `marketplace` emitted; logs of other contracts and unknown events are left out. */
export function parseMarketplaceEvents({ marketplace, logs }: { marketplace: Hex; logs: Log[] }): MarketplaceEvent[] {
  const own = logsOf(marketplace, logs)
  return parseEventLogs({ abi: marketplaceEventsAbi, logs: own, strict: true }).map(
    (log) => toEvent(log) as MarketplaceEvent,
  )
}

/** Decodes the logs that `grantRegistry` emitted; logs of other contracts and unknown events are left out. */
export function parseGrantRegistryEvents(parameters: { grantRegistry: Hex; logs: Log[] }): GrantRegistryEvent[] {
  const own = logsOf(parameters.grantRegistry, parameters.logs)
  return parseEventLogs({ abi: grantRegistryAbi, logs: own, strict: true }).map(
    (log) => toEvent(log) as GrantRegistryEvent,
  )
}

function logsOf(contract: Hex, logs: readonly Log[]): Log[] {
  return logs.filter((log) => log.address.toLowerCase() === contract.toLowerCase())
}

type MinedLog = {
  blockNumber: bigint | null
  blockHash: Hex | null
  transactionHash: Hex | null
  logIndex: number | null
}

/** In strict mode parseEventLogs gives name and arguments of one and the same item of the ABI, which its type cannot say. */
function toEvent(log: MinedLog & { eventName: string; args: unknown }): DeploymentEvent {
  const { blockNumber, blockHash, transactionHash, logIndex } = log
  if (blockNumber === null || blockHash === null || transactionHash === null || logIndex === null) {
    throw new TypeError('A pending log has no place in the chain.')
  }
  const event = { name: log.eventName, args: lowerCaseHex(log.args), blockNumber: Number(blockNumber) }
  return { ...event, blockHash, transactionHash, logIndex } as DeploymentEvent
}
