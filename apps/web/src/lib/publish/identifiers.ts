/** Names as the marketplace wants them: lower-case SQL identifiers of at most 63 characters, each once. */
const identifierPattern = /^[a-z_][a-z0-9_]{0,62}$/

/** Whether a text is such a name. */
export function isIdentifier(text: string): boolean {
  return identifierPattern.test(text)
}

/** A name made of any text. */
export function toIdentifier(text: string, otherwise: string): string {
  const plain = text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
  if (plain === '') return otherwise
  return (/^[0-9]/.test(plain) ? `_${plain}` : plain).slice(0, 60)
}

/** Names for all columns; where two would be one, the later ones are numbered. */
export function toIdentifiers(texts: readonly string[]): string[] {
  const taken = new Set<string>()
  return texts.map((text, at) => {
    const base = toIdentifier(text, `column_${at + 1}`)
    let name = base
    for (let count = 2; taken.has(name); count++) name = `${base.slice(0, 60 - String(count).length)}_${count}`
    taken.add(name)
    return name
  })
}
