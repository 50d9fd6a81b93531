/** Whether what the mirror knows is young enough to decide by: it fails closed (DESIGN §6 Access). */
import type { ContractDeployment } from '@enigma/chain'
import { MarketplaceError } from '@enigma/protocol'
import type { MirrorBlock } from './mirror-store.ts'

/** A node obeys the ending of a grant within a block and this long, or answers nobody. */
const maxGrantAgeSeconds = 60

/** What the mirror has seen of the chain, and by which clock. */
export type Sight = {
  readonly head: MirrorBlock | undefined
  /** When the last poll that did not fail ended, in Unix seconds. */
  readonly polledAtSeconds: number
  readonly lastError: string | undefined
  readonly parameters: {
    deployment: ContractDeployment
    nowSeconds: () => number
    maxHeadAgeSeconds?: number | undefined
  }
}

/** The head, unless it or the last look at the chain is too old to decide anything by. */
export function requireFreshHead(sight: Sight): MirrorBlock {
  const { head } = sight
  if (head !== undefined && !isStale(sight)) return head
  throw staleError(sight)
}

/** Where grants can end on chain, the last look at it must be younger still. */
export function requireFreshGrants(sight: Sight): void {
  requireFreshHead(sight)
  const { deployment, nowSeconds } = sight.parameters
  if (deployment.grantRegistry === undefined) return
  if (nowSeconds() - sight.polledAtSeconds > maxGrantAgeSeconds) throw staleError(sight)
}

/** Whether the head, or the last look at the chain, is older than `maxHeadAgeSeconds`, 60 when absent. */
export function isStale({ head, polledAtSeconds, parameters }: Sight): boolean {
  const { nowSeconds, maxHeadAgeSeconds = 60 } = parameters
  return head === undefined || nowSeconds() - Math.min(head.timestamp, polledAtSeconds) > maxHeadAgeSeconds
}

function staleError({ lastError }: Sight): MarketplaceError {
  return new MarketplaceError({
    code: 'chain-unavailable',
    message: 'This node has not heard from the chain for a while and answers nothing until it does; ask another node.',
    details: lastError,
  })
}
