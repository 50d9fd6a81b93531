/** Reads of the mirrored state as of its head. */
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import { churnOne, decayChurn, type Payout, periodSeconds, type RankInputs } from '@enigma/chain'
import type { Hex } from '@enigma/protocol'

const secondsPerDay = 86_400
/** Sums of rates are taken in two halves, because SQLite's integers end at 63 bits. */
const halfBits = 28n

/**
 * One account's rights to a dataset, ends in Unix seconds, 0 for none; nothing outlasts the closing of a dataset.
 * `sinceBlock` is the block that began the running paid time, or else the trial.
 */
export type AccountAccess = { paidEnd: number; trialEnd: number; sinceBlock: number }

/** A dataset as its events tell it; `rate` in wei per second, `deposit` in wei, times in Unix seconds. */
export type MirroredDataset = {
  dataset: Hex
  curator: Hex
  name: string
  rate: bigint
  deposit: bigint
  metadataHash: Hex
  publisher: Hex
  trialSeconds: number
  /** 0 while it is open. */
  closedAt: number
  /** The block that last changed any of this. */
  changedBlock: number
  /** The block of its registration: the older one stands first where ranks are equal. */
  registeredBlock: number
}

/** The rank's factors but the deployment's reference price. */
export type RankFactors = Omit<RankInputs, 'referencePrice'>

export type MirrorReads = {
  accessOf: (parameters: { dataset: Hex; account: Hex; atSeconds: number }) => AccountAccess | undefined
  datasetOf: (dataset: Hex) => MirroredDataset | undefined
  datasets: () => MirroredDataset[]
  publishersOf: (dataset: Hex) => Hex[]
  payoutsOf: (dataset: Hex) => readonly Payout[]
  rankFactorsOf: (parameters: { dataset: Hex; atSeconds: number }) => RankFactors | undefined
  dueRenewals: (parameters: { dataset: Hex; atSeconds: number }) => Hex[]
}

type Row = Record<string, SQLOutputValue>

/** The reads of a mirror's database. */
export function createMirrorReads(database: DatabaseSync): MirrorReads {
  const select = `SELECT d.*, (SELECT min(e.block_number) FROM chain_event e
    WHERE e.dataset = d.dataset AND e.name = 'DatasetRegistered') AS registered_block
    FROM chain_dataset d`
  const selectDataset = database.prepare(`${select} WHERE d.dataset = ?`)
  const selectDatasets = database.prepare(`${select} ORDER BY d.dataset`)
  const selectPublishers = database.prepare(
    `SELECT DISTINCT args ->> '$.publisher' AS publisher FROM chain_event
     WHERE dataset = ? AND account = '' AND name IN ('DatasetRegistered', 'DatasetUpdated')`,
  )
  const datasetOf = (dataset: Hex) => {
    const row = selectDataset.get(dataset)
    return row === undefined ? undefined : toDataset(row)
  }
  return {
    accessOf: createAccessOf(database, datasetOf),
    datasetOf,
    datasets: () => selectDatasets.all().map(toDataset),
    publishersOf: (dataset) => selectPublishers.all(dataset).map((row) => String(row['publisher']) as Hex),
    payoutsOf: createPayoutsOf(database),
    rankFactorsOf: createRankFactorsOf(database, datasetOf),
    dueRenewals: createDueRenewals(database, datasetOf),
  }
}

function createPayoutsOf(database: DatabaseSync): MirrorReads['payoutsOf'] {
  const select = database.prepare(
    `SELECT args FROM chain_event
     WHERE dataset = ? AND account = '' AND name IN ('DatasetRegistered', 'DatasetUpdated')
     ORDER BY block_number DESC, log_index DESC LIMIT 1`,
  )
  return (dataset) => {
    const row = select.get(dataset)
    return row === undefined ? [] : (JSON.parse(String(row['args'])) as { payouts: Payout[] }).payouts
  }
}

