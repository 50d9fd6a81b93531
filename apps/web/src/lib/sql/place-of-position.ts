/** Where a refusal points to, in the editor's own counting. */

/** `position` counts characters (code points); texts in the browser count UTF-16 units. */
export function placeOfPosition(sql: string, position: number): { from: number; to: number } {
  const before = Array.from(sql).slice(0, position).join('').length
  const from = Math.min(before, sql.length)
  const word = /^(?:[\p{L}_][\p{L}\p{N}_$]*|"(?:[^"]|"")*"|\d+|\S)/u.exec(sql.slice(from))?.[0] ?? ''
  // At the end there is nothing to mark but what stands before.
  if (word !== '') return { from, to: from + word.length }
  const last = sql.trimEnd().length
  return { from: Math.max(0, last - 1), to: Math.max(last, 1) }
}
