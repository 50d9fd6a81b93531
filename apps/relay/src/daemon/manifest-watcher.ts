/**
 * Which datasets this node serves: for every dataset on chain, the manifest with the hash that stands there, from disk
 * or from a relay; those that list this node's peerId are its own (DESIGN §5).
 */
import type { DatabaseSync } from 'node:sqlite'
import { verifyManifest } from '@enigma/crypto'
import {
  type Deployment,
  hashManifest,
  type Hex,
  type Manifest,
  type NodeRole,
  type SignedManifest,
} from '@enigma/protocol'
import type { MirroredDataset } from '../chain-mirror/mirror-reads.ts'
import type { Migration } from '../store/open-database.ts'

export const manifestMigrations: readonly Migration[] = [
  {
    name: 'manifest-1',
    sql: 'CREATE TABLE manifest (dataset TEXT PRIMARY KEY, bytes BLOB NOT NULL, signature TEXT NOT NULL) STRICT',
  },
]

/** A dataset whose manifest lists this node, with the roles it has there. */
export type OwnDataset = {
  dataset: Hex
  manifest: Manifest
  manifestHash: Hex
  publisher: Hex
  roles: readonly NodeRole[]
}

export type ManifestWatcherParts = {
  /** Every dataset on chain, closed ones too. */
  datasets: () => MirroredDataset[]
  /** Asks relays for a manifest. */
  locate: (dataset: Hex, signal: AbortSignal) => Promise<SignedManifest>
  deployment: Deployment
  peerId: string
  /** Opened with `manifestMigrations`. */
  database: DatabaseSync
  /** The full list whenever it changes; when it throws, it is told again at the next interval. */
  onChange: (own: readonly OwnDataset[]) => Promise<void>
  onError: (error: unknown) => void
  /** How often the list is compared with the chain. */
  intervalMs: number
}

export type ManifestWatcher = {
  /** The dataset, when this node has a role in it. */
  own: (dataset: Hex) => OwnDataset | undefined
  /** Compares now; a manifest that no relay has yet is asked for again at the next interval. */
  refresh: () => Promise<void>
  start: () => void
  stop: () => Promise<void>
}

type Known = { hash: Hex; own: OwnDataset | undefined }

/** Creates the watcher; `start` begins it. */
export function createManifestWatcher(parts: ManifestWatcherParts): ManifestWatcher {
  const known = new Map<Hex, Known>()
  const end = new AbortController()
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> = Promise.resolve()

  let isOwed = false
  const refreshNow = async () => {
    if (end.signal.aborted) return
    isOwed = (await update(parts, known, end.signal)) || isOwed
    if (!isOwed) return
    await parts.onChange(listOwn(known))
    isOwed = false
  }
  const refresh = (): Promise<void> => (running = running.then(refreshNow))
  const tick = () => {
    void refresh()
      .catch((error: unknown) => {
        running = Promise.resolve()
        parts.onError(error)
      })
      .finally(() => {
        if (!end.signal.aborted) timer = setTimeout(tick, parts.intervalMs)
      })
  }
  return {
    own: (dataset) => known.get(dataset)?.own,
    refresh,
    start: tick,
    async stop() {
      end.abort()
      clearTimeout(timer)
      await running.catch(parts.onError)
    },
  }
}

function listOwn(known: ReadonlyMap<Hex, Known>): OwnDataset[] {
  return [...known.values()].flatMap(({ own }) => (own === undefined ? [] : [own]))
}

/** Brings what is known up to the chain; returns whether the list of own datasets changed. */
async function update(parts: ManifestWatcherParts, known: Map<Hex, Known>, signal: AbortSignal): Promise<boolean> {
  let isChanged = false
  for (const listed of parts.datasets()) {
    const { dataset, metadataHash, closedAt } = listed
    const before = known.get(dataset)
    if (closedAt !== 0) {
      known.delete(dataset)
      isChanged ||= before?.own !== undefined
    } else if (before?.hash !== metadataHash) {
      const manifest = await readManifest(parts, listed, signal)
      if (manifest === undefined) continue
      const own = ownOf(parts, listed, manifest)
      known.set(dataset, { hash: metadataHash, own })
      isChanged ||= own !== undefined || before?.own !== undefined
    }
  }
  return isChanged
}

function ownOf({ peerId }: ManifestWatcherParts, listed: MirroredDataset, manifest: Manifest): OwnDataset | undefined {
  const node = manifest.nodes.find((each) => each.peerId === peerId)
  if (node === undefined) return undefined
  const { dataset, metadataHash, publisher } = listed
  return { dataset, manifest, manifestHash: metadataHash, publisher, roles: node.roles }
}

/** The manifest with the hash on chain; undefined while no relay has it. */
async function readManifest(
  parts: ManifestWatcherParts,
  { dataset, metadataHash }: MirroredDataset,
  signal: AbortSignal,
): Promise<Manifest | undefined> {
  const { deployment } = parts
  try {
    const stored = readStored(parts.database, dataset)
    if (stored !== undefined && hashManifest(stored.manifest) === metadataHash) {
      return await verifyManifest({ signed: stored, deployment, expectedHash: metadataHash })
    }
    const signed = await parts.locate(dataset, signal)
    const manifest = await verifyManifest({ signed, deployment, expectedHash: metadataHash })
    store(parts.database, dataset, signed)
    return manifest
  } catch (error) {
    if (!signal.aborted) parts.onError(error)
    return undefined
  }
}

function readStored(database: DatabaseSync, dataset: Hex): SignedManifest | undefined {
  const row = database.prepare('SELECT bytes, signature FROM manifest WHERE dataset = ?').get(dataset)
  if (row === undefined) return undefined
  const { bytes, signature } = row
  return bytes instanceof Uint8Array && typeof signature === 'string'
    ? { manifest: new Uint8Array(bytes), signature: signature as Hex }
    : undefined
}

function store(database: DatabaseSync, dataset: Hex, { manifest, signature }: SignedManifest): void {
  database
    .prepare(
      'INSERT INTO manifest (dataset, bytes, signature) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET bytes = excluded.bytes, signature = excluded.signature',
    )
    .run(dataset, manifest, signature)
}
