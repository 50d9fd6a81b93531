/** A short-lived peer for commands: dials relays and nodes, and is gone when the command ends. */
import { type Connections, createConnections, createRelayList } from '@enigma/client'
import type { createNodeHost as CreateNodeHost } from '@enigma/client/node'
import { announce, type Announcement } from '@enigma/network'
import { MarketplaceError, type NetworkFile } from '@enigma/protocol'
import { setTimeout as delay } from 'node:timers/promises'
import { createPeers, type Peers } from '../daemon/peers.ts'
import { deploymentOf } from './context.ts'
import type { Output } from './output.ts'

/** How long relays may take to see a transaction that a command just made. */
const announceWithinMs = 60_000
const retryMs = 500
const nowSeconds = () => Math.floor(Date.now() / 1000)

type Host = Awaited<ReturnType<typeof CreateNodeHost>>

export type NetworkSession = { host: Host; connections: Connections; peers: Peers }

/** Runs `work` with a peer of its own. */
export async function withNetworkSession<Result>(
  network: NetworkFile,
  signal: AbortSignal,
  work: (session: NetworkSession) => Promise<Result>,
): Promise<Result> {
  // Loaded when a command needs a peer: libp2p and WebRTC take most of a command's start.
  const { createNodeHost } = await import('@enigma/client/node')
  const host = await createNodeHost({ network })
  try {
    const relays = createRelayList({ addresses: network.relays, nowSeconds, onChange: () => undefined })
    const connections = createConnections({ host, relays, nowMs: () => performance.now() })
    const reached = await Promise.allSettled(
      connections.relays().map((relay) => connections.toRelay(relay, { signal })),
    )
    const open = reached.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
    if (open.length === 0) {
      throw new MarketplaceError({
        code: 'no-relay',
        message: 'No relay of the network file can be reached; check the file and the connection.',
        details: network.relays.join(' '),
      })
    }
    const peers = createPeers({
      node: host,
      deployment: deploymentOf(network),
      relays: () => open.filter(({ status }) => status === 'open'),
      nowSeconds,
    })
    return await work({ host, connections, peers })
  } finally {
    await host.stop()
  }
}

/** Announces to every reachable relay, again until each has seen the transaction that it stands on. */
export async function announceToRelays({
  session: { connections },
  item,
  output,
  signal,
}: {
  session: NetworkSession
  item: Announcement
  output: Output
  signal: AbortSignal
}): Promise<number> {
  const taken = await Promise.allSettled(
    connections.relays().map(async (relay) => {
      const deadline = Date.now() + announceWithinMs
      for (;;) {
        try {
          const connection = await connections.toRelay(relay, { signal })
          await announce({ connection, item, signal })
          return
        } catch (error) {
          if (signal.aborted || Date.now() > deadline) throw error
          output.progress(
            `relay ${relay.peerId}: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)}`,
          )
          await delay(retryMs, undefined, { signal })
        }
      }
    }),
  )
  output.progressDone()
  const count = taken.filter(({ status }) => status === 'fulfilled').length
  if (count > 0) return count
  const [first] = taken
  throw first?.status === 'rejected'
    ? first.reason
    : new MarketplaceError({ code: 'no-relay', message: 'There is no relay.' })
}
