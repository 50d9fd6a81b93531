/** Words for an account that holds too little: a few decimals, rounded so that whoever follows them has enough. */
import { formatEther } from 'viem'

/** The last decimal that is shown: ENG to four, ETH for gas to six. */
const unit = { ENG: 10n ** 14n, ETH: 10n ** 12n }

/** "The account holds 0.25 ENG and needs 1 ENG; add the missing 0.75 ENG"; amounts in wei. */
export function describeMissing({
  held,
  needed,
  currency,
}: {
  held: bigint
  needed: bigint
  currency: keyof typeof unit
}): string {
  const show = (wei: bigint) => `${formatEther(wei)} ${currency}`
  const down = (wei: bigint) => wei - (wei % unit[currency])
  const up = (wei: bigint) => down(wei + unit[currency] - 1n)
  return `The account holds ${show(down(held))} and needs ${show(up(needed))}; add the missing ${show(up(needed - held))}`
}
