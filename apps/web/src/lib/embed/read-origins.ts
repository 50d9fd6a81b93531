/** The sites that an embed is for, from what was typed. */

/** Together, as the grant holds them. */
const maxLength = 1000

/** Origins such as `https://example.org`, one a line; none for any site. */
export function readOrigins(text: string): { origins: string[] } | { problem: string } {
  const origins: string[] = []
  for (const [at, line] of text.split('\n').entries()) {
    const written = line.trim().replace(/\/$/, '')
    if (written === '') continue
    const origin = originOf(written)
    if (origin === undefined) {
      return { problem: `Line ${at + 1}: write an origin such as https://example.org, or http://localhost:8080.` }
    }
    if (!origins.includes(origin)) origins.push(origin)
  }
  return origins.join(' ').length > maxLength
    ? { problem: `All origins together have at most ${maxLength} characters; leave some out.` }
    : { origins }
}

function originOf(text: string): string | undefined {
  const url = URL.parse(text)
  if (url === null || !/^https?:\/\/[^/?#@\s]+$/i.test(text)) return undefined
  // What browsers call it: lower-case, without the usual port.
  const isSecure = url.protocol === 'https:' || url.hostname === 'localhost'
  return isSecure && !url.hostname.includes('*') ? url.origin : undefined
}
