/**
 * The states of a transaction, from the first check to the confirmed receipt and whatever can come between. Pure: what the
 * wallet and the chain said goes in as events, the next state comes out; the same event twice changes nothing.
 */
import type { Hex } from '@enigma/protocol'
import type { Outcome } from '#lib/format/outcome.ts'
import type { ShownError } from '#lib/format/shown-error.ts'

/** What a mined transaction did, as its event says. */
export type TransactionOutcome = Outcome
export type TransactionKind = Outcome['kind']

export type TransactionState =
  /** Simulated on our side; the wallet was not asked yet. */
  | { name: 'checking' }
  /** The wallet is asked for the signature of the allowance, or for the transaction. */
  | { name: 'permit' }
  | { name: 'signing' }
  /** The page went away while the wallet was asked, or its reader waits no longer: nobody told us whether it was sent. */
  | { name: 'unanswered'; isLeft?: boolean }
  /** Sent. `isBack`: it was mined, and the chain then dropped that block. */
  | { name: 'pending'; hash: Hex; seenBlock: number; isSpedUp: boolean; isBack: boolean }
  | {
      name: 'mined'
      hash: Hex
      blockNumber: number
      blockHash: Hex
      confirmations: number
      outcome: TransactionOutcome
    }
  /** Mined, and the contract refused it. */
  | { name: 'reverted'; hash: Hex; error: ShownError }
  /** No node has it any more; it may be cleared, and is taken up again if it does appear. */
  | { name: 'dropped'; hash: Hex }
  /** The wallet sent another one in its place. */
  | { name: 'replaced'; hash: Hex; by: Hex; isCancelled: boolean }
  /** It was never sent; nothing was paid. */
  | { name: 'failed'; error: ShownError }

export type Transaction = {
  id: string
  kind: TransactionKind
  /** Of the dataset. */
  path: string
  account: Hex
  chainId: number
  /** Unix milliseconds: two within one second stay in their order. */
  createdAtMs: number
  /** Set before the wallet is asked to send: how the transaction is found if nobody tells its hash. */
  place: { nonce: number; fromBlock: number; to: Hex | undefined; data: Hex } | undefined
  state: TransactionState
}

export type TransactionEvent =
  | { name: 'permit' }
  | { name: 'signing'; place: NonNullable<Transaction['place']> }
  | { name: 'failed'; error: ShownError }
  | { name: 'orphaned' }
  /** The reader waits no longer for the wallet. */
  | { name: 'left' }
  | { name: 'sent'; hash: Hex; block: number }
  /** Known to a node and not mined in the canonical chain, as of `block`. */
  | { name: 'seen'; hash: Hex; block: number }
  /** No node has it, and its nonce is still free, as of `block`. */
  | { name: 'missing'; hash: Hex; block: number }
  | { name: 'replaced'; hash: Hex; by: Hex; block: number; reason: 'repriced' | 'cancelled' | 'other' }
  | ({ name: 'mined'; hash: Hex } & Omit<Extract<TransactionState, { name: 'mined' }>, 'name' | 'hash'>)
  | { name: 'reverted'; hash: Hex; error: ShownError }

/** Blocks after which a transaction that no node has counts as dropped. */
export const dropAfterBlocks = 20
/** Confirmations after which a block is no longer doubted. */
const finalConfirmations = 12

/** Whether another transaction of the same kind of thing must wait for this one: it may still be sent or mined. */
export function isOpen({ state }: Transaction): boolean {
  return ['checking', 'permit', 'signing', 'unanswered', 'pending'].includes(state.name)
}

/** Whether the wallet was not yet known to have sent it. */
export function isUnsent({ state }: Transaction): boolean {
  return state.name === 'checking' || state.name === 'permit' || state.name === 'signing'
}

