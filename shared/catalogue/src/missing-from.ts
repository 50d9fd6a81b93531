/** Anti-entropy: what a peer has and this node lacks (DESIGN §5 Catalogue). */
import type { Hex } from '@enigma/protocol'

/** What a node holds: the manifest hash of each dataset, and the highest record number of each node. */
export type CatalogueContents = {
  manifests: readonly { dataset: Hex; hash: Hex }[]
  records: readonly { peerId: string; seq: number }[]
}

export type MissingFromParameters = {
  /** The hash that the chain names for a dataset, undefined when it names none. */
  wantedHashOf: (dataset: Hex) => Hex | undefined
  hasManifest: (hash: Hex) => boolean
  /** The number of the newest record held of a node. */
  seqOf: (peerId: string) => number | undefined
  remote: CatalogueContents
}

/** The hashes and nodes to ask the peer for; a manifest that the chain does not name is never wanted. */
export function missingFrom({ wantedHashOf, hasManifest, seqOf, remote }: MissingFromParameters): {
  hashes: Hex[]
  peerIds: string[]
} {
  const hashes = remote.manifests
    .filter(({ dataset, hash }) => wantedHashOf(dataset) === hash && !hasManifest(hash))
    .map(({ hash }) => hash)
  const peerIds = remote.records.filter(({ peerId, seq }) => seq > (seqOf(peerId) ?? -1)).map(({ peerId }) => peerId)
  return { hashes: [...new Set(hashes)], peerIds: [...new Set(peerIds)] }
}
