/** Limits of an embed from what was typed. */
import { formatCount } from '#lib/format/numbers.ts'
import type { DraftLimits } from './draft.ts'

/** See `GrantLimits` of @enigma/protocol. */
export type EmbedLimits = { maxRows: number; maxBytes: number; perMinute: number; perDay: number; total: number }
export type LimitProblems = Partial<Record<keyof DraftLimits, string>>

const most = { perMinute: 1_000_000, perDay: 100_000_000, total: 1_000_000_000_000 }
const rowBytes = 16 * 1024
const leastBytes = 1024 * 1024
const mostBytes = 256 * 1024 * 1024

/** Reads them; `mostRows` is what the dataset allows in one answer. Bytes of one answer follow from its rows. */
export function readLimits(
  draft: DraftLimits,
  mostRows: number,
): { problems: LimitProblems; limits: EmbedLimits | undefined } {
  const read = {
    maxRows: wholeOf(draft.maxRows, mostRows),
    perMinute: wholeOf(draft.perMinute, most.perMinute),
    perDay: wholeOf(draft.perDay, most.perDay),
    total: wholeOf(draft.total, most.total),
  }
  const problems: LimitProblems = {}
  for (const [field, value] of Object.entries(read) as [keyof DraftLimits, number | undefined][]) {
    if (value !== undefined) continue
    const bound = field === 'maxRows' ? mostRows : most[field]
    problems[field] = `A whole number from 1 to ${formatCount(bound)}.`
  }
  const { maxRows, perMinute, perDay, total } = read
  if (maxRows === undefined || perMinute === undefined || perDay === undefined || total === undefined) {
    return { problems, limits: undefined }
  }
  const maxBytes = Math.min(mostBytes, Math.max(leastBytes, maxRows * rowBytes))
  return { problems, limits: { maxRows, maxBytes, perMinute, perDay, total } }
}

/** A whole number from 1 to `greatest`; undefined where the text is none. */
export function wholeOf(text: string, greatest: number): number | undefined {
  const number = /^\s*\d{1,15}\s*$/.test(text) ? Number(text) : 0
  return number >= 1 && number <= greatest ? number : undefined
}
