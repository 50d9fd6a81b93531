/** What a curator types, read as the contract will: a value, or the sentence that says what is wrong with it. */
import { formatEng, formatMonthlyPrice, parseEng } from '#lib/format/eng.ts'
import { capText } from '#lib/format/renewal-cap.ts'
import { monthSeconds } from './curated-dataset.ts'

/** The contract keeps rates in 56 bits. */
export const maxRate = 2n ** 56n - 1n
/** The contract keeps deposits in 96 bits. */
const maxDeposit = 2n ** 96n - 1n
const mostPayees = 8
const wholeBps = 10_000

export type Payout = { payee: string; shareBps: number }
/** A payee as typed: an address and a percentage. */
export type TypedPayout = { payee: string; percent: string }

/** The rate of a price for 30 days. `present` stands for the price that is shown, which is rounded. */
export function readPrice(
  text: string,
  { minRate, present }: { minRate: bigint; present: bigint | undefined },
): bigint | string {
  const price = parseEng(text)
  if (price === undefined) return 'Give an amount of ENG such as 12.5.'
  if (present !== undefined && text.trim() === capText(present)) return present
  const rate = price / monthSeconds
  if (rate < minRate || rate === 0n) return `The least price of this market is ${formatPriceOf(minRate)} a month.`
  return rate > maxRate ? `The highest price that the contract takes is ${formatMonthlyPrice(maxRate)} a month.` : rate
}

/** In full: the least price may be a few wei. */
function formatPriceOf(rate: bigint): string {
  return formatEng(rate * monthSeconds, { digits: 18 })
}

/** An amount above zero and up to `most`; `mostText` says what that is. */
export function readAmount(text: string, { most, mostText }: { most: bigint; mostText: string }): bigint | string {
  const amount = parseEng(text)
  if (amount === undefined || amount === 0n) return 'Give an amount of ENG above zero, such as 12.5.'
  if (amount > most) return `${mostText} ${formatEng(most, { digits: 18 })}; give that or less.`
  return amount > maxDeposit ? 'The contract keeps no deposit that large.' : amount
}

/** Payees whose shares sum to 100 %; the first sentence that is wrong otherwise. */
export function readPayouts(typed: readonly TypedPayout[]): Payout[] | string {
  if (typed.length === 0 || typed.length > mostPayees) return `Name one to ${mostPayees} accounts.`
  const payouts: Payout[] = []
  for (const [at, { payee, percent }] of typed.entries()) {
    const account = payee.trim().toLowerCase()
    if (!/^0x[0-9a-f]{40}$/.test(account) || /^0x0{40}$/.test(account)) {
      return `Account ${at + 1} is no address: it is 0x and 40 digits.`
    }
    if (payouts.some((each) => each.payee === account)) return `Account ${at + 1} is there already; give it one share.`
    const shareBps = /^\s*\d{1,3}(?:\.\d{1,2})?\s*$/.test(percent) ? Math.round(Number(percent) * 100) : 0
    if (shareBps === 0 || shareBps > wholeBps) return `Give account ${at + 1} a share such as 40 or 12.5 %.`
    payouts.push({ payee: account, shareBps })
  }
  const sum = payouts.reduce((total, { shareBps }) => total + shareBps, 0)
  if (sum === wholeBps) return payouts
  const [difference, word] = sum < wholeBps ? [wholeBps - sum, 'missing'] : [sum - wholeBps, 'too much']
  return `The shares sum to ${percentText(sum)} %: ${percentText(difference)} % ${word}.`
}

/** `12.5` for 1250 basis points. */
export function percentText(shareBps: number): string {
  return String(shareBps / 100)
}

/** Payees as the fields show them. */
export function typedPayouts(payouts: readonly Payout[]): TypedPayout[] {
  return payouts.map(({ payee, shareBps }) => ({ payee, percent: percentText(shareBps) }))
}
