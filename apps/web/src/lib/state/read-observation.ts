/** What a relay says that it saw of a dataset's nodes: one relay's word, read with suspicion. */
import type { Observation } from '#lib/discover/describe-observation.ts'

/** The end of the year 9999: later is no time that can be shown. */
const lastSecond = 253_402_300_799

/** Reads it; undefined where the relay has not looked, or says what cannot be. */
export function readObservation(value: unknown): Observation | undefined {
  const { looks, answered, since, head } = fieldsOf(value)
  if (!isCount(looks) || !isCount(answered) || looks === 0 || answered > looks || !isTime(since)) return undefined
  const { seq, createdAt } = fieldsOf(head)
  return { looks, answered, since, ...(isCount(seq) && isTime(createdAt) ? { head: { seq, createdAt } } : {}) }
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

function isTime(value: unknown): value is number {
  return isCount(value) && value <= lastSecond
}
