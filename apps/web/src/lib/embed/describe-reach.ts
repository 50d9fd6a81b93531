/** What an embed gives away and what it costs, in plain words. */
import { formatCount, formatPlural } from '#lib/format/numbers.ts'
import type { EmbedLimits } from './read-limits.ts'

/** What an open embed publishes; `answers` is undefined where a range cannot be counted. */
export function describeReach(answers: bigint | undefined, maxRows: number): string {
  const rows = formatPlural(maxRows, 'row')
  if (answers === undefined) {
    return `Everything these templates can return is published: more different answers than can be counted, each of at most ${rows}.`
  }
  if (answers === 1n) return `Everything these templates can return is published: one answer of at most ${rows}.`
  return `Everything these templates can return is published: at most ${formatCount(answers)} different answers of at most ${rows}.`
}

type Spending = Pick<EmbedLimits, 'maxRows' | 'perMinute' | 'perDay' | 'total'>

const minutesOfDay = 1440

/** The most that one day spends: by the tightest of the budgets. */
export function spendOfDay({ maxRows, perMinute, perDay, total }: Spending): { answers: number; rows: bigint } {
  const answers = Math.min(perDay, perMinute * minutesOfDay, total)
  return { answers, rows: BigInt(answers) * BigInt(maxRows) }
}

/** What it costs its owner. */
export function describeSpend(limits: Spending): string {
  const { answers, rows } = spendOfDay(limits)
  return `This spends up to ${formatPlural(answers, 'answer')} and ${formatPlural(rows, 'row')} a day of your subscription.`
}

/** Who may show it. */
export function describeOrigins(origins: readonly string[]): string {
  return origins.length === 0
    ? 'Any site may show it.'
    : `Browsers show it on ${origins.join(', ')} only; a program that is no browser can say that it is there.`
}
