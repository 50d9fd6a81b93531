/** Bytes that this node's own protocols sent and received on a connection; what libp2p itself adds is not counted. */
import type { Connection } from '@libp2p/interface'

export type Traffic = { sent: number; received: number }

const byConnection = new WeakMap<Connection, Traffic>()

/** The counters of a connection; they go on counting. */
export function trafficOf(connection: Connection): Traffic {
  const known = byConnection.get(connection)
  if (known !== undefined) return known
  const fresh = { sent: 0, received: 0 }
  byConnection.set(connection, fresh)
  return fresh
}
