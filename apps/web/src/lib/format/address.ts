/** Addresses and hashes for people: the begin and the end, which is what one compares. */
export function shorten(text: string, { begin = 6, end = 4 }: { begin?: number; end?: number } = {}): string {
  return text.length <= begin + end + 1 ? text : `${text.slice(0, begin)}…${text.slice(-end)}`
}
