/**
 * A dataset's health as anyone can see it: every persistence node of the manifest is asked one small question by the
 * blind path. What it says is signed by it and sealed to this client; the head is signed by the dataset's publisher.
 */
import { aborted, timedOut } from '@enigma/network'
import {
  type ErrorCode,
  type Hex,
  limits,
  type ManifestNode,
  MarketplaceError,
  type NodeRecord,
  queryCodes,
  type SignedHead,
} from '@enigma/protocol'
import type { Connections } from './connections.ts'
import type { Datasets, LocatedDataset } from './datasets.ts'
import { type AttemptEnd, attemptQuery } from './query/attempt.ts'
import { connectPath } from './query/connect-path.ts'
import type { QueryRequest } from './query/query-request.ts'
import type { ClientParts } from './types.ts'

/** A node of the manifest. What nobody can ask (a worker answers no queries) is undefined. */
export type NodeHealth = Pick<ManifestNode, 'peerId' | 'signer' | 'roles'> & {
  /** Whether relays know a valid record of it. */
  hasRecord: boolean | undefined
  /** Whether it answered now, be it by a refusal. */
  isReachable: boolean | undefined
  /** From the question to its verified answer, in milliseconds. */
  roundTripMs: number | undefined
  /** By its own word, signed. */
  engine: string | undefined
  /** Of the snapshot that it answers from; the publisher's signature was verified. */
  seq: number | undefined
  /** Why it gave no rows. */
  failure: ErrorCode | undefined
}

export type DatasetHealth = {
  path: string
  id: Hex
  /** Unix seconds. */
  checkedAt: number
  /** Every node of the manifest, in its order. */
  nodes: readonly NodeHealth[]
  /** The newest head that a node showed, and the peerIds of those that answer from it; undefined when none did. */
  newest: { head: SignedHead['head']; heldBy: readonly string[] } | undefined
}

export type HealthParameters = { dataset: string; signal?: AbortSignal }

const atOnce = 4
const nodeTimeoutMs = 10_000
const request: QueryRequest = {
  sql: 'SELECT 1',
  parameters: [],
  snapshot: { kind: 'latest' },
  maxRows: 1,
  maxBytes: limits.batchBytes,
  minBlock: 0,
}
const refusals: ReadonlySet<ErrorCode> = new Set(queryCodes)

type Parts = { parts: ClientParts; connections: Connections; datasets: Datasets }
type Probed = { health: NodeHealth; head: SignedHead['head'] | undefined }

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
  const heads = probed.flatMap(({ head }) => (head === undefined ? [] : [head]))
  const [head] = heads.toSorted((a, b) => b.seq - a.seq)
  if (head === undefined) return undefined
  const heldBy = probed.flatMap(({ health, head: held }) => (held?.root === head.root ? [health.peerId] : []))
  return { head, heldBy }
}

type ProbeParameters = Omit<Parts, 'datasets'> & {
  located: LocatedDataset
  node: ManifestNode
  signal: AbortSignal | undefined
}

async function probe({ node, ...parameters }: ProbeParameters): Promise<Probed> {
  const { peerId, signer, roles } = node
  const unasked = {
    peerId,
    signer,
    roles,
    roundTripMs: undefined,
    engine: undefined,
    seq: undefined,
    failure: undefined,
  }
  const answers = roles.includes('persistence')
  const record = parameters.located.nodes.find((each) => each.peerId === peerId)
  if (record === undefined) {
    const none = answers ? false : undefined
    return { health: { ...unasked, hasRecord: none, isReachable: none }, head: undefined }
  }
  try {
    const { end, roundTripMs } = await ask(parameters, record)
    const { head } = end.head
    const answered = { hasRecord: true, isReachable: true, roundTripMs, engine: end.receipt.receipt.engineId }
    return { health: { ...unasked, ...answered, seq: head.seq }, head }
  } catch (error) {
    if (!(error instanceof MarketplaceError)) throw error
    const isReachable = refusals.has(error.code)
    return { health: { ...unasked, hasRecord: true, isReachable, failure: error.code }, head: undefined }
  }
}

async function ask({ parts, connections, located, signal: outer }: Omit<ProbeParameters, 'node'>, node: NodeRecord) {
  const timeout = AbortSignal.timeout(nodeTimeoutMs)
  const signal = outer === undefined ? timeout : AbortSignal.any([outer, timeout])
  try {
    const connection = await connectPath({ connections, located, node, choice: { signal } })
    const startedMs = parts.nowMs()
    const attempt = attemptQuery({
      ...{ parts, located, node, connection, request, session: undefined, signal },
      streams: connections.queryStreams,
      onStage: () => undefined,
    })
    let next: IteratorResult<unknown, AttemptEnd>
    do next = await attempt.next()
    while (next.done !== true)
    return { end: next.value, roundTripMs: parts.nowMs() - startedMs }
  } catch (error) {
    throw timeout.aborted ? timedOut('answer', nodeTimeoutMs) : error
  }
}
