/** Embeds on disk (node:sqlite): of each id one revision. It stores what it is given: verification comes before. */
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import { hashGrant } from '@enigma/crypto'
import { type EmbedLine, embedLinesPerPage } from '@enigma/network'
import {
  datasetIdOf,
  decodeEmbed,
  type Deployment,
  type Embed,
  encodeEmbed,
  type Hex,
  limits,
  parseDatasetPath,
  type Revision,
} from '@enigma/protocol'

export type EmbedStore = {
  /** Keeps a revision, of which this is the hash, in place of the one that is there. */
  put: (embed: Embed, hash: Hex) => void
  embedOf: (id: Hex) => Embed | undefined
  revisionOf: (id: Hex) => Revision | undefined
  /** As it was encoded. */
  bytesOf: (id: Hex) => Uint8Array | undefined
  /** The newest first, as they were encoded, each read when it is taken. */
  bytesOfAccount: (account: Hex) => Iterable<Uint8Array>
  /** What is kept of ids that follow the given one, in their order: a page at most. */
  linesAfter: (id: Hex) => EmbedLine[]
  /** How many an account holds here, and their bytes. */
  held: (account: Hex) => Held
  /** The same without those that `dropEndedOf` would drop. */
  heldOpen: (account: Hex, nowSeconds: number) => Held
  /** Drops the first of an account's to end, where no revision of it that may be about still runs; false without one. */
  dropEndedOf: (account: Hex, nowSeconds: number) => boolean
  /** Drops those that have long ended; a revision outlives its end, so that no earlier one comes back. */
  dropEnded: (nowSeconds: number) => void
}

type Held = { embeds: number; bytes: number }

/** The store of a database that has `relayMigrations`. */
export function createEmbedStore({
  database,
  deployment,
}: {
  database: DatabaseSync
  deployment: Deployment
}): EmbedStore {
  const upsert = database.prepare(
    `INSERT INTO relay_embed (id, account, valid_until, embed, dataset, revision, hash, keep_until)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
     ON CONFLICT (id) DO UPDATE SET valid_until = ?3, embed = ?4, dataset = ?5, revision = ?6, hash = ?7,
       keep_until = max(?3, keep_until)`,
  )
  const put = (embed: Embed, hash: Hex) => {
    const { id, root, revision, validUntil } = embed.grant.grant
    const dataset = datasetIdOf(parseDatasetPath(embed.dataset))
    upsert.run(id, root, validUntil, encodeEmbed(embed), dataset, revision, hash, keepUntilOf(revision, validUntil))
  }
  fillColumns(database, (embed) => put(embed, hashGrant(embed.grant.grant, deployment)))
  return { put, ...reads(database), ...room(database) }
}

/** Of an embed that comes in a later revision, earlier ones were told elsewhere, and may run for as long as any may. */
function keepUntilOf(revision: number, validUntil: number): number {
  return revision <= 1 ? validUntil : validUntil + limits.embedSeconds
}

/** What was kept before there were columns for it. */
function fillColumns(database: DatabaseSync, put: (embed: Embed) => void): void {
  const ids = database.prepare("SELECT id FROM relay_embed WHERE hash = ''").all()
  const select = database.prepare('SELECT embed FROM relay_embed WHERE id = ?')
  for (const row of ids) {
    const found = select.get(row['id'] ?? '')
    if (found !== undefined) put(decodeEmbed(bytesIn(found)))
  }
}

function reads(database: DatabaseSync) {
  const select = database.prepare('SELECT embed FROM relay_embed WHERE id = ?')
  const selectRevision = database.prepare('SELECT revision, hash FROM relay_embed WHERE id = ?')
  const selectOf = database.prepare(
    `SELECT id FROM relay_embed WHERE account = ? ORDER BY valid_until DESC, id LIMIT ${limits.embedsPerAccount}`,
  )
  const selectLines = database.prepare(
    `SELECT id, dataset, revision, hash, valid_until FROM relay_embed WHERE id > ? ORDER BY id LIMIT ${embedLinesPerPage}`,
  )
  const bytesOf = (id: Hex) => {
    const row = select.get(id)
    return row && bytesIn(row)
  }
  return {
    bytesOf,
    embedOf(id: Hex) {
      const bytes = bytesOf(id)
      return bytes && decodeEmbed(bytes)
    },
    revisionOf(id: Hex) {
      const row = selectRevision.get(id)
      return row && { revision: Number(row['revision']), hash: String(row['hash']) as Hex }
    },
    *bytesOfAccount(account: Hex) {
      for (const row of selectOf.all(account)) {
        const bytes = bytesOf(String(row['id']) as Hex)
        if (bytes !== undefined) yield bytes
      }
    },
    linesAfter: (id: Hex) => selectLines.all(id).map(toLine),
  }
}

function room(database: DatabaseSync) {
  const count = database.prepare(
    `SELECT count(*) AS embeds, coalesce(sum(length(embed)), 0) AS bytes
     FROM relay_embed WHERE account = ? AND keep_until >= ?`,
  )
  const dropOf = database.prepare(
    `DELETE FROM relay_embed WHERE id IN (
       SELECT id FROM relay_embed WHERE account = ? AND keep_until < ? ORDER BY keep_until, id LIMIT 1)`,
  )
  const drop = database.prepare('DELETE FROM relay_embed WHERE keep_until < ?')
  const heldOpen = (account: Hex, nowSeconds: number): Held => {
    const row = count.get(account, nowSeconds - limits.clockSkewSeconds)
    return { embeds: Number(row?.['embeds']), bytes: Number(row?.['bytes']) }
  }
  return {
    heldOpen,
    held: (account: Hex) => heldOpen(account, 0),
    dropEndedOf: (account: Hex, nowSeconds: number) =>
      dropOf.run(account, nowSeconds - limits.clockSkewSeconds).changes > 0,
    dropEnded: (nowSeconds: number) => void drop.run(nowSeconds - limits.embedSeconds),
  }
}

function toLine(row: Record<string, SQLOutputValue>): EmbedLine {
  return {
    id: String(row['id']) as Hex,
    dataset: String(row['dataset']) as Hex,
    revision: Number(row['revision']),
    hash: String(row['hash']) as Hex,
    validUntil: Number(row['valid_until']),
  }
}

function bytesIn(row: Record<string, SQLOutputValue>): Uint8Array {
  return row['embed'] as Uint8Array
}