function createAccessOf(database: DatabaseSync, datasetOf: MirrorReads['datasetOf']): MirrorReads['accessOf'] {
  const selectSpell = database.prepare(
    `SELECT start_block, end_at, left_at FROM chain_spell WHERE dataset = ? AND account = ?
     ORDER BY start_block DESC, start_log DESC LIMIT 1`,
  )
  const selectTrial = database.prepare('SELECT end_at, block FROM chain_trial WHERE dataset = ? AND account = ?')
  return ({ dataset, account, atSeconds }) => {
    const spell = selectSpell.get(dataset, account)
    const trial = selectTrial.get(dataset, account)
    const closedAt = datasetOf(dataset)?.closedAt ?? 0
    const bounded = (end: number) => (closedAt === 0 ? end : Math.min(end, closedAt))
    const paidEnd = spell?.['left_at'] === null ? bounded(Number(spell['end_at'])) : 0
    const trialEnd = trial === undefined ? 0 : bounded(Number(trial['end_at']))
    if (paidEnd === 0 && trialEnd === 0) return undefined
    const sinceBlock = paidEnd > atSeconds || trialEnd === 0 ? spell?.['start_block'] : trial?.['block']
    return { paidEnd, trialEnd, sinceBlock: Number(sinceBlock) }
  }
}

function createRankFactorsOf(
  database: DatabaseSync,
  datasetOf: MirrorReads['datasetOf'],
): MirrorReads['rankFactorsOf'] {
  const running = database.prepare(
    `SELECT count(*) AS subscribers, ifnull(sum(rate_now >> ${halfBits}), 0) AS high,
       ifnull(sum(rate_now & ${(1n << halfBits) - 1n}), 0) AS low
     FROM (SELECT CASE WHEN ? + ${periodSeconds} < end_at THEN previous_rate ELSE rate END AS rate_now
       FROM chain_spell WHERE dataset = ? AND end_at > ? AND left_at IS NULL)`,
  )
  running.setReadBigInts(true)
  const leavings = database.prepare(
    `SELECT ifnull(left_at, end_at) / ${secondsPerDay} AS day,
       sum(CASE WHEN left_at IS NULL THEN ${churnOne}
         ELSE min(${churnOne}, (left_at - start_at) * ${churnOne} / ${periodSeconds}) END) AS churn
     FROM chain_spell WHERE dataset = ? AND (left_at IS NOT NULL OR end_at <= ?) GROUP BY day`,
  )
  leavings.setReadBigInts(true)
  return ({ dataset, atSeconds }) => {
    const state = datasetOf(dataset)
    if (state === undefined) return undefined
    const today = Math.floor(atSeconds / secondsPerDay)
    const churn = leavings
      .all(dataset, atSeconds)
      .map((row) => decayChurn({ churn: integer(row['churn']), days: today - Number(row['day']) }))
      .reduce((sum, part) => sum + part, 0n)
    if (state.closedAt !== 0) return { subscribers: 0n, monthlyRevenue: 0n, deposit: state.deposit, churn }
    const row = running.get(atSeconds, dataset, atSeconds) ?? {}
    const liveRate = (integer(row['high']) << halfBits) + integer(row['low'])
    const monthlyRevenue = liveRate * periodSeconds
    return { subscribers: integer(row['subscribers']), monthlyRevenue, deposit: state.deposit, churn }
  }
}

function createDueRenewals(database: DatabaseSync, datasetOf: MirrorReads['datasetOf']): MirrorReads['dueRenewals'] {
  const due = database.prepare(
    `SELECT account FROM chain_spell
     WHERE dataset = ? AND end_at > ? AND end_at <= ? AND left_at IS NULL AND max_rate >= ? ORDER BY end_at, account`,
  )
  return ({ dataset, atSeconds }) => {
    const state = datasetOf(dataset)
    if (state?.closedAt !== 0) return []
    return due
      .all(dataset, atSeconds, atSeconds + secondsPerDay, state.rate)
      .map((row) => String(row['account']) as Hex)
  }
}

function toDataset(row: Row): MirroredDataset {
  return {
    dataset: String(row['dataset']) as Hex,
    curator: String(row['curator']) as Hex,
    name: String(row['name']),
    rate: BigInt(String(row['rate'])),
    deposit: BigInt(String(row['deposit'])),
    metadataHash: String(row['metadata_hash']) as Hex,
    publisher: String(row['publisher']) as Hex,
    trialSeconds: Number(row['trial_seconds']),
    closedAt: Number(row['closed_at']),
    changedBlock: Number(row['changed_block']),
    registeredBlock: Number(row['registered_block']),
  }
}

function integer(value: SQLOutputValue | undefined): bigint {
  if (typeof value === 'bigint') return value
  throw new TypeError('Expected an integer from SQLite.')
}
