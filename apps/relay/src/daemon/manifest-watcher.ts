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
import { createManifestSearches } from './manifest-searches.ts'

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
  /** Accepted by the settings, not by the operator by name: it is held to their limits. */
  isGuest: boolean
}

/** A dataset whose manifest lists this node, as the chain has it; not yet admitted. */
export type ListingDataset = OwnDataset & { listed: MirroredDataset }

export type ManifestWatcherParts = {
  /** Every dataset on chain, closed ones too. */
  datasets: () => MirroredDataset[]
  /** Asks relays for the manifest with that hash, and verifies it. */
  findManifest: (parameters: { dataset: Hex; metadataHash: Hex; signal: AbortSignal }) => Promise<SignedManifest>
  deployment: Deployment
  peerId: string
  /** Opened with `manifestMigrations`. */
  database: DatabaseSync
  /** Which of the datasets that list this node it serves, asked at each interval; all of them when absent. */
  admit?: ((listing: readonly ListingDataset[]) => readonly OwnDataset[]) | undefined
  /** The full list whenever it changes; when it throws, it is told again at the next interval. */
  onChange: (own: readonly OwnDataset[]) => Promise<void>
  onError: (error: unknown) => void
  /** How often the list is compared with the chain. */
  intervalMs: number
  /** A monotonic clock. */
  nowMs: () => number
}

export type ManifestWatcher = {
  /** The dataset, when this node has a role in it. */
  own: (dataset: Hex) => OwnDataset | undefined
  /** Compares now; for a manifest that is not here a search begins, whose end is another comparison. */
  refresh: () => Promise<void>
  start: () => void
  stop: () => Promise<void>
}

type Known = { hash: Hex; own: OwnDataset | undefined }

const admitAll = (listing: readonly ListingDataset[]): readonly OwnDataset[] => listing

/** Creates the watcher; `start` begins it. */
export function createManifestWatcher(parts: ManifestWatcherParts): ManifestWatcher {
  const known = new Map<Hex, Known>()
  let admitted = new Map<Hex, OwnDataset>()
  const end = new AbortController()
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> = Promise.resolve()
  let isWaiting = false
  let isOwed = false

  const refresh = (): Promise<void> => {
    isWaiting = true
    const turn = running.then(async () => {
      isWaiting = false
      if (end.signal.aborted) return
      const { isChanged, missing } = await update(parts, known)
      searches.want(missing)
      const before = admitted
      admitted = new Map((parts.admit ?? admitAll)(listing(parts, known)).map((own) => [own.dataset, own]))
      isOwed ||= isChanged || !isSameList(before, admitted)
      if (!isOwed) return
      await parts.onChange([...admitted.values()])
      isOwed = false
    })
    // The next turn comes whatever became of this one; its failure is thrown to whoever asked for it.
    running = turn.catch(() => undefined)
    return turn
  }
  const refreshNow = () => refresh().catch(parts.onError)
  const searches = createManifestSearches({
    nowMs: parts.nowMs,
    onError: parts.onError,
    async search({ dataset, metadataHash }, signal) {
      const signed = await parts.findManifest({ dataset, metadataHash, signal })
      store(parts.database, dataset, signed)
      // Many may be found at once: one comparison that has not begun will see them all.
      if (!isWaiting) void refreshNow()
    },
  })
  const tick = () => {
    void refreshNow().finally(() => {
      if (!end.signal.aborted) timer = setTimeout(tick, parts.intervalMs)
    })
  }
  return {
    own: (dataset) => admitted.get(dataset),
    refresh,
    start: tick,
    async stop() {
      end.abort()
      clearTimeout(timer)
      await searches.stop()
      await running
    },
  }
}

function listing({ datasets }: ManifestWatcherParts, known: ReadonlyMap<Hex, Known>): ListingDataset[] {
  return datasets().flatMap((listed) => {
    const own = known.get(listed.dataset)?.own
    return own === undefined ? [] : [{ ...own, listed }]
  })
}

function isSameList(before: ReadonlyMap<Hex, OwnDataset>, after: ReadonlyMap<Hex, OwnDataset>): boolean {
  return before.size === after.size && [...after].every(([id, { isGuest }]) => before.get(id)?.isGuest === isGuest)
}

/** Brings what is known up to the chain, as far as the manifests are here; `missing` are those that are not. */
async function update(
  parts: ManifestWatcherParts,
  known: Map<Hex, Known>,
): Promise<{ isChanged: boolean; missing: MirroredDataset[] }> {
  let isChanged = false
  const missing: MirroredDataset[] = []
  for (const listed of parts.datasets()) {
    const { dataset, metadataHash, closedAt } = listed
    const before = known.get(dataset)
    if (closedAt !== 0) {
      known.delete(dataset)
      isChanged ||= before?.own !== undefined
    } else if (before?.hash !== metadataHash) {
      const manifest = await readManifest(parts, listed)
      if (manifest === undefined) {
        missing.push(listed)
        continue
      }
      const own = ownOf(parts, listed, manifest)
      known.set(dataset, { hash: metadataHash, own })
      isChanged ||= own !== undefined || before?.own !== undefined
    }
  }
  return { isChanged, missing }
}

function ownOf({ peerId }: ManifestWatcherParts, listed: MirroredDataset, manifest: Manifest): OwnDataset | undefined {
  const node = manifest.nodes.find((each) => each.peerId === peerId)
  if (node === undefined) return undefined
  const { dataset, metadataHash, publisher } = listed
  return { dataset, manifest, manifestHash: metadataHash, publisher, roles: node.roles, isGuest: false }
}

/** The manifest with the hash on chain; undefined while it is not here. */
async function readManifest(
  { database, deployment, onError }: ManifestWatcherParts,
  { dataset, metadataHash }: MirroredDataset,
): Promise<Manifest | undefined> {
  const signed = readStored(database, dataset)
  if (signed === undefined || hashManifest(signed.manifest) !== metadataHash) return undefined
  try {
    return await verifyManifest({ signed, deployment, expectedHash: metadataHash })
  } catch (error) {
    onError(error)
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
