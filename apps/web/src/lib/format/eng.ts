/** ENG amounts: 18 decimals on chain, a few for people. */
import { formatCount } from './numbers.ts'

const weiPerEng = 10n ** 18n
/** What the price shown is counted for: 30 days in seconds. */
const monthSeconds = 2_592_000n

/** An amount in wei as `12.5 ENG`; at most `digits` decimals, rounded down, so that nothing is promised that is not there. */
export function formatEng(wei: bigint, { digits = 4 }: { digits?: number } = {}): string {
  return `${formatEngNumber(wei, { digits })} ENG`
}

/** The number alone. */
export function formatEngNumber(wei: bigint, { digits = 4 }: { digits?: number } = {}): string {
  const sign = wei < 0n ? '−' : ''
  const absolute = wei < 0n ? -wei : wei
  const unit = 10n ** BigInt(18 - digits)
  const rounded = absolute / unit
  if (rounded === 0n && absolute > 0n) return `${sign}<${(10 ** -digits).toFixed(digits)}`
  const whole = formatCount(rounded / 10n ** BigInt(digits))
  const fraction = (rounded % 10n ** BigInt(digits)).toString().padStart(digits, '0').replace(/0+$/, '')
  return `${sign}${whole}${fraction === '' ? '' : `.${fraction}`}`
}

/** A rate in wei per second as what 30 days cost, rounded to the nearest shown digit: a rate is a rounded-down price. */
export function formatMonthlyPrice(rate: bigint): string {
  const unit = 10n ** 14n
  return formatEng(((rate * monthSeconds + unit / 2n) / unit) * unit)
}

/** Reads an amount that a person typed, such as `12.5`; undefined when it is not one or has more than 18 decimals. */
export function parseEng(text: string): bigint | undefined {
  const [, whole, fraction = ''] = /^\s*(\d{1,15})(?:\.(\d{1,18}))?\s*$/.exec(text) ?? []
  if (whole === undefined) return undefined
  return BigInt(whole) * weiPerEng + BigInt(fraction.padEnd(18, '0'))
}
