/** What a mined transaction did, out of its receipt: the same words live and after a reload. */
import {
  engTokenAbi,
  type GrantRegistryEvent,
  type MarketplaceEvent,
  type MarketplaceEventName,
  type MarketplaceEventOf,
  parseGrantRegistryEvents,
  parseMarketplaceEvents,
} from '@enigma/chain'
import type { Hex, NetworkFile } from '@enigma/protocol'
import { parseEventLogs, type TransactionReceipt } from 'viem'
import type { TransactionKind, TransactionOutcome } from './transaction.ts'

export type Contracts = Pick<NetworkFile, 'marketplace' | 'grantRegistry'>
type Parameters = { kind: TransactionKind; receipt: TransactionReceipt; contracts: Contracts }
type Events = readonly MarketplaceEvent[]
/** What ends grants is told by their registry. */
const grantEvents = { 'end-grant': 'GrantRevoked', 'end-grants': 'EpochBumped' } as const
/** Kinds that an event of the marketplace tells; an allowance is the token's. */
type TellingKind = Exclude<TransactionKind, 'allowance' | keyof typeof grantEvents>
type Readers = {
  [Kind in TellingKind]: (events: Events) => Extract<TransactionOutcome, { kind: Kind }> | undefined
}

/** Undefined where the receipt does not hold the event that this kind of transaction leaves. */
export function outcomeOf({ kind, receipt, contracts }: Parameters): TransactionOutcome | undefined {
  const { marketplace, grantRegistry } = contracts
  if (kind === 'allowance') return allowanceOf(receipt, marketplace)
  if (kind === 'end-grant' || kind === 'end-grants') {
    return hasGrantEvent(receipt, grantRegistry, grantEvents[kind]) ? { kind } : undefined
  }
  return readers[kind](parseMarketplaceEvents({ marketplace, logs: receipt.logs }))
}

const readers: Readers = {
  subscribe(events) {
    const args = find(events, 'Subscribed')?.args
    return args && { kind: 'subscribe', charge: args.rate * BigInt(args.end - args.start), endSeconds: args.end }
  },
  cancel(events) {
    const args = find(events, 'Unsubscribed')?.args ?? find(events, 'RefundClaimed')?.args
    return args && { kind: 'cancel', refund: args.refund }
  },
  trial(events) {
    const args = find(events, 'TrialStarted')?.args
    return args && { kind: 'trial', endSeconds: args.end }
  },
  renewal(events) {
    const args = find(events, 'RenewalLimitChanged')?.args
    return args && { kind: 'renewal', maxRate: args.maxRate }
  },
  register(events) {
    const args = find(events, 'DatasetRegistered')?.args
    return args && { kind: 'register', deposit: args.deposit }
  },
  terms(events) {
    const args = find(events, 'DatasetUpdated')?.args
    const collected = find(events, 'EarningsCollected')?.args.amount ?? 0n
    return args && { kind: 'terms', rate: args.rate, payees: args.payouts.length, collected }
  },
  deposit(events) {
    const args = find(events, 'DepositAdded')?.args
    return args && { kind: 'deposit', amount: args.amount, deposit: args.deposit }
  },
  'request-deposit'(events) {
    const args = find(events, 'DepositWithdrawalRequested')?.args
    if (args === undefined) return undefined
    const { amount, deposit, maturesAt, lapsesAt } = args
    return { kind: 'request-deposit', amount, deposit, maturesAtSeconds: maturesAt, lapsesAtSeconds: lapsesAt }
  },
  'keep-deposit'(events) {
    const args = find(events, 'DepositWithdrawalCancelled')?.args
    return args && { kind: 'keep-deposit', amount: args.amount, deposit: args.deposit }
  },
  'take-deposit'(events) {
    const args = find(events, 'DepositWithdrawalTaken')?.args
    return args && { kind: 'take-deposit', amount: args.amount }
  },
  close(events) {
    const args = find(events, 'DatasetClosed')?.args
    return args && { kind: 'close', closedAtSeconds: args.closedAt }
  },
  collect(events) {
    const collected = find(events, 'EarningsCollected')?.args
    const paid = find(events, 'Withdrawn')?.args.amount
    if (collected === undefined && paid === undefined) return undefined
    return { kind: 'collect', collected: collected?.amount ?? 0n, fee: collected?.fee ?? 0n, paid: paid ?? 0n }
  },
  withdraw(events) {
    const args = find(events, 'Withdrawn')?.args
    return args && { kind: 'withdraw', paid: args.amount }
  },
}

function hasGrantEvent(
  { logs }: TransactionReceipt,
  grantRegistry: Hex | undefined,
  name: GrantRegistryEvent['name'],
): boolean {
  if (grantRegistry === undefined) return false
  return parseGrantRegistryEvents({ grantRegistry, logs }).some((event) => event.name === name)
}

function allowanceOf({ logs }: TransactionReceipt, marketplace: Hex): TransactionOutcome | undefined {
  const approvals = parseEventLogs({ abi: engTokenAbi, eventName: 'Approval', logs })
  const own = approvals.find(({ args }) => args.spender.toLowerCase() === marketplace.toLowerCase())
  return own && { kind: 'allowance', amount: own.args.value }
}

function find<Name extends MarketplaceEventName>(events: Events, name: Name): MarketplaceEventOf<Name> | undefined {
  return events.find((event): event is MarketplaceEventOf<Name> => event.name === name)
}
