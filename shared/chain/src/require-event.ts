/** Finds in a receipt what a verb promises to return. */
import { MarketplaceError } from '@enigma/protocol'
import type { Hex, TransactionReceipt } from 'viem'
import {
  type DeploymentEvent,
  type GrantRegistryEvent,
  type MarketplaceEventName,
  type MarketplaceEventOf,
  parseGrantRegistryEvents,
  parseMarketplaceEvents,
} from './events.ts'

export type RequireEventParameters<Name extends MarketplaceEventName> = {
  receipt: TransactionReceipt
  marketplace: Hex
  name: Name
}

/** The first event of a name in a receipt; throws `transaction-reverted` when the contract emitted none. */
export function requireEvent<Name extends MarketplaceEventName>({
  receipt,
  marketplace,
  name,
}: RequireEventParameters<Name>): MarketplaceEventOf<Name> {
  const events = parseMarketplaceEvents({ marketplace, logs: receipt.logs })
  return requireNamed({ events, name, receipt, what: `${marketplace} is a marketplace` })
}

export type RequireGrantEventParameters<Name extends GrantRegistryEvent['name']> = {
  receipt: TransactionReceipt
  grantRegistry: Hex
  name: Name
}

/** The same of the registry of ended grants. */
export function requireGrantEvent<Name extends GrantRegistryEvent['name']>({
  receipt,
  grantRegistry,
  name,
}: RequireGrantEventParameters<Name>): Extract<GrantRegistryEvent, { name: Name }> {
  const events = parseGrantRegistryEvents({ grantRegistry, logs: receipt.logs })
  return requireNamed({ events, name, receipt, what: `${grantRegistry} is a grant registry` })
}

type RequireNamedParameters<Event extends DeploymentEvent, Name extends Event['name']> = {
  events: readonly Event[]
  name: Name
  receipt: TransactionReceipt
  /** What the contract was taken for. */
  what: string
}

function requireNamed<Event extends DeploymentEvent, Name extends Event['name']>({
  events,
  name,
  receipt,
  what,
}: RequireNamedParameters<Event, Name>): Extract<Event, { name: Name }> {
  const found = events.find((event): event is Extract<Event, { name: Name }> => event.name === name)
  if (found !== undefined) return found
  throw new MarketplaceError({
    code: 'transaction-reverted',
    message: `The transaction was mined without the event ${name}; check that ${what}.`,
    details: receipt.transactionHash,
  })
}
