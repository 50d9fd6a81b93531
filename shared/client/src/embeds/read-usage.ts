/** What nodes have answered by an owner's embeds: each node is asked itself, and says it to the owner only. */
import { hashGrant, signUsageRequest } from '@enigma/crypto'
import { fetchUsage } from '@enigma/network'
import { datasetIdOf, type EmbedUsage, type Hex, limits, type NodeRecord, parseDatasetPath } from '@enigma/protocol'
import type { ClientInside } from '../create-marketplace-client.ts'
import { deploymentOf, requireSession } from '../sessions.ts'

export type ReadUsageParameters = {
  /** `<curator address>/<name>`. */
  dataset: string
  /** The owner; a session of it must run (see `authorize`). */
  account: Hex
  /** Of embeds of this dataset. */
  ids: readonly Hex[]
  signal?: AbortSignal | undefined
}

/** Sums over the nodes that answered, by id; `missing` are nodes that did not, whose part is not in the sums. */
export type ReadUsageReturnType = { usage: ReadonlyMap<Hex, EmbedUsage>; answered: number; missing: number }

/** Asks the dataset's nodes directly, which see the owner's address; throws when none answers. */
export async function readUsage(inside: ClientInside, parameters: ReadUsageParameters): Promise<ReadUsageReturnType> {
  const { dataset, ids, signal } = parameters
  const { nodes } = await inside.datasets.locate(dataset, { signal })
  const told = await Promise.allSettled(nodes.map((node) => askNode(inside, node, parameters)))
  const counts = told.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
  const [first] = told
  if (counts.length === 0 && first?.status === 'rejected') throw first.reason
  const usage = new Map(ids.map((id) => [id, sumOf(id, counts.flat())] as const))
  return { usage, answered: counts.length, missing: told.length - counts.length }
}

async function askNode(
  { parts, connections }: ClientInside,
  node: NodeRecord,
  { dataset, account, ids, signal }: ReadUsageParameters,
): Promise<EmbedUsage[]> {
  const { key, grant } = await requireSession(parts, account)
  const { chainId, marketplace } = parts.network
  const issuedAt = parts.nowSeconds()
  const request = {
    ...{ v: 1 as const, chainId, marketplace, dataset: datasetIdOf(parseDatasetPath(dataset)), ids: [...ids] },
    grantHash: hashGrant(grant.grant, deploymentOf(parts.network)),
    sessionKey: key.publicKey,
    audience: node.signer,
    ...{ issuedAt, expiresAt: issuedAt + limits.requestSeconds },
  }
  const signed = await signUsageRequest({ request, key, grants: [grant] })
  return fetchUsage({ connection: await connections.toNode(node, { signal }), signed, signal })
}

function sumOf(id: Hex, counts: readonly EmbedUsage[]): EmbedUsage {
  const own = counts.filter((each) => each.id === id)
  const sum = (key: Exclude<keyof EmbedUsage, 'id'>) => own.reduce((total, each) => total + each[key], 0)
  return {
    id,
    minuteQueries: sum('minuteQueries'),
    dayQueries: sum('dayQueries'),
    dayBytes: sum('dayBytes'),
    totalQueries: sum('totalQueries'),
  }
}
