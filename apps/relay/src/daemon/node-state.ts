/** What a node keeps in its data directory: keys, databases, snapshots; opened together, closed together. */
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import type { LocalAccount } from 'viem'
import { chainMirrorMigrations } from '../chain-mirror/mirror-migrations.ts'
import { relayMigrations } from '../roles/relay/relay-migrations.ts'
import { persistenceMigrations } from '../roles/persistence/start-persistence-role.ts'
import { openQueryKeys, type QueryKeys } from '../roles/persistence/query-keys.ts'
import { runLogMigrations } from '../roles/worker/run-log.ts'
import { openSnapshotStore, type SnapshotStore } from '../snapshot/snapshot-store.ts'
import { openDatabase } from '../store/open-database.ts'
import { createSettingsStore, settingsMigrations, type SettingsStore } from '../store/settings-store.ts'
import { readRestoredFacts, type RestoredFacts } from './backup-facts.ts'
import { lockDataDirectory } from './data-directory.ts'
import { openKeyFile } from './key-file.ts'
import { manifestMigrations } from './manifest-watcher.ts'

/** Files and folders of a data directory; what `backup` copies. */
export const dataFiles = {
  signerKey: 'signer.key',
  peerKey: 'peer.key',
  queryKeys: 'query-keys.json',
  libp2p: 'libp2p',
  snapshots: 'snapshots',
  accepted: 'accepted',
  databases: ['chain.db', 'node.db', 'persistence.db', 'worker.db', 'catalogue.db'],
} as const

export type NodeState = {
  signer: LocalAccount
  queryKeys: QueryKeys
  settings: SettingsStore
  snapshots: SnapshotStore
  /** Where the directory comes from a backup. */
  restored: RestoredFacts | undefined
  databases: Record<'chain' | 'node' | 'persistence' | 'worker' | 'catalogue', DatabaseSync>
  close: () => void
}

/** Opens the state; throws `setting-invalid` while another node holds the directory. */
export async function openNodeState({
  directory,
  nowSeconds,
  onDamaged,
}: {
  directory: string
  nowSeconds: () => number
  /** Told of each stored snapshot that cannot be read. */
  onDamaged: (error: unknown) => void
}): Promise<NodeState> {
  const lock = await lockDataDirectory({ directory })
  const path = (name: string) => join(directory, name)
  const databases = {
    chain: openDatabase({ path: path('chain.db'), migrations: chainMirrorMigrations }),
    node: openDatabase({ path: path('node.db'), migrations: [...settingsMigrations, ...manifestMigrations] }),
    persistence: openDatabase({ path: path('persistence.db'), migrations: persistenceMigrations }),
    worker: openDatabase({ path: path('worker.db'), migrations: runLogMigrations }),
    catalogue: openDatabase({ path: path('catalogue.db'), migrations: relayMigrations }),
  }
  return {
    signer: await openKeyFile({ path: path(dataFiles.signerKey) }),
    queryKeys: await openQueryKeys({ path: path(dataFiles.queryKeys), nowSeconds }),
    settings: createSettingsStore({ database: databases.node }),
    restored: await readRestoredFacts({ directory }),
    snapshots: await openSnapshotStore({ directory: path(dataFiles.snapshots), onDamaged }),
    databases,
    close() {
      for (const database of Object.values(databases)) database.close()
      lock.release()
    },
  }
}
