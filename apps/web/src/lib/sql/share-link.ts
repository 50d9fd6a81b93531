/**
 * A query in a link's fragment, which browsers keep to themselves: no server ever sees it. `#q=` holds JSON, deflated and
 * in base64url; `#sql=` holds plain SQL, for links that people write by hand. Results never travel in a link.
 */
import * as v from 'valibot'
import { maxParameters, parameterTypes } from './find-parameters.ts'

const maxSqlLength = 16 * 1024
const maxTextLength = 8192
/** Bounds for what comes from strangers: the fragment, and what it inflates to. */
const maxEncodedLength = 64 * 1024
const maxInflatedBytes = 256 * 1024

const sharedQuerySchema = v.strictObject({
  v: v.literal(1),
  sql: v.pipe(v.string(), v.maxLength(maxSqlLength)),
  parameters: v.pipe(
    v.array(v.strictObject({ type: v.picklist(parameterTypes), text: v.pipe(v.string(), v.maxLength(maxTextLength)) })),
    v.maxLength(maxParameters),
  ),
})

/** SQL and what was typed into the fields of its parameters. */
export type SharedQuery = Omit<v.InferOutput<typeof sharedQuerySchema>, 'v'>

/** The fragment, with its `#`. */
export async function encodeFragment({ sql, parameters }: SharedQuery): Promise<string> {
  const json = new TextEncoder().encode(JSON.stringify({ v: 1, sql, parameters }))
  const deflated = new Blob([json]).stream().pipeThrough(new CompressionStream('deflate-raw'))
  return `#q=${toBase64Url(new Uint8Array(await new Response(deflated).arrayBuffer()))}`
}

/** Reads a fragment; undefined when it holds no query that could be asked. Nothing is run. */
export async function decodeFragment(fragment: string): Promise<SharedQuery | undefined> {
  if (fragment.length > maxEncodedLength) return undefined
  const plain = /^#sql=([^&]*)$/.exec(fragment)?.[1]
  if (plain !== undefined) return decodePlain(plain)
  const encoded = /^#q=([A-Za-z0-9_-]+)$/.exec(fragment)?.[1]
  if (encoded === undefined) return undefined
  try {
    const bytes = await inflate(fromBase64Url(encoded))
    const json: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    const { sql, parameters } = v.parse(sharedQuerySchema, json)
    return { sql, parameters }
  } catch {
    // Cut or made up: the console opens empty and says so.
    return undefined
  }
}

function decodePlain(text: string): SharedQuery | undefined {
  try {
    const sql = decodeURIComponent(text)
    return sql.length > maxSqlLength ? undefined : { sql, parameters: [] }
  } catch {
    return undefined
  }
}

async function inflate(deflated: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let length = 0
  // By its reader: WebKit cannot iterate over a stream.
  const reader = new Blob([deflated]).stream().pipeThrough(new DecompressionStream('deflate-raw')).getReader()
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    length += read.value.length
    if (length > maxInflatedBytes) {
      await reader.cancel()
      throw new RangeError('the query is too long')
    }
    parts.push(read.value)
  }
  const whole = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

function toBase64Url(bytes: Uint8Array): string {
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}

function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0))
}
