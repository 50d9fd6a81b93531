/** Embeds on disk (node:sqlite): of each id one revision. It stores what it is given: verification comes before. */
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import { decodeEmbed, type Embed, encodeEmbed, type Hex, limits } from '@enigma/protocol'

export type EmbedStore = {
  /** Keeps a revision in place of the one that is there. */
  put: (embed: Embed) => void
  embedOf: (id: Hex) => Embed | undefined
  /** As it was encoded. */
  bytesOf: (id: Hex) => Uint8Array | undefined
  /** The newest first, as they were encoded, each read when it is taken. */
  bytesOfAccount: (account: Hex) => Iterable<Uint8Array>
  /** How many an account holds here, and their bytes. */
  held: (account: Hex) => { embeds: number; bytes: number }
  /** Drops those that have long ended; a revision outlives its end, so that no earlier one comes back. */
  dropEnded: (nowSeconds: number) => void
}

/** The store of a database that has `relayMigrations`. */
export function createEmbedStore({ database }: { database: DatabaseSync }): EmbedStore {
  const upsert = database.prepare(
    `INSERT INTO relay_embed (id, account, valid_until, embed) VALUES (?1, ?2, ?3, ?4)
     ON CONFLICT (id) DO UPDATE SET valid_until = ?3, embed = ?4`,
  )
  const select = database.prepare('SELECT embed FROM relay_embed WHERE id = ?')
  const selectOf = database.prepare(
    `SELECT id FROM relay_embed WHERE account = ? ORDER BY valid_until DESC, id LIMIT ${limits.embedsPerAccount}`,
  )
  const count = database.prepare(
    'SELECT count(*) AS embeds, coalesce(sum(length(embed)), 0) AS bytes FROM relay_embed WHERE account = ?',
  )
  const drop = database.prepare('DELETE FROM relay_embed WHERE valid_until < ?')
  return {
    put(embed) {
      const { id, root, validUntil } = embed.grant.grant
      upsert.run(id, root, validUntil, encodeEmbed(embed))
    },
    embedOf(id) {
      const row = select.get(id)
      return row && decodeEmbed(bytesIn(row))
    },
    bytesOf(id) {
      const row = select.get(id)
      return row && bytesIn(row)
    },
    *bytesOfAccount(account) {
      const ids = selectOf.all(account).map((row) => String(row['id']))
      for (const id of ids) {
        const row = select.get(id)
        if (row !== undefined) yield bytesIn(row)
      }
    },
    held(account) {
      const row = count.get(account)
      return { embeds: Number(row?.['embeds']), bytes: Number(row?.['bytes']) }
    },
    dropEnded: (nowSeconds) => void drop.run(nowSeconds - limits.embedSeconds),
  }
}

function bytesIn(row: Record<string, SQLOutputValue>): Uint8Array {
  return row['embed'] as Uint8Array
}
