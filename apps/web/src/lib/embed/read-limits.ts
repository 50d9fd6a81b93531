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

/** `mostRows`: what the dataset allows in one answer; `leastAnswers`: of a budget, so that each node has one to give. */
export type LimitBounds = { mostRows: number; leastAnswers: number }

/** The least budget of which a node with the share `bps`, in basis points, has one answer to give. */
export function leastAnswersOf(bps: number): number {
  return Math.ceil(10_000 / Math.max(1, bps))
}

/** Reads them. Bytes of one answer follow from its rows. */
export function readLimits(
  draft: DraftLimits,
  { mostRows, leastAnswers }: LimitBounds,
): { problems: LimitProblems; limits: EmbedLimits | undefined } {
  const read = {
    maxRows: wholeOf(draft.maxRows, { most: mostRows }),
    perMinute: wholeOf(draft.perMinute, { least: leastAnswers, most: most.perMinute }),
    perDay: wholeOf(draft.perDay, { least: leastAnswers, most: most.perDay }),
    total: wholeOf(draft.total, { least: leastAnswers, most: most.total }),
  }
  const problems: LimitProblems = {}
  for (const [field, value] of Object.entries(read) as [keyof DraftLimits, number | undefined][]) {
    if (value !== undefined) continue
    problems[field] =
      field === 'maxRows'
        ? `A whole number from 1 to ${formatCount(mostRows)}.`
        : `A whole number from ${leastAnswers} to ${formatCount(most[field])}; the dataset’s nodes share it.`
  }
  const { maxRows, perMinute, perDay, total } = read
  if (maxRows === undefined || perMinute === undefined || perDay === undefined || total === undefined) {
    return { problems, limits: undefined }
  }
  const maxBytes = Math.min(mostBytes, Math.max(leastBytes, maxRows * rowBytes))
  return { problems, limits: { maxRows, maxBytes, perMinute, perDay, total } }
}

/** A whole number within its bounds; undefined where the text is none. */
export function wholeOf(
  text: string,
  { least = 1, most: greatest }: { least?: number; most: number },
): number | undefined {
  const number = /^\s*\d{1,15}\s*$/.test(text) ? Number(text) : Number.NaN
  return number >= least && number <= greatest ? number : undefined
}
