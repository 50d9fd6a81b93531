/**
 * The rank as the contract computes it, in the same integers (DESIGN §4; contracts/src/libraries/Rank.sol, Churn.sol):
 * `R = min(A, M/u) · (A+1)/(A+U+2) · min(1, D/M)`. A client checks the order of a catalogue page with it.
 */

/** A `subscribers`, M `monthlyRevenue`, u `referencePrice`, D `deposit` in wei; U `churn` with 32 fractional bits. */
export type RankInputs = {
  subscribers: bigint
  monthlyRevenue: bigint
  referencePrice: bigint
  deposit: bigint
  churn: bigint
}

const one = 10n ** 18n
const secondsPerDay = 86_400
const fullPeriodSeconds = 30 * secondsPerDay

/** One subscriber that paid a whole period and is gone, as churn. */
export const churnOne = 1n << 32n

/** `floor(0.8^(1/30) · 2^64)`. */
const dailyFactor = 18_310_044_033_407_904_830n

/** The rank with 18 decimals, each step rounded down; zero without revenue. */
export function computeRank({ subscribers, monthlyRevenue, referencePrice, deposit, churn }: RankInputs): bigint {
  if (monthlyRevenue === 0n) return 0n
  const counted = subscribers * one
  const paid = (monthlyRevenue * one) / referencePrice
  const popularity = counted < paid ? counted : paid
  const loyal = (popularity * (subscribers + 1n) * churnOne) / ((subscribers + 2n) * churnOne + churn)
  return deposit < monthlyRevenue ? (loyal * deposit) / monthlyRevenue : loyal
}

/** What is left of `churn` after whole days: it fades by `0.8^(days / 30)`. */
export function decayChurn({ churn, days }: { churn: bigint; days: number }): bigint {
  let factor = 1n << 64n
  let square = dailyFactor
  for (let exponent = days; exponent > 0; exponent = Math.floor(exponent / 2)) {
    if (exponent % 2 === 1) factor = (factor * square) >> 64n
    square = (square * square) >> 64n
  }
  return (churn * factor) >> 64n
}

/** What a subscriber adds to the churn that leaves after `paidSeconds`. */
export function churnOfLeaver(paidSeconds: number): bigint {
  return paidSeconds < fullPeriodSeconds ? (BigInt(paidSeconds) * churnOne) / BigInt(fullPeriodSeconds) : churnOne
}
