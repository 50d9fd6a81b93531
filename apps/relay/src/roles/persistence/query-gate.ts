/** How many queries run at once, in all and for one account. */
import { type Hex, MarketplaceError } from '@enigma/protocol'
import type { PersistenceLimits } from './persistence-limits.ts'

export type QueryGate = {
  /** Takes a place; throws `busy`. Returns what leaves it. */
  enter: () => () => void
  /** Takes a place of the account; throws `rate-limited`. */
  enterAccount: (account: Hex) => () => void
  readonly underWay: number
}

/** Creates the gate of one node. */
export function createQueryGate({
  limits,
}: {
  limits: Pick<PersistenceLimits, 'maxQueries' | 'maxQueriesPerAccount'>
}): QueryGate {
  let underWay = 0
  const accounts = new Map<Hex, number>()
  return {
    enter() {
      if (underWay >= limits.maxQueries) {
        throw new MarketplaceError({
          code: 'busy',
          message: 'This node is answering as many queries as it can; try again shortly or ask another node.',
        })
      }
      underWay += 1
      return () => {
        underWay -= 1
      }
    },
    enterAccount(account) {
      const count = accounts.get(account) ?? 0
      if (count >= limits.maxQueriesPerAccount) {
        throw new MarketplaceError({
          code: 'rate-limited',
          message: `An account may run ${limits.maxQueriesPerAccount} queries at once here; wait until one has ended.`,
        })
      }
      accounts.set(account, count + 1)
      return () => {
        const rest = (accounts.get(account) ?? 1) - 1
        if (rest === 0) accounts.delete(account)
        else accounts.set(account, rest)
      }
    },
    get underWay() {
      return underWay
    },
  }
}
