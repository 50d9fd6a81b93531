/** Rounds with relays: with each that connects, with all of them every few minutes, and never again with one that lies. */
import { pickConnection } from '@enigma/network'
import { MarketplaceError } from '@enigma/protocol'
import type { Connection, IdentifyResult, Libp2p, PeerId } from '@libp2p/interface'
import { createRoundQueue, type RoundQueue } from './round-queue.ts'
import { relayLimits } from './relay-limits.ts'
import { untimely } from './start-gossip.ts'

/** A round with one peer, and how many of its items were invalid so far. */
export type Round = { connection: Connection; signal: AbortSignal; invalid: number }

export type PeerRoundsParameters = {
  node: Pick<Libp2p, 'addEventListener' | 'removeEventListener' | 'getConnections'>
  /** Peers that speak it take part. */
  protocol: string
  /** A whole round. */
  compare: (round: Round) => Promise<void>
  onError: (error: unknown) => void
}

export type PeerRounds = {
  /** Queues a smaller round with all peers. */
  beginAll: (work: (round: Round) => Promise<void>) => void
  stop: () => Promise<void>
}

type Runner = PeerRoundsParameters & {
  stopping: AbortController
  /** Peers that speak the protocol. */
  peers: Map<string, PeerId>
  rounds: RoundQueue
  /** Peers that sent too many invalid items. */
  dropped: Set<string>
}

/** Starts the rounds. */
export function startPeerRounds(parameters: PeerRoundsParameters): PeerRounds {
  const { node, protocol, compare } = parameters
  const runner: Runner = {
    ...parameters,
    stopping: new AbortController(),
    peers: new Map(),
    rounds: createRoundQueue({ atOnce: relayLimits.catchUpRounds }),
    dropped: new Set(),
  }
  const onIdentify = ({ detail }: CustomEvent<IdentifyResult>) => {
    const key = detail.peerId.toString()
    if (!detail.protocols.includes(protocol) || runner.peers.has(key) || runner.dropped.has(key)) return
    runner.peers.set(key, detail.peerId)
    begin(runner, key, compare)
  }
  const onDisconnect = ({ detail }: CustomEvent<PeerId>) => {
    runner.peers.delete(detail.toString())
    runner.rounds.cancel(detail.toString())
  }
  node.addEventListener('peer:identify', onIdentify)
  node.addEventListener('peer:disconnect', onDisconnect)
  const beginAll = (work: (round: Round) => Promise<void>) => {
    for (const key of runner.peers.keys()) begin(runner, key, work)
  }
  const timer = setInterval(() => beginAll(compare), relayLimits.catchUpIntervalMs)
  return {
    beginAll,
    async stop() {
      clearInterval(timer)
      node.removeEventListener('peer:identify', onIdentify)
      node.removeEventListener('peer:disconnect', onDisconnect)
      runner.stopping.abort()
      await runner.rounds.stop()
    },
  }
}

/** Queues a round; relays that this one dialled come first, because strangers cannot make it dial. */
function begin(runner: Runner, key: string, work: (round: Round) => Promise<void>): void {
  const connection = connectionTo(runner, key)
  if (connection === undefined || runner.stopping.signal.aborted) return
  const run = () => runRound(runner, key, work)
  runner.rounds.add({ key, isFirst: connection.direction === 'outbound', isWhole: work === runner.compare, run })
}

function connectionTo({ node, peers }: Runner, key: string): Connection | undefined {
  return pickConnection(node.getConnections(peers.get(key)))
}

/** A lost peer is asked again when it connects. */
async function runRound(runner: Runner, key: string, work: (round: Round) => Promise<void>): Promise<void> {
  const connection = runner.peers.has(key) ? connectionTo(runner, key) : undefined
  if (connection === undefined) return
  const signal = AbortSignal.any([runner.stopping.signal, AbortSignal.timeout(relayLimits.catchUpTimeoutMs)])
  const round = { connection, signal, invalid: 0 }
  try {
    await work(round)
  } catch (error) {
    if (!runner.stopping.signal.aborted && connection.status === 'open') runner.onError(error)
  }
  if (round.invalid < relayLimits.catchUpInvalid) return
  if (runner.dropped.size >= relayLimits.catchUpDropped) runner.dropped.clear()
  runner.dropped.add(key)
  runner.peers.delete(key)
}

/** Why an item of a round was not taken, where that is no fault of the peer; too many invalid ones end the round. */
export function judgeItem(round: Round, error: unknown, onError: (error: unknown) => void): void {
  if (!(error instanceof MarketplaceError)) throw error
  if (untimely.includes(error.code)) return
  onError(error)
  if (++round.invalid >= relayLimits.catchUpInvalid) throw error
}
