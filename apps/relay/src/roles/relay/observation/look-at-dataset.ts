/** One look at a dataset: a few of its nodes are asked at once, as anyone may ask them, and what they say is put together. */
import type { NodeProbe } from '@enigma/client'
import type { ErrorCode, Hex, NodeRecord, SnapshotHead } from '@enigma/protocol'
import { relayLimits } from '../relay-limits.ts'

/** An open dataset as the chain and its manifest have it. */
export type OpenDataset = {
  id: Hex
  metadataHash: Hex
  publisher: Hex
  /** Persistence nodes of the manifest. */
  nodes: readonly { peerId: string; signer: Hex }[]
}

export type LookAtDatasetParameters = {
  dataset: OpenDataset
  /** The unexpired, verified record of a node. */
  nodeRecordOf: (peerId: string) => NodeRecord | undefined
  probe: (dataset: OpenDataset, node: NodeRecord, signal: AbortSignal) => Promise<NodeProbe>
  /** From 0 to below 1. */
  random: () => number
  signal: AbortSignal
}

/** What a look says of a dataset; undefined where it says nothing. */
export type LookResult = { isAnswered: boolean; head: SnapshotHead | undefined } | undefined

/** A node that was asked too often is there and says so under its seal. */
const isThere = ({ failure }: NodeProbe) => failure === undefined || failure === 'rate-limited'
/** What a node, or a relay on the way to it, says that has enough to do: no word on whether it is there. */
const saysNothing: ErrorCode = 'busy'

/** The nodes that can be asked: those whose live record is of the signer that the manifest names. */
export function recordsOf(
  { nodes }: OpenDataset,
  nodeRecordOf: LookAtDatasetParameters['nodeRecordOf'],
): readonly NodeRecord[] {
  return nodes.flatMap(({ peerId, signer }) => {
    const record = nodeRecordOf(peerId)
    return record?.signer === signer ? [record] : []
  })
}

/** Looks, all its ways together within one time. A dataset none of whose nodes can be asked does not answer. */
export async function lookAtDataset(parameters: LookAtDatasetParameters): Promise<LookResult> {
  const { dataset, nodeRecordOf, probe, random, signal } = parameters
  const records = recordsOf(dataset, nodeRecordOf).map((record) => ({ record, order: random() }))
  const asked = records.toSorted((a, b) => a.order - b.order).slice(0, relayLimits.nodesPerLook)
  const ended = AbortSignal.any([signal, AbortSignal.timeout(relayLimits.lookTimeoutMs)])
  const probes = await Promise.all(asked.map(({ record }) => probe(dataset, record, ended)))
  const isAnswered = probes.some(isThere)
  if (!isAnswered && probes.some(({ failure }) => failure === saysNothing)) return undefined
  const heads = probes.flatMap(({ head }) => (head === undefined ? [] : [head]))
  return { isAnswered, head: heads.toSorted((a, b) => b.seq - a.seq)[0] }
}
