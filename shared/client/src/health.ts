/**
 * A dataset's health as anyone can see it: every persistence node of the manifest is asked one small question by the
 * blind path. What it says is signed by it and sealed to this client; the head is signed by the dataset's publisher.
 */
import { aborted } from '@enigma/network'
import type { Hex, ManifestNode, SignedHead } from '@enigma/protocol'
import type { Connections } from './connections.ts'
import type { Datasets, LocatedDataset } from './datasets.ts'
import { type NodeProbe, probeNode } from './probe-node.ts'
import { connectPath } from './query/connect-path.ts'
import type { TableSize } from './read-table-sizes.ts'
import type { ClientParts } from './types.ts'

/** A node of the manifest. What nobody can ask (a worker answers no queries) is undefined. */
export type NodeHealth = Pick<ManifestNode, 'peerId' | 'signer' | 'roles'> &
  Pick<NodeProbe, 'roundTripMs' | 'engine' | 'failure'> & {
    /** Whether relays know a valid record of it. */
    hasRecord: boolean | undefined
    /** Whether it answered now, be it by a refusal. */
    isReachable: boolean | undefined
    /** Of the snapshot that it answers from; the publisher's signature was verified. */
    seq: number | undefined
  }

export type DatasetHealth = {
  path: string
  id: Hex
  /** Unix seconds. */
  checkedAt: number
  /** Every node of the manifest, in its order. */
  nodes: readonly NodeHealth[]
  /** The newest head that a node showed, and the peerIds of those that answer from it; undefined when none did. */
  newest: NewestSnapshot | undefined
}

/** `tables` as the first of those nodes states it; the root binds the rows themselves, and not how many bytes they take. */
export type NewestSnapshot = {
  head: SignedHead['head']
  heldBy: readonly string[]
  tables: readonly TableSize[]
}

export type HealthParameters = { dataset: string; signal?: AbortSignal }

const atOnce = 4

type Parts = { parts: ClientParts; connections: Connections; datasets: Datasets }
type Probed = { health: NodeHealth; held: Pick<NewestSnapshot, 'head' | 'tables'> | undefined }

/** Creates the check; it throws what finding the dataset throws, and `aborted`. */
export function createHealth({ parts, connections, datasets }: Parts) {
  return async ({ dataset, signal }: HealthParameters): Promise<DatasetHealth> => {
    const located = await datasets.locate(dataset, { signal, isFresh: true, isNodeNeeded: false })
    const waiting = [...located.manifest.nodes.entries()]
    const probed: Probed[] = []
    const work = async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const [at, node] = next
        probed[at] = await probe({ parts, connections, located, node, signal })
      }
    }
    await Promise.all(Array.from({ length: atOnce }, work))
    if (signal?.aborted) throw aborted(signal)
    const checkedAt = parts.nowSeconds()
    return {
      path: dataset,
      id: located.id,
      checkedAt,
      nodes: probed.map(({ health }) => health),
      newest: newestOf(probed),
    }
  }
}

function newestOf(probed: readonly Probed[]): DatasetHealth['newest'] {
  const [newest] = probed
    .flatMap(({ held }) => (held === undefined ? [] : [held]))
    .toSorted((a, b) => b.head.seq - a.head.seq)
  if (newest === undefined) return undefined
  const { root } = newest.head
  return { ...newest, heldBy: probed.flatMap(({ health, held }) => (held?.head.root === root ? [health.peerId] : [])) }
}

type ProbeParameters = Omit<Parts, 'datasets'> & {
  located: LocatedDataset
  node: ManifestNode
  signal: AbortSignal | undefined
}

async function probe({ parts, connections, located, node, signal }: ProbeParameters): Promise<Probed> {
  const { peerId, signer, roles } = node
  const record = located.nodes.find((each) => each.peerId === peerId)
  if (record === undefined) {
    const none = roles.includes('persistence') ? false : undefined
    const unasked = { roundTripMs: undefined, engine: undefined, seq: undefined, failure: undefined }
    return { health: { peerId, signer, roles, ...unasked, hasRecord: none, isReachable: none }, held: undefined }
  }
  const { head, tables, ...answer } = await probeNode({
    ...{ parts, located, node: record, signal },
    streams: connections.queryStreams,
    connect: (ended) => connectPath({ connections, located, node: record, choice: { signal: ended } }),
  })
  const held = head && tables && { head, tables }
  return { health: { peerId, signer, roles, ...answer, hasRecord: true, seq: head?.seq }, held }
}
