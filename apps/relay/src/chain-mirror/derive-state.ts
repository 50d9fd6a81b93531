/**
 * Derives datasets, subscriptions and trials from the stored events. Only the newest event of each kind counts, so the
 * work per touched key is constant however many events an account makes.
 */
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import type { Hex } from '@enigma/protocol'

/** A dataset, and the account whose subscription or trial of it changed; '' for the dataset itself. */
export type TouchedKey = { dataset: Hex | ''; account: Hex | '' }

type StoredEvent = { blockNumber: number; logIndex: number; timestamp: number; args: Record<string, unknown> }
type Place = { blockNumber: number; logIndex: number }
type Newest = (key: TouchedKey, name: string, parameters?: { after?: Place; count?: number }) => StoredEvent[]

const beforeAll: Place = { blockNumber: -1, logIndex: -1 }

/** The writer of the derived tables. */
export function createDerivation(database: DatabaseSync): { derive: (touched: readonly TouchedKey[]) => void } {
  const newest = createNewest(database)
  const deriveDataset = createDeriveDataset(database, newest)
  const deriveSpell = createDeriveSpell(database, newest)
  const deriveTrial = createDeriveTrial(database, newest)
  return {
    derive: (touched) => {
      const keys = new Map(touched.map((key) => [`${key.dataset}/${key.account}`, key]))
      for (const key of keys.values()) {
        if (key.account === '') deriveDataset(key)
        else {
          deriveSpell(key)
          deriveTrial(key)
        }
      }
    },
  }
}

/** The newest events of one name and key after a place, newest first. */
function createNewest(database: DatabaseSync): Newest {
  const statement = database.prepare(
    `SELECT block_number, log_index, timestamp, args FROM chain_event
     WHERE dataset = ? AND account = ? AND name = ? AND (block_number, log_index) > (?, ?)
     ORDER BY block_number DESC, log_index DESC LIMIT ?`,
  )
  return ({ dataset, account }, name, { after = beforeAll, count = 1 } = {}) =>
    statement.all(dataset, account, name, after.blockNumber, after.logIndex, count).map(toStoredEvent)
}

function toStoredEvent(row: Record<string, SQLOutputValue>): StoredEvent {
  return {
    blockNumber: Number(row['block_number']),
    logIndex: Number(row['log_index']),
    timestamp: Number(row['timestamp']),
    args: JSON.parse(String(row['args'])) as Record<string, unknown>,
  }
}

function createDeriveDataset(database: DatabaseSync, newest: Newest): (key: TouchedKey) => void {
  const remove = database.prepare('DELETE FROM chain_dataset WHERE dataset = ?')
  const insert = database.prepare(
    `INSERT INTO chain_dataset (dataset, curator, name, rate, deposit, metadata_hash, publisher, trial_seconds,
       closed_at, changed_block) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  return (key) => {
    remove.run(key.dataset)
    const [registered] = newest(key, 'DatasetRegistered')
    if (registered === undefined) return
    const terms = newest(key, 'DatasetUpdated')[0] ?? registered
    const deposits = ['DepositAdded', 'DepositWithdrawalRequested', 'DepositWithdrawalCancelled']
    const deposit = deposits.flatMap((name) => newest(key, name)).reduce(later, registered)
    const closed = newest(key, 'DatasetClosed')[0]
    insert.run(
      key.dataset,
      text(registered.args['curator']),
      text(registered.args['name']),
      text(terms.args['rate']),
      text(deposit.args['deposit']),
      text(terms.args['metadataHash']),
      text(terms.args['publisher']),
      Number(terms.args['trialSeconds']),
      closed === undefined ? 0 : Number(closed.args['closedAt']),
      [terms, deposit, closed ?? terms].reduce(later).blockNumber,
    )
  }
}

function createDeriveSpell(database: DatabaseSync, newest: Newest): (key: TouchedKey) => void {
  const insert = database.prepare(
    `INSERT OR REPLACE INTO chain_spell (dataset, account, start_block, start_log, start_at, end_at, left_at, rate,
       previous_rate, max_rate) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  return (key) => {
    const [start] = newest(key, 'Subscribed')
    if (start === undefined) return
    const [renewed, renewedBefore] = newest(key, 'Renewed', { after: start, count: 2 })
    const limit = newest(key, 'RenewalLimitChanged', { after: start })[0] ?? start
    const left = newest(key, 'Unsubscribed', { after: start })[0] ?? newest(key, 'RefundClaimed', { after: start })[0]
    const paid = renewed ?? start
    insert.run(
      key.dataset,
      key.account,
      start.blockNumber,
      start.logIndex,
      Number(start.args['start']),
      Number(paid.args['end']),
      left?.timestamp ?? null,
      BigInt(text(paid.args['rate'])),
      renewed === undefined ? 0n : BigInt(text((renewedBefore ?? start).args['rate'])),
      BigInt(text(limit.args['maxRate'])),
    )
  }
}

function createDeriveTrial(database: DatabaseSync, newest: Newest): (key: TouchedKey) => void {
  const remove = database.prepare('DELETE FROM chain_trial WHERE dataset = ? AND account = ?')
  const insert = database.prepare('INSERT INTO chain_trial (dataset, account, end_at, block) VALUES (?, ?, ?, ?)')
  return (key) => {
    remove.run(key.dataset, key.account)
    const [started] = newest(key, 'TrialStarted')
    if (started !== undefined) insert.run(key.dataset, key.account, Number(started.args['end']), started.blockNumber)
  }
}

function later(a: StoredEvent, b: StoredEvent): StoredEvent {
  const order = a.blockNumber - b.blockNumber || a.logIndex - b.logIndex
  return order >= 0 ? a : b
}

function text(value: unknown): string {
  if (typeof value === 'string') return value
  throw new TypeError('A stored event lacks a field; the database was written by another program.')
}
