/** The way of one query, stage by stage and hop by hop, told while it goes on and kept with its result. */
import type { Connection } from '@libp2p/interface'
import { transportOf } from '../connections.ts'
import type { QueryHop, QueryPath, QueryProgress, QueryStage, QueryTrace, StageTime } from '../types.ts'

const stageTexts: Record<QueryStage, string> = {
  find: 'finding the dataset and its nodes',
  connect: 'connecting',
  verify: 'the node verifies the query',
  run: 'the node runs the query',
  decrypt: 'receiving and decrypting rows',
  retry: 'trying another path',
}

export type QueryTracer = {
  /** Milliseconds since the query began. */
  elapsedMs: () => number
  /** Begins a stage, once for each attempt, and tells it; `text` says more than the stage's own. */
  enter: (stage: QueryStage, attempt: number, text?: string) => void
  /** The node is found: the path leads to it. */
  found: (nodePeerId: string) => void
  /** The path's first connection stands. */
  connected: (connection: Connection) => void
  /** Ends the last stage. */
  finish: () => QueryTrace
}

export type CreateQueryTracerParameters = {
  /** This client's own peerId. */
  peerId: string
  path: QueryPath
  onProgress: ((progress: QueryProgress) => void) | undefined
  /** A monotonic clock. */
  nowMs: () => number
}

/** Begins now. */
export function createQueryTracer({ peerId, path, onProgress, nowMs }: CreateQueryTracerParameters): QueryTracer {
  const begunMs = nowMs()
  const elapsedMs = () => nowMs() - begunMs
  const client: QueryHop = { role: 'client', peerId, transport: undefined }
  const stages: StageTime[] = []
  let hops: readonly QueryHop[] = [client]
  let nodePeerId = ''

  const endStage = () => {
    const last = stages.at(-1)
    if (last !== undefined) last.ms = elapsedMs() - last.startMs
  }
  return {
    elapsedMs,
    enter(stage, attempt, text = stageTexts[stage]) {
      const last = stages.at(-1)
      if (last?.stage !== stage || last.attempt !== attempt) {
        endStage()
        stages.push({ stage, attempt, startMs: elapsedMs(), ms: 0 })
      }
      onProgress?.({ stage, attempt, text, elapsedMs: elapsedMs(), hops })
    },
    found(node) {
      nodePeerId = node
      hops = [client]
    },
    connected(connection) {
      const transport = transportOf(connection)
      const first = { peerId: transport.remotePeer, transport }
      const node: QueryHop = { role: 'node', peerId: nodePeerId, transport: undefined }
      hops = path === 'direct' ? [client, { ...first, role: 'node' }] : [client, { ...first, role: 'relay' }, node]
    },
    finish() {
      endStage()
      return { hops, stages: stages.map((stage) => ({ ...stage })) }
    },
  }
}
