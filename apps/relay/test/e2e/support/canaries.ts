/** Random marks that are planted where nobody but two parties may see them, and the search for them in what others saw. */
import { constants, inflateRawSync } from 'node:zlib'

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-'
const maxInflatedBytes = 1024 * 1024

/** 32 random bytes that may stand in SQL: 192 bits. */
export function createCanary(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(32)), (byte) => alphabet[byte % 64]).join('')
}

/** Every form in which the 32 bytes may stand in a byte string: raw, hex, base64 at each of the three alignments. */
export function formsOf(canary: string): { name: string; bytes: Buffer }[] {
  const raw = Buffer.from(canary)
  const hex = raw.toString('hex')
  const base64 = [0, 1, 2].map((skip) => {
    // Characters that neighbours have no share in.
    const whole = Math.floor((raw.length - ((3 - skip) % 3)) / 3) * 3
    const start = (3 - skip) % 3
    return { name: `base64 at ${skip}`, bytes: Buffer.from(raw.subarray(start, start + whole).toString('base64')) }
  })
  return [
    { name: 'raw', bytes: raw },
    { name: 'hex', bytes: Buffer.from(hex) },
    { name: 'upper-case hex', bytes: Buffer.from(hex.toUpperCase()) },
    ...base64,
  ]
}

/** The names of the forms that are found, `plain` in all the pieces together, `inflated` from any offset of them. */
export function findCanary({ canary, pieces }: { canary: string; pieces: readonly Uint8Array[] }) {
  const forms = formsOf(canary)
  const namesIn = (texts: readonly Buffer[]) =>
    forms.filter(({ bytes }) => texts.some((text) => text.includes(bytes))).map(({ name }) => name)
  const whole = Buffer.concat(pieces)
  return { plain: namesIn([whole]), inflated: namesIn(inflatedTextsOf(pieces, whole)) }
}

const inflatedTexts = new WeakMap<readonly Uint8Array[], Buffer[]>()

/** What a deflate stream that begins at any of the bytes would hold. */
function inflatedTextsOf(pieces: readonly Uint8Array[], whole: Buffer): Buffer[] {
  const known = inflatedTexts.get(pieces)
  if (known !== undefined) return known
  const texts: Buffer[] = []
  for (let offset = 0; offset < whole.length; offset++) {
    const inflated = inflateFrom(whole.subarray(offset))
    if (inflated !== undefined && inflated.length >= 32) texts.push(inflated)
  }
  inflatedTexts.set(pieces, texts)
  return texts
}

function inflateFrom(bytes: Buffer): Buffer | undefined {
  try {
    return inflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: maxInflatedBytes })
  } catch {
    // Most offsets begin no deflate stream.
    return undefined
  }
}
