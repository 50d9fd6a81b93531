/** Padmé (Nikitin et al., PETS 2019, §4): sizes leak O(log log n) bits at ≤ 12 % overhead. */

/** The padded length of `length` bytes, at least `floor`. */
export function padmeLength(length: number, floor = 1024): number {
  if (length <= floor) return floor
  const exponent = Math.floor(Math.log2(length))
  const mantissaBits = Math.floor(Math.log2(exponent)) + 1
  const granularity = 2 ** (exponent - mantissaBits)
  return Math.ceil(length / granularity) * granularity
}
