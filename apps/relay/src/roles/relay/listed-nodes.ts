/** Which nodes the manifests in use list; a node counts as listed with the signer that the manifest names. */
type Node = { peerId: string; signer: string }

export type ListedNodes = {
  has: (node: Node) => boolean
  /** Whether some manifest lists the peer, whatever its signer. */
  hasPeer: (peerId: string) => boolean
  /** A manifest with the nodes `before` was replaced by one with `after`. */
  replace: (before: readonly Node[], after: readonly Node[]) => void
}

/** Creates the count; it begins empty. */
export function createListedNodes(): ListedNodes {
  const counts = new Map<string, number>()
  const count = ({ peerId, signer }: Node, by: number) => {
    for (const key of [`${peerId} ${signer}`, peerId]) {
      const next = (counts.get(key) ?? 0) + by
      if (next > 0) counts.set(key, next)
      else counts.delete(key)
    }
  }
  return {
    has: ({ peerId, signer }) => counts.has(`${peerId} ${signer}`),
    hasPeer: (peerId) => counts.has(peerId),
    replace(before, after) {
      for (const node of before) count(node, -1)
      for (const node of after) count(node, 1)
    },
  }
}
