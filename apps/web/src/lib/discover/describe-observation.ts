/**
 * What a relay saw of a dataset's nodes, in words. It is one relay's word, which no chain bears out, and every title says
 * so. What is not known is said to be that, and never a zero.
 */
import { formatCount, formatPlural } from '#lib/format/numbers.ts'
import { formatDateTime, formatRelative } from '#lib/format/time.ts'

/** Times in Unix seconds; looks are those of the last 24 hours, at least one. */
export type Observation = {
  /** The newest snapshot that a node showed. */
  head?: { seq: number; createdAt: number }
  looks: number
  /** Looks at which a node answered. */
  answered: number
  /** The first of the looks. */
  since: number
}

/** `title` says more and whose word it is. */
type Described = { text: string; title: string }

/** A part of so short a time is said with the time. */
const shortSeconds = 3600
const unproven = 'One relay’s word, not checked with the chain.'

/** `Updated 40 seconds ago`. */
export function describeFreshness({ head }: Observation, nowSeconds: number): Described {
  if (head === undefined) {
    const title = `No node showed its snapshot to a relay. ${unproven}`
    return { text: 'Update not shown', title }
  }
  const { seq, createdAt } = head
  // A clock may be slow, and a relay may say anything.
  const text = `Updated ${formatRelative(Math.min(createdAt, nowSeconds), nowSeconds)}`
  return {
    text,
    title: `Snapshot ${formatCount(seq)}, signed ${formatDateTime(createdAt)}, as a relay saw it. ${unproven}`,
  }
}

/** `99.2 % up`. */
export function describeUptime(observed: Observation | undefined, nowSeconds: number): Described {
  if (observed === undefined) return { text: 'Not watched yet', title: 'No relay that was asked has looked yet.' }
  const { looks, answered, since } = observed
  const seconds = Math.max(0, nowSeconds - since)
  const watched = seconds < shortSeconds ? `, watched for ${Math.max(1, Math.floor(seconds / 60))} min` : ''
  const times = `${formatPlural(looks, 'time')} in the last 24 hours, since ${formatDateTime(since)}`
  const title = `A relay looked ${times}; a node answered ${formatCount(answered)} of them. ${unproven}`
  return { text: `${formatPart(answered, looks)} % up${watched}`, title }
}

/** In percent, rounded so that only all is 100 and only none is 0. */
function formatPart(part: number, whole: number): string {
  const percent = (100 * part) / whole
  if (percent === 0 || percent === 100) return percent.toFixed(0)
  return Math.min(99.9, Math.max(0.1, percent)).toFixed(1)
}
