/** Nonces of accepted queries, kept until no copy of the query could be accepted any more (DESIGN §6). */
import type { DatabaseSync } from 'node:sqlite'
import type { Hex } from '@enigma/protocol'
import type { Migration } from './open-database.ts'

export const nonceMigrations: readonly Migration[] = [
  {
    name: 'nonce-1',
    // In order of time, so that new nonces share pages and old ones are dropped as a range.
    sql: `CREATE TABLE nonce (
            keep_until INTEGER NOT NULL, key BLOB NOT NULL, PRIMARY KEY (keep_until, key)
          ) STRICT, WITHOUT ROWID`,
  },
]

type ConsumeNonceParameters = {
  /** What the nonce is unique within: the grant's hash, or a sample's ephemeral key. */
  scope: Hex
  nonce: Hex
  /** Follows from the query alone, so that every copy of it finds the same nonce. */
  keepUntilSeconds: number
  nowSeconds: number
}

export type NonceStore = {
  /** Whether a nonce was used before. */
  isUsed: (parameters: Omit<ConsumeNonceParameters, 'nowSeconds'>) => boolean
  /** Records a nonce; false when it was used before. Atomic: it is one statement. */
  consume: (parameters: ConsumeNonceParameters) => boolean
  /** Nonces that are kept. */
  count: () => number
}

const consumesPerPrune = 256

/** Creates the nonce store on a database that has `nonceMigrations`. */
export function createNonceStore({ database }: { database: DatabaseSync }): NonceStore {
  const insert = database.prepare('INSERT INTO nonce (keep_until, key) VALUES (?, ?) ON CONFLICT DO NOTHING')
  const prune = database.prepare('DELETE FROM nonce WHERE keep_until < ?')
  const select = database.prepare('SELECT 1 FROM nonce WHERE keep_until = ? AND key = ?')
  const count = database.prepare('SELECT count(*) AS n FROM nonce')
  let sincePrune = 0
  return {
    isUsed: ({ scope, nonce, keepUntilSeconds }) => select.get(keepUntilSeconds, keyOf(scope, nonce)) !== undefined,
    consume({ scope, nonce, keepUntilSeconds, nowSeconds }) {
      if (++sincePrune >= consumesPerPrune) {
        prune.run(nowSeconds)
        sincePrune = 0
      }
      return insert.run(keepUntilSeconds, keyOf(scope, nonce)).changes === 1
    },
    count: () => Number(count.get()?.['n']),
  }
}

function keyOf(scope: Hex, nonce: Hex): Uint8Array {
  return Buffer.from(`${scope.slice(2)}${nonce.slice(2)}`, 'hex')
}
