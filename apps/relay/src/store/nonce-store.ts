/** Nonces of accepted queries, kept until no copy of the query could be accepted any more (DESIGN §6). */
import type { DatabaseSync } from 'node:sqlite'
import type { Hex } from '@enigma/protocol'
import type { Migration } from './open-database.ts'

export const nonceMigrations: readonly Migration[] = [
  {
    name: 'nonce-1',
    sql: `CREATE TABLE nonce (key BLOB PRIMARY KEY, keep_until INTEGER NOT NULL) STRICT, WITHOUT ROWID;
          CREATE INDEX nonce_keep_until ON nonce (keep_until)`,
  },
]

export type ConsumeNonceParameters = {
  /** What the nonce is unique within: the grant's hash, or a sample's ephemeral key. */
  scope: Hex
  nonce: Hex
  keepUntilSeconds: number
  nowSeconds: number
}

export type NonceStore = {
  /** Records a nonce; false when it was used before. Atomic: it is one statement. */
  consume(parameters: ConsumeNonceParameters): boolean
  /** Nonces that are kept. */
  count(): number
}

const consumesPerPrune = 256

/** Creates the nonce store on a database that has `nonceMigrations`. */
export function createNonceStore({ database }: { database: DatabaseSync }): NonceStore {
  const insert = database.prepare('INSERT INTO nonce (key, keep_until) VALUES (?, ?) ON CONFLICT DO NOTHING')
  const prune = database.prepare('DELETE FROM nonce WHERE keep_until < ?')
  const count = database.prepare('SELECT count(*) AS n FROM nonce')
  let sincePrune = 0
  return {
    consume({ scope, nonce, keepUntilSeconds, nowSeconds }) {
      if (++sincePrune >= consumesPerPrune) {
        prune.run(nowSeconds)
        sincePrune = 0
      }
      const key = Buffer.from(`${scope.slice(2)}${nonce.slice(2)}`, 'hex')
      return insert.run(key, keepUntilSeconds).changes === 1
    },
    count: () => Number(count.get()?.['n']),
  }
}
