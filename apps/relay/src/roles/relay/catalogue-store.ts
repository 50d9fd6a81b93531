/** The relay's catalogue on disk (node:sqlite). It stores what it is given: verification comes before (`accept-item.ts`). */
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import type { CatalogueContents } from '@enigma/catalogue'
import type { Hex, SignedManifest, SignedNodeRecord } from '@enigma/protocol'

type StoredManifest = { dataset: Hex; hash: Hex; signed: SignedManifest }
type StoredRecord = {
  peerId: string
  seq: number
  expiresAt: number
  signed: SignedNodeRecord
  /** Who brought the first record of the node, as `remoteGroup` says. */
  sender: string
}

export type CatalogueStore = {
  /** Stores a manifest and drops the dataset's other ones. */
  putManifest: (stored: StoredManifest) => void
  manifestOf: (hash: Hex) => SignedManifest | undefined
  manifests: () => StoredManifest[]
  /** Stores a record unless a newer or equal one is there; returns whether it did. */
  putRecord: (stored: StoredRecord) => boolean
  recordOf: (peerId: string) => StoredRecord | undefined
  /** Records that have not expired. */
  records: (nowSeconds: number) => StoredRecord[]
  /** Drops expired records, but remembers nothing of them. */
  dropExpired: (nowSeconds: number) => void
  dropRecord: (peerId: string) => void
  contents: (nowSeconds: number) => CatalogueContents
}

type Row = Record<string, SQLOutputValue>

/** The store of a database that has `relayMigrations`. */
export function createCatalogueStore({ database }: { database: DatabaseSync }): CatalogueStore {
  return { ...manifestTable(database), ...recordTable(database), contents: createContents(database) }
}

function manifestTable(database: DatabaseSync) {
  const insert = database.prepare(
    'INSERT INTO relay_manifest (hash, dataset, manifest, signature) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
  )
  const dropOthers = database.prepare('DELETE FROM relay_manifest WHERE dataset = ? AND hash <> ?')
  const select = database.prepare('SELECT * FROM relay_manifest WHERE hash = ?')
  const selectAll = database.prepare('SELECT * FROM relay_manifest ORDER BY hash')
  return {
    putManifest({ dataset, hash, signed }: StoredManifest) {
      insert.run(hash, dataset, signed.manifest, signed.signature)
      dropOthers.run(dataset, hash)
    },
    manifestOf(hash: Hex) {
      const row = select.get(hash)
      return row && toManifest(row).signed
    },
    manifests: () => selectAll.all().map(toManifest),
  }
}

function recordTable(database: DatabaseSync) {
  const upsert = database.prepare(
    `INSERT INTO relay_node_record (peer_id, seq, expires_at, record, signature, peer_signature, sender)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
     ON CONFLICT (peer_id) DO UPDATE
     SET seq = ?2, expires_at = ?3, record = ?4, signature = ?5, peer_signature = ?6 WHERE seq < ?2`,
  )
  const select = database.prepare('SELECT * FROM relay_node_record WHERE peer_id = ?')
  const selectAll = database.prepare('SELECT * FROM relay_node_record WHERE expires_at > ? ORDER BY expires_at')
  const dropExpired = database.prepare('DELETE FROM relay_node_record WHERE expires_at <= ?')
  const drop = database.prepare('DELETE FROM relay_node_record WHERE peer_id = ?')
  return {
    putRecord({ peerId, seq, expiresAt, signed, sender }: StoredRecord) {
      const { record, signature, peerSignature } = signed
      return upsert.run(peerId, seq, expiresAt, record, signature, peerSignature, sender).changes === 1
    },
    recordOf(peerId: string) {
      const row = select.get(peerId)
      return row && toRecord(row)
    },
    records: (nowSeconds: number) => selectAll.all(nowSeconds).map(toRecord),
    dropExpired(nowSeconds: number) {
      dropExpired.run(nowSeconds)
    },
    dropRecord(peerId: string) {
      drop.run(peerId)
    },
  }
}

function createContents(database: DatabaseSync) {
  const manifests = database.prepare('SELECT dataset, hash FROM relay_manifest ORDER BY hash')
  const records = database.prepare('SELECT peer_id, seq FROM relay_node_record WHERE expires_at > ? ORDER BY peer_id')
  return (nowSeconds: number): CatalogueContents => ({
    manifests: manifests.all().map((row) => ({ dataset: hexOf(row['dataset']), hash: hexOf(row['hash']) })),
    records: records.all(nowSeconds).map((row) => ({ peerId: String(row['peer_id']), seq: Number(row['seq']) })),
  })
}

function toManifest(row: Row): StoredManifest {
  const signed = { manifest: bytesOf(row['manifest']), signature: hexOf(row['signature']) }
  return { dataset: hexOf(row['dataset']), hash: hexOf(row['hash']), signed }
}

function toRecord(row: Row): StoredRecord {
  return {
    peerId: String(row['peer_id']),
    seq: Number(row['seq']),
    expiresAt: Number(row['expires_at']),
    sender: String(row['sender']),
    signed: {
      record: bytesOf(row['record']),
      signature: hexOf(row['signature']),
      peerSignature: hexOf(row['peer_signature']),
    },
  }
}

function bytesOf(value: SQLOutputValue | undefined): Uint8Array {
  if (value instanceof Uint8Array) return value
  throw new TypeError('The column holds no bytes.')
}

function hexOf(value: SQLOutputValue | undefined): Hex {
  return String(value) as Hex
}
