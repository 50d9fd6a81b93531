/** A relay that keeps a copy of all that it sees of queries, after the transport was decrypted. */
import { encodeQueryRoute, createStreamPool, handleQueries, type QueryHandler } from '@enigma/network'
import { type NodeRecord, protocolIds } from '@enigma/protocol'
import { createForwarder } from '../../../src/roles/relay/create-forwarder.ts'
import { createNextHops } from '../../../src/roles/relay/next-hops.ts'
import type { Host } from '../../../src/host/create-host.ts'
import { type Cleanup, peerIdOf, startHost } from '../../network/support/nodes.ts'

const nowMs = () => performance.now()

export type TappedRelay = {
  host: Host
  /** Ends what was captured so far and returns it. */
  take: () => Uint8Array[]
}

/** Starts the relay with the forwarder of real relays; it knows the nodes of `records`. */
export async function startTappedRelay({
  cleanup,
  records,
  onError,
}: {
  cleanup: Cleanup
  records: ReadonlyMap<string, NodeRecord>
  onError: (error: unknown) => void
}): Promise<TappedRelay> {
  const host = await startHost({ cleanup, kind: 'relay' })
  const streams = createStreamPool({ protocol: protocolIds.query, nowMs })
  const hops = createNextHops({ node: host.node, nodeRecordOf: (peerId) => records.get(peerId), nowMs })
  const forward = createForwarder({ hops, streams, nowMs })
  let captured: Uint8Array[] = []
  const tapped: QueryHandler = async function* (query) {
    captured.push(encodeQueryRoute(query.route), query.sealed)
    for await (const group of forward(query)) {
      captured.push(...group.frames)
      yield group
    }
  }
  const server = await handleQueries({ host: host.node, peerId: peerIdOf(host), forward: tapped, nowMs, onError })
  cleanup.add(async () => {
    await server.stop()
    streams.close()
  })
  return {
    host,
    take() {
      const taken = captured
      captured = []
      return taken
    },
  }
}