/** Whether the chain can still change it: also what is mined can be reorganised away for a few blocks. */
export function isWatched({ state }: Transaction, confirmations: number): boolean {
  if (state.name === 'mined') return state.confirmations < Math.max(confirmations, finalConfirmations)
  return state.name === 'unanswered' || state.name === 'pending' || state.name === 'dropped'
}

/** Whether a person may take it off the list: nothing is under way. */
export function isClearable(transaction: Transaction): boolean {
  return !isOpen(transaction) || transaction.state.name === 'unanswered'
}

/** The transaction after an event; the same object where the event does not concern it. */
export function advance(transaction: Transaction, event: TransactionEvent): Transaction {
  const to = (state: TransactionState): Transaction => ({ ...transaction, state })
  if (isUnsent(transaction)) return advanceUnsent(transaction, event)
  const { state } = transaction
  if (state.name === 'unanswered') {
    if (event.name === 'sent') return to(pendingOf(event.hash, event.block))
    // The wallet has answered after all.
    return event.name === 'failed' ? to({ name: 'failed', error: event.error }) : transaction
  }
  // Only a transaction that was sent has a hash, and events about another hash are stale: it was sped up since.
  if (!('hash' in state) || !('hash' in event) || event.hash !== state.hash) return transaction
  switch (event.name) {
    case 'mined':
      return same(state, event) ? transaction : to(event)
    case 'reverted':
      return to(event)
    case 'replaced': {
      if (event.reason !== 'repriced') {
        return to({ name: 'replaced', hash: event.hash, by: event.by, isCancelled: event.reason === 'cancelled' })
      }
      return to({ ...pendingOf(event.by, event.block), isSpedUp: true })
    }
    case 'seen':
    case 'missing':
      return to(unmined(state, event))
    default:
      return transaction
  }
}

function advanceUnsent(transaction: Transaction, event: TransactionEvent): Transaction {
  const { state } = transaction
  switch (event.name) {
    case 'permit':
      return { ...transaction, state: { name: 'permit' } }
    case 'signing':
      return { ...transaction, place: event.place, state: { name: 'signing' } }
    case 'sent':
      return { ...transaction, state: pendingOf(event.hash, event.block) }
    case 'failed':
      return { ...transaction, state: { name: 'failed', error: event.error } }
    case 'left': {
      if (state.name === 'signing') return { ...transaction, state: { name: 'unanswered', isLeft: true } }
      const message =
        'You wait no longer for your wallet; nothing was paid. If it still asks, refuse there. Start again when you like.'
      return { ...transaction, state: { name: 'failed', error: { message } } }
    }
    case 'orphaned': {
      // Before the wallet was asked to send, nothing can have been sent.
      if (state.name === 'signing') return { ...transaction, state: { name: 'unanswered' } }
      const message = 'The page was closed before anything was sent; nothing was paid. Start again when you like.'
      return { ...transaction, state: { name: 'failed', error: { message } } }
    }
    default:
      return transaction
  }
}

type Unmined = Extract<TransactionEvent, { name: 'seen' | 'missing' }>

function unmined(state: TransactionState & { hash: Hex }, { name, hash, block }: Unmined): TransactionState {
  if (state.name === 'mined') return { ...pendingOf(hash, block), isBack: true }
  if (name === 'seen') {
    const { isBack = false, isSpedUp = false } = state.name === 'pending' ? state : {}
    return { ...pendingOf(hash, block), isBack, isSpedUp }
  }
  if (state.name !== 'pending') return state
  return block - state.seenBlock >= dropAfterBlocks ? { name: 'dropped', hash } : state
}

function pendingOf(hash: Hex, block: number): Extract<TransactionState, { name: 'pending' }> {
  return { name: 'pending', hash, seenBlock: block, isSpedUp: false, isBack: false }
}

function same(state: TransactionState, event: Extract<TransactionEvent, { name: 'mined' }>): boolean {
  return state.name === 'mined' && state.blockHash === event.blockHash && state.confirmations === event.confirmations
}
