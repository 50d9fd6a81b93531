/**
 * Which records of nodes that no manifest lists are kept. They cost nothing to make, so each sender has a share; when all
 * places are taken, the fullest share loses one. Who was here first stays: what comes later is what a flood consists of.
 */
import { relayLimits } from './relay-limits.ts'

export type UnlistedRecord = {
  peerId: string
  signer: string
  /** Unix seconds. */
  expiresAt: number
  /** Who shares a limit, as `remoteGroup` says; empty when it is not known. */
  sender: string
}

export type UnlistedRecords = {
  /** Whether a record would be kept; asked before its signatures are verified. */
  hasRoom: (record: Pick<UnlistedRecord, 'peerId' | 'sender'>, nowSeconds: number) => boolean
  /** Notes a record that is kept, and returns the peerId of one that has to go for it. */
  add: (record: UnlistedRecord, nowSeconds: number) => string | undefined
}

export type CreateUnlistedRecordsParameters = {
  /** Whether a manifest lists the node by now. */
  isListed: (node: Pick<UnlistedRecord, 'peerId' | 'signer'>) => boolean
  /** Whose record never goes: bootstrap relays and this node itself. */
  isProtected: (peerId: string) => boolean
  /** Peers that are connected now: their records go after the others of their share. */
  connectedPeers: () => ReadonlySet<string>
}

type Entries = Map<string, UnlistedRecord>

/** Creates the list; records from disk are added one by one. */
export function createUnlistedRecords(parameters: CreateUnlistedRecordsParameters): UnlistedRecords {
  const { isListed, isProtected } = parameters
  const entries: Entries = new Map()
  const forgetOthers = (nowSeconds: number) => {
    for (const [peerId, entry] of entries) {
      if (entry.expiresAt <= nowSeconds || isListed(entry)) entries.delete(peerId)
    }
  }
  return {
    hasRoom({ peerId, sender }, nowSeconds) {
      forgetOthers(nowSeconds)
      if (entries.has(peerId) || isProtected(peerId)) return true
      return (countBySender(entries).get(sender) ?? 0) < relayLimits.unlistedPerSender
    },
    add(record, nowSeconds) {
      forgetOthers(nowSeconds)
      const before = entries.get(record.peerId)
      const isFull = before === undefined && entries.size >= relayLimits.unlistedRecords
      const dropped = isFull ? findDropped(parameters, entries) : undefined
      if (dropped !== undefined) entries.delete(dropped)
      // A renewed record keeps its place in the order and in the share of who brought it first.
      entries.set(record.peerId, { ...record, sender: before?.sender ?? record.sender })
      return dropped
    },
  }
}

/** The newest record of the fullest share, of nodes that are not connected if there are any. */
function findDropped(
  { isProtected, connectedPeers }: CreateUnlistedRecordsParameters,
  entries: Entries,
): string | undefined {
  const droppable = new Map([...entries].filter(([peerId]) => !isProtected(peerId)))
  const [fullest] = [...countBySender(droppable)].sort(([, one], [, other]) => other - one)
  const share = [...droppable.values()].filter(({ sender }) => sender === fullest?.[0]).reverse()
  const connected = connectedPeers()
  return (share.find(({ peerId }) => !connected.has(peerId)) ?? share[0])?.peerId
}

function countBySender(entries: Entries): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { sender } of entries.values()) counts.set(sender, (counts.get(sender) ?? 0) + 1)
  return counts
}
