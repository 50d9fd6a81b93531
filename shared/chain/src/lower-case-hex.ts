/** One value has one encoding: viem decodes addresses with a checksum, the wire's words are lower-case. */
export function lowerCaseHex<T>(value: T): T {
  if (typeof value === 'string') return (/^0x[0-9a-fA-F]+$/.test(value) ? value.toLowerCase() : value) as T
  if (Array.isArray(value)) return value.map(lowerCaseHex) as T
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, lowerCaseHex(inner)])) as T
}
