/** Prices and periods as the contract counts them (DESIGN §4): integers in wei per second, periods of 30 days. */

/** Seconds of one period. */
export const periodSeconds = 2_592_000n

/** Wei that a period of 30 days costs at a rate in wei per second. */
export function rateToPrice(ratePerSecondWei: bigint): bigint {
  return ratePerSecondWei * periodSeconds
}

/** The highest rate in wei per second whose period of 30 days costs no more than `priceWei`. */
export function priceToRate(priceWei: bigint): bigint {
  return priceWei / periodSeconds
}
