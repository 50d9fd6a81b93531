/** Tables of the relay's catalogue: manifests by hash, the newest record of each node, what was seen of datasets, and embeds. */
import type { Migration } from '../../store/open-database.ts'

/** Migrations for the database that is handed to `startRelayRole`. */
export const relayMigrations: readonly Migration[] = [
  {
    name: 'relay-1',
    sql: `
CREATE TABLE relay_manifest (
  hash TEXT PRIMARY KEY,
  dataset TEXT NOT NULL,
  manifest BLOB NOT NULL,
  signature TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX relay_manifest_dataset ON relay_manifest (dataset);

CREATE TABLE relay_node_record (
  peer_id TEXT PRIMARY KEY,
  seq INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  record BLOB NOT NULL,
  signature TEXT NOT NULL,
  peer_signature TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX relay_node_record_end ON relay_node_record (expires_at);`,
  },
  { name: 'relay-2', sql: "ALTER TABLE relay_node_record ADD COLUMN sender TEXT NOT NULL DEFAULT ''" },
  {
    name: 'relay-3',
    sql: `
CREATE TABLE relay_observed_head (
  dataset TEXT PRIMARY KEY,
  seq INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  publisher TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE relay_observed_hour (
  dataset TEXT NOT NULL,
  slot INTEGER NOT NULL,
  hour INTEGER NOT NULL,
  began_at INTEGER NOT NULL,
  looks INTEGER NOT NULL,
  answered INTEGER NOT NULL,
  PRIMARY KEY (dataset, slot)
) STRICT, WITHOUT ROWID;`,
  },
  {
    name: 'relay-4',
    sql: `
CREATE TABLE relay_embed (
  id TEXT PRIMARY KEY,
  account TEXT NOT NULL,
  valid_until INTEGER NOT NULL,
  embed BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX relay_embed_account ON relay_embed (account);`,
  },
  {
    // `createEmbedStore` fills what this leaves empty; how long earlier revisions were to run is not known.
    name: 'relay-5',
    sql: `
ALTER TABLE relay_embed ADD COLUMN dataset TEXT NOT NULL DEFAULT '';
ALTER TABLE relay_embed ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
ALTER TABLE relay_embed ADD COLUMN hash TEXT NOT NULL DEFAULT '';
ALTER TABLE relay_embed ADD COLUMN keep_until INTEGER NOT NULL DEFAULT 0;
UPDATE relay_embed SET keep_until = valid_until + 30 * 86400;
CREATE INDEX relay_embed_keep ON relay_embed (account, keep_until);
DROP INDEX relay_embed_account;`,
  },
]
