/** What is known once a query has ended well, in plain values: for the status line and for those who want to see it all. */
import type { NetworkFile } from '@enigma/protocol'
import type { QueryResult } from '@enigma/client'
import { formatTransport } from '#lib/format/transports.ts'

export type ProofFact = {
  name: string
  value: string
  kind: 'hash' | 'text' | 'time'
  /** What it was compared with, and found to be. */
  checked?: string
}

export type ProofGroup = { title: string; sentence: string; facts: readonly ProofFact[] }

export type QueryOutcome = {
  rowCount: number
  isTruncated: boolean
  totalMs: number
  firstRowsMs: number
  attempts: number
  path: 'blind' | 'direct'
  transport: string
  /** The relay of a blind path, or the node of a direct one. */
  remotePeer: string
  nodePeer: string
  nodeSigner: string
  seq: number
  snapshotAt: number
  isDeterministic: boolean
  proof: readonly ProofGroup[]
}

/** Collects what the client verified. */
export function toOutcome(result: QueryResult, network: NetworkFile): QueryOutcome {
  const { rowCount, isTruncated, timings, attempts, path, transport, node, facts, head } = result
  return {
    ...{ rowCount, isTruncated, attempts, path },
    totalMs: timings.totalMs,
    firstRowsMs: timings.firstRowsMs,
    transport: formatTransport(transport.kind),
    remotePeer: transport.remotePeer,
    nodePeer: node.peerId,
    nodeSigner: node.signer,
    seq: facts.seq,
    snapshotAt: head.head.createdAt,
    isDeterministic: facts.deterministic,
    proof: [receiptGroup(result), snapshotGroup(result), datasetGroup(result, network), wayGroup(result)],
  }
}

function receiptGroup({ facts, receipt }: QueryResult): ProofGroup {
  return {
    title: 'Receipt',
    sentence: 'The node signed what it was asked, from which snapshot it answered, and what it sent.',
    facts: [
      {
        name: 'Query hash',
        value: facts.queryHash,
        kind: 'hash',
        checked: 'equals the hash of the query that this browser signed',
      },
      {
        name: 'Result hash',
        value: facts.resultHash,
        kind: 'hash',
        checked: facts.deterministic
          ? 'equals the hash of the rows that were decrypted here, in their canonical order'
          : 'equals the hash of every batch of rows that was decrypted here',
      },
      { name: 'Rows', value: String(facts.rows), kind: 'text', checked: 'equals the number that arrived' },
      {
        name: 'Deterministic',
        value: facts.deterministic
          ? 'yes: an honest node could give no other result'
          : 'no: order or rounding may differ',
        kind: 'text',
      },
      { name: 'Signed at', value: String(facts.issuedAt), kind: 'time' },
      { name: 'Engine', value: facts.engineId, kind: 'text' },
      {
        name: 'Signer',
        value: receipt.signer,
        kind: 'hash',
        checked: 'equals the signer that the manifest names for this node',
      },
      { name: 'Signature', value: receipt.signature, kind: 'hash', checked: 'recovers to the signer' },
    ],
  }
}

function snapshotGroup({ facts, head }: QueryResult): ProofGroup {
  return {
    title: 'Snapshot',
    sentence: 'The publisher signed the data that was read; it cannot be exchanged unseen.',
    facts: [
      { name: 'Number', value: String(facts.seq), kind: 'text', checked: 'the same in head, receipt and answer' },
      { name: 'Merkle root', value: facts.snapshot, kind: 'hash', checked: 'equals the root in the signed head' },
      { name: 'Previous root', value: head.head.previousRoot, kind: 'hash' },
      { name: 'Published at', value: String(head.head.createdAt), kind: 'time' },
      { name: 'Publisher', value: head.publisher, kind: 'hash', checked: 'equals the publisher that the chain names' },
      { name: 'Signature', value: head.signature, kind: 'hash', checked: 'recovers to the publisher' },
    ],
  }
}

function datasetGroup({ facts }: QueryResult, { chainId, marketplace, name }: NetworkFile): ProofGroup {
  return {
    title: 'Dataset and chain',
    sentence: 'The chain holds the hash of the dataset’s description; nodes and publisher follow from it.',
    facts: [
      { name: 'Dataset id', value: facts.dataset, kind: 'hash', checked: 'equals the id of the path that was asked' },
      {
        name: 'Manifest hash',
        value: facts.manifestHash,
        kind: 'hash',
        checked: 'equals the hash that stands on chain',
      },
      { name: 'Chain', value: `${name}, id ${chainId}`, kind: 'text' },
      { name: 'Marketplace', value: marketplace, kind: 'hash' },
    ],
  }
}

function wayGroup({ path, transport, node }: QueryResult): ProofGroup {
  return {
    title: 'Way',
    sentence:
      path === 'blind'
        ? 'A relay carried sealed bytes: it could read neither the query nor the rows, and the node did not learn your address.'
        : 'The node was asked directly: it learnt your network address and the query.',
    facts: [
      { name: 'Node', value: node.peerId, kind: 'hash' },
      ...(path === 'blind' ? [{ name: 'Relay', value: transport.remotePeer, kind: 'hash' } as const] : []),
      { name: 'Transport', value: formatTransport(transport.kind), kind: 'text' },
      { name: 'Connected to', value: transport.remoteAddr, kind: 'text' },
    ],
  }
}
