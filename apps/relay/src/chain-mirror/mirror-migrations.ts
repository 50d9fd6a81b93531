/**
 * Tables of the chain mirror. `chain_event` holds what the marketplace says; the other tables are derived from it, and
 * after a rewind they are derived again for the datasets and accounts that were touched. What accounts ended in the
 * registry of grants stands in two tables of its own (mirror-grants.ts). Hex is lower-case text, times are
 * Unix seconds, amounts that may pass 63 bits are decimal text.
 */
import type { Migration } from '../store/open-database.ts'

/** Migrations for the database that is handed to `createChainMirror`. */
export const chainMirrorMigrations: readonly Migration[] = [
  {
    name: 'chain-mirror-1',
    sql: `
CREATE TABLE chain_origin (deployment TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;

CREATE TABLE chain_block (
  number INTEGER PRIMARY KEY,
  hash TEXT NOT NULL,
  timestamp INTEGER NOT NULL
) STRICT;

CREATE TABLE chain_event (
  block_hash TEXT NOT NULL,
  log_index INTEGER NOT NULL,
  block_number INTEGER NOT NULL,
  timestamp INTEGER NOT NULL,
  name TEXT NOT NULL,
  dataset TEXT NOT NULL,
  account TEXT NOT NULL,
  args TEXT NOT NULL,
  PRIMARY KEY (block_hash, log_index)
) STRICT, WITHOUT ROWID;
CREATE INDEX chain_event_place ON chain_event (block_number);
CREATE INDEX chain_event_key ON chain_event (dataset, account, name, block_number, log_index);

CREATE TABLE chain_dataset (
  dataset TEXT PRIMARY KEY,
  curator TEXT NOT NULL,
  name TEXT NOT NULL,
  rate TEXT NOT NULL,
  deposit TEXT NOT NULL,
  metadata_hash TEXT NOT NULL,
  publisher TEXT NOT NULL,
  trial_seconds INTEGER NOT NULL,
  closed_at INTEGER NOT NULL,
  changed_block INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE chain_spell (
  dataset TEXT NOT NULL,
  account TEXT NOT NULL,
  start_block INTEGER NOT NULL,
  start_log INTEGER NOT NULL,
  start_at INTEGER NOT NULL,
  end_at INTEGER NOT NULL,
  left_at INTEGER,
  rate INTEGER NOT NULL,
  previous_rate INTEGER NOT NULL,
  max_rate INTEGER NOT NULL,
  PRIMARY KEY (dataset, account, start_block, start_log)
) STRICT, WITHOUT ROWID;
CREATE INDEX chain_spell_start ON chain_spell (start_block);
CREATE INDEX chain_spell_end ON chain_spell (dataset, end_at);

CREATE TABLE chain_trial (
  dataset TEXT NOT NULL,
  account TEXT NOT NULL,
  end_at INTEGER NOT NULL,
  block INTEGER NOT NULL,
  PRIMARY KEY (dataset, account)
) STRICT, WITHOUT ROWID;`,
  },
  {
    name: 'chain-mirror-2',
    sql: `
CREATE TABLE chain_grant_epoch (
  account TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  block INTEGER NOT NULL,
  PRIMARY KEY (account, epoch)
) STRICT, WITHOUT ROWID;
CREATE INDEX chain_grant_epoch_block ON chain_grant_epoch (block);

CREATE TABLE chain_revoked_grant (
  account TEXT NOT NULL,
  grant_id TEXT NOT NULL,
  block INTEGER NOT NULL,
  PRIMARY KEY (account, grant_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX chain_revoked_grant_block ON chain_revoked_grant (block);`,
  },
]
