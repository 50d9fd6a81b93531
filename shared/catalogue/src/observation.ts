/** What a relay saw of a dataset's nodes: its own word, which no chain bears out, and the orders that rest on it. */

/** Times in Unix seconds. */
export type Observation = {
  /** The newest snapshot that a node showed, its publisher's signature verified by the relay; absent when none showed one. */
  head?: { seq: number; createdAt: number }
  /** How often the relay looked in the last 24 hours, at least once; a look asks every node of the dataset. */
  looks: number
  /** At how many of the looks a node answered. */
  answered: number
  /** The first of these looks. */
  since: number
}

type Observed = Observation | undefined

/** Compares for a sort: the newer snapshot first, what is not known last. */
export function compareFreshness(a: Observed, b: Observed): number {
  return (b?.head?.createdAt ?? -1) - (a?.head?.createdAt ?? -1)
}

/** Compares for a sort: the larger part of answered looks first, of equal ones that with more looks, what is not known last. */
export function compareUptime(a: Observed, b: Observed): number {
  return uptimeOf(b) - uptimeOf(a) || (b?.looks ?? 0) - (a?.looks ?? 0)
}

function uptimeOf(observed: Observed): number {
  return observed === undefined ? -1 : observed.answered / observed.looks
}
