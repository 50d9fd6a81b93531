/** Places in a query's text, as refusals name them: whole characters (Unicode code points) before the place. */

/** Characters before a byte of the text's UTF-8 form; the text's end for a byte behind it. */
export function positionOfByte(sql: string, byte: number): number {
  const bytes = new TextEncoder().encode(sql)
  return Array.from(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.subarray(0, Math.max(0, byte)))).length
}

/** A refusal's details: the place on a line of its own, then whatever else is known. */
export function positionDetails(position: number, more = ''): string {
  return `position ${position}${more === '' ? '' : `\n${more}`}`
}

/** Reads the place back; undefined when the details name none. */
export function positionOfDetails(details: string): number | undefined {
  const position = /^position (\d{1,7})(?:\n|$)/.exec(details)?.[1]
  return position === undefined ? undefined : Number(position)
}
