/** Datasets as this client believes them: chain → manifest → node records, each verified, none taken on trust. */
import type { DatasetConfig, DatasetConfigReader } from '@enigma/chain'
import { verifyManifest, verifyNodeRecord } from '@enigma/crypto'
import { fetchManifests, locateDataset } from '@enigma/network'
import {
  datasetIdOf,
  type ErrorCode,
  type Hex,
  type Manifest,
  MarketplaceError,
  type NodeRecord,
  parseDatasetPath,
  type SignedManifest,
  type SignedNodeRecord,
} from '@enigma/protocol'
import type { Connection } from '@libp2p/interface'
import type { Connections, ConnectOptions } from './connections.ts'
import { raceRelays } from './race-relays.ts'
import type { Relay } from './relay-list.ts'
import { deploymentOf } from './sessions.ts'
import type { AskingParts } from './types.ts'

const cacheMs = 30_000

/** A dataset and the nodes that answer for it now. */
export type LocatedDataset = {
  path: string
  id: Hex
  manifest: Manifest
  config: DatasetConfig
  /** Persistence nodes of the manifest with a valid record. */
  nodes: readonly NodeRecord[]
}

export type LocateOptions = ConnectOptions & { isFresh?: boolean; isNodeNeeded?: boolean }

export type Datasets = {
  /**
   * Finds a dataset; `isFresh` bypasses what was found before. Throws `dataset-unknown`, `no-relay`, and `no-node` unless
   * `isNodeNeeded` is false.
   */
  locate: (path: string, options: LocateOptions) => Promise<LocatedDataset>
}

const knowsNobody: ReadonlySet<ErrorCode> = new Set(['no-node', 'dataset-unknown'] satisfies ErrorCode[])

/** Creates the cache of located datasets. */
export function createDatasets(
  parts: AskingParts & { readConfig: DatasetConfigReader },
  connections: Connections,
): Datasets {
  const cache = new Map<string, { located: LocatedDataset; atMs: number }>()
  const lowestSeq = new Map<string, number>()

  const locateBy = async (
    path: string,
    { isNodeNeeded = true, ...options }: LocateOptions,
  ): Promise<LocatedDataset> => {
    const { signal } = options
    const id = datasetIdOf(parseDatasetPath(path))
    const { network } = parts
    const config = await parts.readConfig({ dataset: id })
    let found: LocatedDataset | undefined
    const locate = (connection: Connection, raceSignal: AbortSignal) =>
      locateDataset({ connection, dataset: id, signal: raceSignal }).catch((error: unknown) => {
        if (isNodeNeeded || !(error instanceof MarketplaceError) || error.code !== 'dataset-unknown') throw error
        return manifestAlone({ connection, hash: config.metadataHash, signal: raceSignal, error })
      })
    const ask = async (relay: Relay, raceSignal: AbortSignal): Promise<LocatedDataset> => {
      const connection = await connections.toRelay(relay, { ...options, signal: raceSignal })
      const { manifest: signed, records } = await locate(connection, raceSignal)
      const deployment = deploymentOf(network)
      const manifest = await verifyManifest({ signed, deployment, expectedHash: config.metadataHash })
      if (datasetIdOf(manifest) !== id) throw otherDataset(path)
      const nodes = await verifyRecords(parts, manifest, records, lowestSeq)
      found = { path, id, manifest, config, nodes }
      if (nodes.length === 0) throw noNode(path)
      return found
    }
    const failures: unknown[] = []
    const onFailed = (relay: Relay, error: unknown) => {
      failures.push(error)
      // A relay that answers and does not know, or knows nobody, has not failed.
      if (!(error instanceof MarketplaceError) || !knowsNobody.has(error.code)) connections.demote(relay)
    }
    try {
      const { relay, result } = await raceRelays({ relays: connections.relays(), work: ask, signal, onFailed })
      connections.prefer(relay)
      return result
    } catch (error) {
      if (signal?.aborted) throw error
    }
    if (found !== undefined && !isNodeNeeded) return found
    throw notFound(path, found, failures)
  }
  return {
    async locate(path, { isFresh = false, ...options }) {
      const cached = cache.get(path)
      if (!isFresh && cached !== undefined && parts.nowMs() - cached.atMs < cacheMs) return cached.located
      const located = await locateBy(path, options)
      if (located.nodes.length > 0) cache.set(path, { located, atMs: parts.nowMs() })
      return located
    },
  }
}

/** Relays locate open datasets only; the manifest of a closed one they still have by its hash. */
async function manifestAlone({
  connection,
  hash,
  signal,
  error,
}: {
  connection: Connection
  hash: Hex
  signal: AbortSignal
  error: MarketplaceError
}): Promise<{ manifest: SignedManifest; records: SignedNodeRecord[] }> {
  for await (const manifest of fetchManifests({ connection, hashes: [hash], signal })) return { manifest, records: [] }
  throw error
}

/** Records of the manifest's persistence nodes that verify; a lower `seq` than seen before does not. */
async function verifyRecords(
  { network, nowSeconds }: AskingParts,
  manifest: Manifest,
  records: readonly SignedNodeRecord[],
  lowestSeq: Map<string, number>,
): Promise<NodeRecord[]> {
  const signers = new Map(
    manifest.nodes.filter(({ roles }) => roles.includes('persistence')).map(({ peerId, signer }) => [peerId, signer]),
  )
  const verified: NodeRecord[] = []
  for (const signed of records.slice(0, 64)) {
    const record = await verifyNodeRecord({
      signed,
      deployment: deploymentOf(network),
      nowSeconds: nowSeconds(),
    }).catch((error: unknown) => {
      // One bad record does not hide the others; the node it claims to be is simply not found.
      if (error instanceof MarketplaceError) return undefined
      throw error
    })
    if (record === undefined || signers.get(record.peerId) !== record.signer) continue
    if (record.seq < (lowestSeq.get(record.peerId) ?? 0)) continue
    lowestSeq.set(record.peerId, record.seq)
    verified.push(record)
  }
  return verified
}

function notFound(path: string, found: LocatedDataset | undefined, failures: readonly unknown[]): MarketplaceError {
  if (found !== undefined) return noNode(path)
  const cause = new AggregateError(failures, 'every relay failed')
  const known = failures.find((error) => error instanceof MarketplaceError && error.code !== 'no-relay')
  if (known instanceof MarketplaceError) {
    return new MarketplaceError({ code: known.code, message: known.shortMessage, details: path, cause })
  }
  return new MarketplaceError({
    code: 'no-relay',
    message: 'No relay can be reached; check the connection and the network file.',
    cause,
  })
}

function noNode(path: string): MarketplaceError {
  return new MarketplaceError({
    code: 'no-node',
    message: 'No node answers for this dataset now; try again later.',
    details: path,
  })
}

/** Anyone may put the hash of another's manifest on chain; it does not describe his dataset. */
function otherDataset(path: string): MarketplaceError {
  return new MarketplaceError({
    code: 'manifest-mismatch',
    message: 'The manifest that the chain names describes another dataset; do not rely on this one.',
    details: path,
  })
}
