/** One search for a dataset: chain → manifest → node records, each verified, none taken on trust. */
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
import { orAborted } from './or-aborted.ts'
import { raceRelays } from './race-relays.ts'
import type { Relay } from './relay-list.ts'
import { deploymentOf } from './sessions.ts'
import type { AskingParts } from './types.ts'

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

const knowsNobody: ReadonlySet<ErrorCode> = new Set(['no-node', 'dataset-unknown'] satisfies ErrorCode[])

/** Creates the search, which remembers the newest record of each node; throws as `Datasets` says. */
export function createSearch(
  parts: AskingParts & { readConfig: DatasetConfigReader },
  connections: Connections,
): (path: string, options: Omit<LocateOptions, 'isFresh'>) => Promise<LocatedDataset> {
  const lowestSeq = new Map<string, number>()
  return async (path, { isNodeNeeded = true, ...options }) => {
    const { signal } = options
    const id = datasetIdOf(parseDatasetPath(path))
    const { network } = parts
    // Relays are asked meanwhile: what they say is believed once the chain has said what it must be.
    const unlisted = new AbortController()
    const reading = parts.readConfig({ dataset: id })
    reading.catch((error: unknown) => unlisted.abort(error))
    let found: LocatedDataset | undefined
    const locate = (connection: Connection, raceSignal: AbortSignal) =>
      locateDataset({ connection, dataset: id, signal: raceSignal }).catch(async (error: unknown) => {
        if (isNodeNeeded || !(error instanceof MarketplaceError) || error.code !== 'dataset-unknown') throw error
        const { metadataHash: hash } = await reading
        return manifestAlone({ connection, hash, signal: raceSignal, error })
      })
    const ask = async (relay: Relay, raceSignal: AbortSignal): Promise<LocatedDataset> => {
      const connection = await connections.toRelay(relay, { ...options, signal: raceSignal })
      const { manifest: signed, records } = await locate(connection, raceSignal)
      const config = await reading
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
      const either = signal === undefined ? unlisted.signal : AbortSignal.any([signal, unlisted.signal])
      const { relay, result } = await raceRelays({ relays: connections.relays(), work: ask, signal: either, onFailed })
      connections.prefer(relay)
      return result
    } catch (error) {
      if (signal?.aborted) throw error
      await orAborted(reading, signal)
    }
    if (found !== undefined && !isNodeNeeded) return found
    throw notFound(path, found, failures)
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
