/**
 * What accounts have ended in the registry of grants. An epoch only rises and an id is revoked once, so the rows are the
 * events themselves: a rewind deletes those of the dropped blocks, and nothing is derived anew.
 */
import type { DatabaseSync } from 'node:sqlite'
import type { GrantRegistryEvent } from '@enigma/chain'
import type { Hex } from '@enigma/protocol'

export type MirrorGrants = {
  append: (event: GrantRegistryEvent) => void
  /** Drops what later blocks than `after` told. */
  rewind: (after: number) => void
}

export const grantTables = ['chain_grant_epoch', 'chain_revoked_grant']

/** The writer of the two tables. */
export function createMirrorGrants(database: DatabaseSync): MirrorGrants {
  const insertEpoch = database.prepare(
    'INSERT OR IGNORE INTO chain_grant_epoch (account, epoch, block) VALUES (?, ?, ?)',
  )
  const insertRevoked = database.prepare(
    'INSERT OR IGNORE INTO chain_revoked_grant (account, grant_id, block) VALUES (?, ?, ?)',
  )
  const deletions = grantTables.map((table) => database.prepare(`DELETE FROM ${table} WHERE block > ?`))
  return {
    append({ name, args, blockNumber }) {
      if (name === 'EpochBumped') insertEpoch.run(args.account, args.epoch, blockNumber)
      else insertRevoked.run(args.account, args.grantId, blockNumber)
    },
    rewind: (after) => deletions.forEach((deletion) => deletion.run(after)),
  }
}

export type GrantReads = {
  /** The account's epoch; 0 for one that never bumped it. */
  grantEpochOf: (account: Hex) => number
  isGrantRevoked: (parameters: { account: Hex; grantId: Hex }) => boolean
}

/** The reads of the two tables, each one look into an index. */
export function createGrantReads(database: DatabaseSync): GrantReads {
  const selectEpoch = database.prepare('SELECT max(epoch) AS epoch FROM chain_grant_epoch WHERE account = ?')
  const selectRevoked = database.prepare('SELECT 1 FROM chain_revoked_grant WHERE account = ? AND grant_id = ?')
  return {
    grantEpochOf: (account) => Number(selectEpoch.get(account)?.['epoch'] ?? 0),
    isGrantRevoked: ({ account, grantId }) => selectRevoked.get(account, grantId) !== undefined,
  }
}
