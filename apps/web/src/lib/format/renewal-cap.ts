/** The most that a renewal may cost: typed in ENG for 30 days, kept on chain in wei per second. */
import { formatEngNumber, formatMonthlyPrice, parseEng } from './eng.ts'

const monthSeconds = 2_592_000n

/** The rate in wei per second, or what is wrong with the text; at least the present price's rate. */
export function readCap(text: string, rate: bigint): bigint | string {
  const price = parseEng(text)
  if (price === undefined) return 'Give an amount of ENG such as 12.5.'
  // The shown price is rounded, so the same figure typed means the price itself.
  if (text.trim() === capText(rate)) return rate
  const cap = price / monthSeconds
  return cap < rate ? `The price is ${formatMonthlyPrice(rate)} already; give at least that.` : cap
}

/** A rate as the text of the field. */
export function capText(rate: bigint): string {
  const unit = 10n ** 14n
  return formatEngNumber(((rate * monthSeconds + unit / 2n) / unit) * unit).replaceAll(',', '')
}
