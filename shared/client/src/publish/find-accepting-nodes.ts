/** Nodes that take datasets of curators whom they do not know, as relays name them and as each says for itself. */
import { verifyNodeRecord } from '@enigma/crypto'
import { type AcceptanceTerms, aborted, fetchAcceptanceTerms, fetchAcceptingNodes } from '@enigma/network'
import { type Hex, MarketplaceError, type NodeRecord, type SignedNodeRecord } from '@enigma/protocol'
import type { ClientInside } from '../create-marketplace-client.ts'
import type { Relay } from '../relay-list.ts'
import { deploymentOf } from '../sessions.ts'

/** A node with a verified record, and what it asks of this curator's datasets. */
export type AcceptingNode = { record: NodeRecord; terms: AcceptanceTerms }
/** `silent`: nodes that relays name and that gave no terms, with why. */
export type AcceptingNodes = { nodes: AcceptingNode[]; silent: { peerId: string; error: unknown }[] }

const maxRelays = 3
const maxNodes = 16
const nodeTimeoutMs = 10_000

/** Asks a few relays who accepts, and each of those for its terms; throws `no-relay`. */
export async function findAcceptingNodes(
  inside: ClientInside,
  { curator, signal }: { curator: Hex; signal: AbortSignal },
): Promise<AcceptingNodes> {
  const records = await namedByRelays(inside, signal)
  const asked = await Promise.allSettled(records.map((record) => askTerms(inside, { record, curator, signal })))
  if (signal.aborted) throw aborted(signal)
  const nodes = asked.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  const silent = asked.flatMap((result, at) =>
    result.status === 'rejected' ? [{ peerId: records[at]?.peerId ?? '', error: result.reason as unknown }] : [],
  )
  return { nodes, silent }
}

async function namedByRelays({ parts, connections }: ClientInside, signal: AbortSignal): Promise<NodeRecord[]> {
  const ask = async (relay: Relay) => {
    const connection = await connections.toRelay(relay, { signal })
    const named: SignedNodeRecord[] = []
    for await (const signed of fetchAcceptingNodes({ connection, limit: maxNodes, signal })) named.push(signed)
    return named
  }
  const answers = await Promise.allSettled(connections.relays().slice(0, maxRelays).map(ask))
  if (signal.aborted) throw aborted(signal)
  const newest = new Map<string, NodeRecord>()
  for (const answer of answers) {
    for (const signed of answer.status === 'fulfilled' ? answer.value : []) {
      const record = await verified(parts, signed)
      if (record !== undefined && record.seq > (newest.get(record.peerId)?.seq ?? -1)) newest.set(record.peerId, record)
    }
  }
  if (answers.every(({ status }) => status === 'rejected')) {
    const cause = new AggregateError(
      answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason as unknown] : [])),
    )
    const message = 'No relay can be reached; check the connection and the network file.'
    throw new MarketplaceError({ code: 'no-relay', message, cause })
  }
  return [...newest.values()].slice(0, maxNodes)
}

/** A record that does not verify names nobody. */
async function verified(
  { network, nowSeconds }: ClientInside['parts'],
  signed: SignedNodeRecord,
): Promise<NodeRecord | undefined> {
  try {
    const record = await verifyNodeRecord({ signed, deployment: deploymentOf(network), nowSeconds: nowSeconds() })
    return record.accepts === true && record.roles.includes('persistence') ? record : undefined
  } catch (error) {
    if (error instanceof MarketplaceError) return undefined
    throw error
  }
}

type AskTerms = { record: NodeRecord; curator: Hex; signal: AbortSignal }

async function askTerms({ connections }: ClientInside, { record, curator, signal }: AskTerms): Promise<AcceptingNode> {
  const until = AbortSignal.any([signal, AbortSignal.timeout(nodeTimeoutMs)])
  const connection = await connections.toNode(record, { signal: until })
  const terms = await fetchAcceptanceTerms({ connection, curator, signer: record.signer, signal: until })
  return { record, terms }
}
