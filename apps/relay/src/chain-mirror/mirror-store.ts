/** What the mirror keeps on disk: the canonical events, the newest blocks, and what is derived from the events. */
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import type { DeploymentEvent, MarketplaceEvent } from '@enigma/chain'
import type { Hex } from '@enigma/protocol'
import { runInTransaction } from '../store/open-database.ts'
import { createDerivation, type TouchedKey } from './derive-state.ts'
import { createMirrorGrants, grantTables, type MirrorGrants } from './mirror-grants.ts'

/** How deep a rewind may go; anything deeper is read again from the deployment block. */
export const keptBlocks = 64

/** `timestamp` in Unix seconds. */
export type MirrorBlock = { number: number; hash: Hex; timestamp: number }

/** Events of one block, or of a range whose last block is `block`; each with the time of its own block. */
export type MirrorPage = { block: MirrorBlock; events: readonly { event: DeploymentEvent; timestamp: number }[] }

export type MirrorStore = {
  /** The newest block of which all events are stored. */
  tip: () => MirrorBlock | undefined
  /** The newest blocks, newest first, at most `keptBlocks` + 1. */
  blocks: () => MirrorBlock[]
  /** In one transaction: drops everything after block `after`, then stores the pages in their order. */
  replace: (parameters: { after: number; pages: readonly MirrorPage[] }) => void
  /** Forgets the whole chain. */
  clear: () => void
}

/** Of the marketplace's events those that change access, listing or rank; the others are told to listeners and not kept. */
const keptEvents: ReadonlySet<MarketplaceEvent['name']> = new Set([
  'DatasetRegistered',
  'DatasetUpdated',
  'DatasetClosed',
  'DepositAdded',
  'DepositWithdrawalRequested',
  'DepositWithdrawalCancelled',
  'Subscribed',
  'Renewed',
  'RenewalLimitChanged',
  'Unsubscribed',
  'RefundClaimed',
  'TrialStarted',
])

const tables = ['chain_event', 'chain_block', 'chain_dataset', 'chain_spell', 'chain_trial', ...grantTables]

/** The store of one deployment; what another deployment left in the database is cleared. */
export function createMirrorStore({ database, origin }: { database: DatabaseSync; origin: string }): MirrorStore {
  const derivation = createDerivation(database)
  const selectBlocks = database.prepare('SELECT number, hash, timestamp FROM chain_block ORDER BY number DESC LIMIT ?')
  const clear = () => runInTransaction(database, () => clearTables(database))
  if (database.prepare('SELECT 1 FROM chain_origin WHERE deployment = ?').get(origin) === undefined) {
    runInTransaction(database, () => {
      clearTables(database)
      database.exec('DELETE FROM chain_origin')
      database.prepare('INSERT INTO chain_origin (deployment) VALUES (?)').run(origin)
    })
  }
  const grants = createMirrorGrants(database)
  const rewind = createRewind(database, grants)
  const append = createAppend(database, grants)
  return {
    tip: () => selectBlocks.all(1).map(toBlock)[0],
    blocks: () => selectBlocks.all(keptBlocks + 1).map(toBlock),
    replace: ({ after, pages }) =>
      runInTransaction(database, () => {
        const touched = rewind(after)
        for (const page of pages) touched.push(...append(page))
        derivation.derive(touched)
      }),
    clear,
  }
}

function clearTables(database: DatabaseSync): void {
  for (const table of tables) database.exec(`DELETE FROM ${table}`)
}

function createRewind(database: DatabaseSync, grants: MirrorGrants): (after: number) => TouchedKey[] {
  const selectTouched = database.prepare('SELECT DISTINCT dataset, account FROM chain_event WHERE block_number > ?')
  const deletions = [
    'DELETE FROM chain_event WHERE block_number > ?',
    'DELETE FROM chain_block WHERE number > ?',
    'DELETE FROM chain_spell WHERE start_block > ?',
  ].map((sql) => database.prepare(sql))
  return (after) => {
    const touched = selectTouched
      .all(after)
      .map((row) => ({ dataset: hex(row['dataset']), account: hex(row['account']) }))
    for (const deletion of deletions) deletion.run(after)
    grants.rewind(after)
    return touched
  }
}

function createAppend(database: DatabaseSync, grants: MirrorGrants): (page: MirrorPage) => TouchedKey[] {
  const insertBlock = database.prepare('INSERT INTO chain_block (number, hash, timestamp) VALUES (?, ?, ?)')
  const pruneBlocks = database.prepare('DELETE FROM chain_block WHERE number < ?')
  const insertEvent = database.prepare(
    'INSERT INTO chain_event (block_hash, log_index, block_number, timestamp, name, dataset, account, args) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  )
  return ({ block, events }) => {
    insertBlock.run(block.number, block.hash, block.timestamp)
    pruneBlocks.run(block.number - keptBlocks)
    const touched: TouchedKey[] = []
    for (const { event, timestamp } of events) {
      if (event.name === 'EpochBumped' || event.name === 'GrantRevoked') {
        grants.append(event)
        continue
      }
      if (!keptEvents.has(event.name) || !('id' in event.args)) continue
      const { id: dataset } = event.args
      const account = 'account' in event.args ? event.args.account : ''
      const { blockHash, logIndex, blockNumber, name } = event
      insertEvent.run(blockHash, logIndex, blockNumber, timestamp, name, dataset, account, toJson(event.args))
      touched.push({ dataset, account })
    }
    return touched
  }
}

function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'bigint' ? inner.toString() : inner))
}

function toBlock(row: Record<string, SQLOutputValue>): MirrorBlock {
  return { number: Number(row['number']), hash: hex(row['hash']) as Hex, timestamp: Number(row['timestamp']) }
}

function hex(value: SQLOutputValue | undefined): Hex | '' {
  return String(value) as Hex | ''
}
