/** Words, numbers, texts and signs of a SQL statement, enough to know what stands in code and what in text or comments. */
export type SqlToken = {
  kind: 'word' | 'quoted' | 'text' | 'number' | 'parameter' | 'sign' | 'comment'
  from: number
  to: number
}

/** In this order: what begins as a comment or text is one to its end, or to the end of the statement when it is open. */
const kinds = [
  ['comment', /--[^\n]*/y],
  ['comment', /\/\*[^]*?(?:\*\/|$)/y],
  ['text', /[eE]?'(?:[^']|'')*(?:'|$)/y],
  ['text', /\$([A-Za-z_]\w*)?\$[^]*?(?:\$\1\$|$)/y],
  ['quoted', /"(?:[^"]|"")*(?:"|$)/y],
  ['parameter', /\$\d{1,9}/y],
  ['word', /[\p{L}_][\p{L}\p{N}_$]*/uy],
  ['number', /\d[\d_]*(?:\.\d*)?(?:[eE][+-]?\d+)?/y],
  ['sign', /<>|<=|>=|!=|\|\||::|[^\s]/uy],
] as const

/** Splits a statement; whitespace is left out. Never throws. */
export function tokenizeSql(sql: string): SqlToken[] {
  const tokens: SqlToken[] = []
  let at = 0
  while (at < sql.length) {
    const token = tokenAt(sql, at)
    if (token !== undefined) tokens.push(token)
    at = token?.to ?? at + 1
  }
  return tokens
}

function tokenAt(sql: string, at: number): SqlToken | undefined {
  for (const [kind, pattern] of kinds) {
    pattern.lastIndex = at
    if (pattern.test(sql) && pattern.lastIndex > at) return { kind, from: at, to: pattern.lastIndex }
  }
  return undefined
}

/** An identifier as the engine reads it: quotes removed, letters folded where they are not quoted. */
export function identifierOf(sql: string, { kind, from, to }: SqlToken): string {
  const text = sql.slice(from, to)
  return kind === 'quoted'
    ? text.slice(1, text.endsWith('"') ? -1 : undefined).replaceAll('""', '"')
    : text.toLowerCase()
}
