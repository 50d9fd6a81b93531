/** Finds in a receipt what a verb promises to return. */
import { MarketplaceError } from '@enigma/protocol'
import type { Hex, TransactionReceipt } from 'viem'
import {
  parseMarketplaceEvents,
  type MarketplaceEvent,
  type MarketplaceEventName,
  type MarketplaceEventOf,
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
  const found = parseMarketplaceEvents({ marketplace, logs: receipt.logs }).find((event) => isNamed(event, name))
  if (found !== undefined && isNamed(found, name)) return found
  throw new MarketplaceError({
    code: 'transaction-reverted',
    message: `The transaction was mined without the event ${name}; check that ${marketplace} is a marketplace.`,
    details: receipt.transactionHash,
  })
}

function isNamed<Name extends MarketplaceEventName>(
  event: MarketplaceEvent,
  name: Name,
): event is MarketplaceEventOf<Name> {
  return event.name === name
}
