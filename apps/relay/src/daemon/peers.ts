/**
 * Finding other nodes by the relays that this one is connected to. Nothing that a relay says is taken on trust: the
 * first relay whose word stands up wins, and one that says nothing, or only that it is alive, holds nobody up.
 */
import { recordAddresses } from '@enigma/client'
import { verifyNodeRecord } from '@enigma/crypto'
import { askTogether, fetchEmbed, locateDataset, type Location, raceInTurn, timedOut } from '@enigma/network'
import {
  type Deployment,
  type Embed,
  type Hex,
  MarketplaceError,
  type NodeRecord,
  type SignedNodeRecord,
} from '@enigma/protocol'
import type { Connection, Libp2p } from '@libp2p/interface'

const dialTimeoutMs = 15_000
/** For other relays to say what they have of an embed, once one has said what stands up. */
const embedGraceMs = 250
/** For one relay to say all that it knows of a dataset: a manifest and some records. */
const locateTimeoutMs = 10_000

export type PeersParts = {
  node: Pick<Libp2p, 'dial'>
  deployment: Deployment
  relays: () => readonly Connection[]
  /** The embed as this node has it itself, on a relay. */
  embedHere?: ((id: Hex) => Embed | undefined) | undefined
  /** What this node knows itself, on a relay. */
  locateHere?: ((dataset: Hex) => Location | undefined) | undefined
  nowSeconds: () => number
}

export type LocateParameters<Result> = {
  dataset: Hex
  signal: AbortSignal
  /** Makes of a relay's word what is wanted; where it throws, another relay's word is tried. */
  use: (location: Location, signal: AbortSignal) => Promise<Result>
}

export type FindEmbedsParameters = {
  id: Hex
  signal: AbortSignal
  /** Whether the embed stands up; also called after the end, for relays that were slow. */
  onEmbed: (embed: Embed) => Promise<boolean>
}

export type Peers = {
  /** Manifest and node records as some relay has them; throws `dataset-unknown`, `no-relay`, or what `use` throws. */
  locate: <Result>(parameters: LocateParameters<Result>) => Promise<Result>
  /**
   * Hands on what the relays of this node have of an embed as it comes, not verified. Resolves when all have answered, or
   * a short grace after `onEmbed` has found one that stands up; throws where none of them answers.
   */
  findEmbeds: (parameters: FindEmbedsParameters) => Promise<void>
  /** A connection to a node of a dataset, at the addresses of its own record; throws `no-node`. */
  connect: (parameters: { dataset: Hex; peerId: string; signal: AbortSignal }) => Promise<Connection>
}

/** Creates the finder. */
export function createPeers(parts: PeersParts): Peers {
  const asker = createAsker()
  const locate = async <Result>({ dataset, signal, use }: LocateParameters<Result>): Promise<Result> => {
    const here = parts.locateHere?.(dataset)
    const sources = [
      ...(here === undefined ? [] : [() => Promise.resolve(here)]),
      ...asker.inOrder(parts.relays()).map((relay) => (end: AbortSignal) => asker.ask(relay, dataset, end)),
    ]
    try {
      const { result } = await raceInTurn({
        items: sources,
        work: async (source, end) => use(await source(end), end),
        signal,
      })
      return result
    } catch (cause) {
      throw mostTelling(cause)
    }
  }
  return {
    locate,
    findEmbeds: (asked) => findEmbeds(parts, asked),
    connect: ({ dataset, peerId, signal }) =>
      locate({
        dataset,
        signal,
        use: async ({ records }, end) => {
          const addresses = recordAddresses(await findRecord(parts, records, peerId))
          return parts.node.dial(addresses, { signal: AbortSignal.any([end, AbortSignal.timeout(dialTimeoutMs)]) })
        },
      }),
  }
}

async function findEmbeds(
  { relays, embedHere }: PeersParts,
  { id, signal, onEmbed }: FindEmbedsParameters,
): Promise<void> {
  const asked = relays().map((connection) => () => fetchEmbed({ connection, id, signal }))
  const here = embedHere === undefined ? [] : [() => Promise.resolve(embedHere(id))]
  try {
    await askTogether({
      items: [...here, ...asked],
      work: (source) => source(),
      onAnswer: async (embed) => embed !== undefined && onEmbed(embed),
      graceMs: embedGraceMs,
    })
  } catch (cause) {
    throw mostTelling(cause)
  }
}

/** Asks relays, and remembers which of them were slower than another one: those are asked last. */
function createAsker() {
  const slow = new Set<string>()
  const isSlow = ({ remotePeer }: Connection) => slow.has(remotePeer.toString())
  return {
    inOrder: (relays: readonly Connection[]) => relays.toSorted((a, b) => Number(isSlow(a)) - Number(isSlow(b))),
    async ask(relay: Connection, dataset: Hex, end: AbortSignal): Promise<Location> {
      const peerId = relay.remotePeer.toString()
      const deadline = AbortSignal.timeout(locateTimeoutMs)
      const signal = AbortSignal.any([end, deadline])
      const onEnd = () => slow.add(peerId)
      signal.addEventListener('abort', onEnd)
      try {
        return await locateDataset({ connection: relay, dataset, signal })
      } catch (error) {
        throw deadline.aborted ? timedOut('answer', locateTimeoutMs) : error
      } finally {
        signal.removeEventListener('abort', onEnd)
        if (!signal.aborted) slow.delete(peerId)
      }
    },
  }
}

/** The newest record of a node with addresses; records that do not verify are passed over. */
async function findRecord(
  { deployment, nowSeconds }: PeersParts,
  records: readonly SignedNodeRecord[],
  peerId: string,
): Promise<NodeRecord> {
  let newest: NodeRecord | undefined
  for (const signed of records) {
    const record = await verifyNodeRecord({ signed, deployment, nowSeconds: nowSeconds() }).catch((error: unknown) => {
      // One bad record does not hide the others.
      if (error instanceof MarketplaceError) return undefined
      throw error
    })
    if (record?.peerId !== peerId || recordAddresses(record).length === 0) continue
    if (newest === undefined || record.seq > newest.seq) newest = record
  }
  if (newest !== undefined) return newest
  throw new MarketplaceError({
    code: 'no-node',
    message: 'No relay has a record of the node; it may be offline, and is tried again.',
    details: peerId,
  })
}

/** Of the failures of several relays, the first that says more than that there was no answer. */
function mostTelling(cause: unknown): unknown {
  if (!(cause instanceof AggregateError)) return cause
  const failures = cause.errors.filter((error) => error instanceof MarketplaceError)
  const telling = failures.find(({ code }) => code !== 'timeout' && code !== 'aborted' && code !== 'no-route')
  const [first = new MarketplaceError({ code: 'no-relay', message: 'No relay is connected; it is tried again.' })] = [
    ...failures,
    ...(cause.errors as unknown[]),
  ]
  return telling ?? first
}
