/** Embeds on disk (node:sqlite): of each id one revision. It stores what it is given: verification comes before. */
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import { decodeEmbed, type Embed, encodeEmbed, type Hex, limits } from '@enigma/protocol'

export type EmbedStore = {
  /** Keeps a revision in place of the one that is there. */
  put: (embed: Embed) => void
  embedOf: (id: Hex) => Embed | undefined
  /** The newest first. */
  embedsOf: (account: Hex) => Embed[]
  count: (account: Hex) => number
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
    `SELECT embed FROM relay_embed WHERE account = ? ORDER BY valid_until DESC, id LIMIT ${limits.embedsPerAccount}`,
  )
  const count = database.prepare('SELECT count(*) AS n FROM relay_embed WHERE account = ?')
  const drop = database.prepare('DELETE FROM relay_embed WHERE valid_until < ?')
  return {
    put(embed) {
      const { id, root, validUntil } = embed.grant.grant
      upsert.run(id, root, validUntil, encodeEmbed(embed))
    },
    embedOf(id) {
      const row = select.get(id)
      return row && toEmbed(row)
    },
    embedsOf: (account) => selectOf.all(account).map(toEmbed),
    count: (account) => Number(count.get(account)?.['n']),
    dropEnded: (nowSeconds) => void drop.run(nowSeconds - limits.embedSeconds),
  }
}

function toEmbed(row: Record<string, SQLOutputValue>): Embed {
  return decodeEmbed(row['embed'] as Uint8Array)
}
