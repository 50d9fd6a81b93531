/** What cancelling pays back at a second, from what the chain said a moment ago; the contract's own arithmetic. */
const periodSeconds = 2_592_000

/** Rates in wei per second. `previousRate` runs until 30 days before the end, after a renewal. */
export type RefundBasis = {
  refund: bigint
  readAtSeconds: number
  endSeconds: number
  rate: bigint
  previousRate: bigint
}

/** The refund in wei at `nowSeconds`; never negative. */
export function refundAt(basis: RefundBasis, nowSeconds: number): bigint {
  const { refund, readAtSeconds, endSeconds, rate, previousRate } = basis
  const end = Math.min(nowSeconds, endSeconds)
  const border = endSeconds - periodSeconds
  const atPrevious = Math.max(0, Math.min(end, border) - readAtSeconds)
  const atPresent = Math.max(0, end - Math.max(readAtSeconds, border))
  const left = refund - previousRate * BigInt(atPrevious) - rate * BigInt(atPresent)
  return left > 0n ? left : 0n
}
