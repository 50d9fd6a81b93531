/**
 * Why a dataset ranks where it does, in words: the factors of `R = min(A, M/u) · (A+1)/(A+U+2) · min(1, D/M)`
 * (DESIGN §4). The exact integers decide the order; these numbers are for reading.
 */
import { formatEng, formatMonthlyPrice } from '#lib/format/eng.ts'
import { formatPlural } from '#lib/format/numbers.ts'
import { once } from '#lib/format/once.ts'

/** Money in wei, `churn` with 32 fractional bits, `rank` with 18 decimals. */
export type RankValues = {
  subscribers: bigint
  monthlyRevenue: bigint
  referencePrice: bigint
  deposit: bigint
  churn: bigint
  rank: bigint
}

export type RankFactor = { name: string; value: string; reason: string }
export type RankExplanation = { rank: string; factors: readonly RankFactor[] }

/** The factors; none where no revenue makes the rank zero. */
export function explainRank(values: RankValues): RankExplanation {
  const { monthlyRevenue, rank } = values
  const factors = monthlyRevenue === 0n ? [] : [popularity(values), loyalty(values), backing(values)]
  return { rank: formatFactor(Number(rank) / 1e18), factors }
}

/** Seconds that a month's revenue is counted for: it is a rate times this. */
const monthSeconds = 2_592_000n

function popularity({ subscribers, monthlyRevenue, referencePrice }: RankValues): RankFactor {
  const counted = Number(subscribers)
  const paid = referencePrice === 0n ? Infinity : ratio(monthlyRevenue, referencePrice)
  const people = formatPlural(subscribers, 'paying subscriber')
  const money = `${formatMonthlyPrice(monthlyRevenue / monthSeconds)} a month is ${formatFactor(paid)} × the reference price of ${formatEng(referencePrice)}`
  return {
    name: 'Popularity',
    value: formatFactor(Math.min(counted, paid)),
    reason: `${people}; ${money}. The smaller of the two counts, so that crowds of free accounts weigh nothing.`,
  }
}

function loyalty({ subscribers, churn }: RankValues): RankFactor {
  const left = Number(churn) / 2 ** 32
  const stayed = Number(subscribers)
  const leavers = left === 0 ? 'Nobody left lately' : `${formatFactor(left)} left lately`
  return {
    name: 'Loyalty',
    value: formatFactor((stayed + 1) / (stayed + left + 2)),
    reason: `${leavers}; ${formatPlural(subscribers, 'subscriber stays', 'subscribers stay')}. Those who left fade by a fifth each month.`,
  }
}

function backing({ deposit, monthlyRevenue }: RankValues): RankFactor {
  const months = ratio(deposit, monthlyRevenue)
  return {
    name: 'Deposit',
    value: formatFactor(Math.min(1, months)),
    reason: `The curator locked ${formatEng(deposit)}, ${formatFactor(months)} × a month of revenue. One month or more counts in full.`,
  }
}

function ratio(part: bigint, whole: bigint): number {
  return Number(part) / Number(whole)
}

const digits = once(() => new Intl.NumberFormat('en', { maximumFractionDigits: 2 }))

function formatFactor(value: number): string {
  return value > 0 && value < 0.01 ? '<0.01' : digits().format(value)
}
