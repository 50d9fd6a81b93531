/**
 * Which number the next snapshot of a dataset has at least. Two heads under one number cost the curator's deposit, and
 * what this browser does not know of may have been signed elsewhere and be on its way still: then so many numbers are left
 * out that none can be signed twice.
 */

/** More than anyone can publish. */
const mostSnapshotsPerSecond = 10

export type LowestSeqParameters = {
  /** The newest one that the nodes have; undefined where they have none. */
  latest: { seq: number; createdAt: number } | undefined
  /** The highest number that was signed in this browser. */
  signedHere: number | undefined
  /** Whether every node of the dataset was asked. */
  isComplete: boolean
  nowSeconds: number
}

export function lowestSeq({ latest, signedHere = 0, isComplete, nowSeconds }: LowestSeqParameters): number {
  const next = Math.max(latest?.seq ?? 0, signedHere) + 1
  if (isComplete && (latest?.seq ?? 0) === signedHere) return next
  const sinceSeconds = Math.max(0, nowSeconds - (latest?.createdAt ?? nowSeconds))
  return next + (1 + sinceSeconds) * mostSnapshotsPerSecond
}
