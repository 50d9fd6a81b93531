/**
 * Minted embeds: the page's own server signs a grant of some minutes for this page's key. The page posts
 * `{"grant": "0x…", "visitorKey": "0x…"}` with its cookies of that origin and gets the signed grant as JSON.
 */
import type { MintForVisitor } from '@enigma/client/visitor'
import { type Hex, MarketplaceError, type SignedGrant, signedGrantSchema } from '@enigma/protocol'
import * as v from 'valibot'

const maxLength = 16 * 1024
const timeoutMs = 10_000
/** A grant is not used in its last seconds: a query takes its time. */
const spareMs = 20_000
/** Pages with more embeds than this ask anew. */
const mostKept = 100

/** Grants of this page by address, embed and key: its widgets share them. */
const kept = new Map<string, Promise<SignedGrant>>()

/** Creates what asks one address; it throws `grant-invalid` that says what the site's server did. */
export function minterAt({ url, grant }: { url: string; grant: Hex }): MintForVisitor {
  return async ({ visitorKey, isFresh, signal }) => {
    const key = JSON.stringify([url, grant, visitorKey])
    const before = isFresh ? undefined : await kept.get(key)?.catch(() => undefined)
    if (before !== undefined && before.grant.validUntil * 1000 - spareMs > Date.now()) return before
    const asked = askServer(url, JSON.stringify({ grant, visitorKey }), signal)
    if (kept.size >= mostKept) kept.clear()
    kept.set(key, asked)
    return asked
  }
}

async function askServer(url: string, body: string, signal: AbortSignal | undefined): Promise<SignedGrant> {
  const deadline = AbortSignal.timeout(timeoutMs)
  const ended = signal === undefined ? deadline : AbortSignal.any([signal, deadline])
  const headers = { 'content-type': 'application/json' }
  const asked = fetch(url, { method: 'POST', headers, body, signal: ended, credentials: 'same-origin' })
  const response = await asked.catch((cause: unknown) => {
    signal?.throwIfAborted()
    throw refused('no answer', cause)
  })
  if (!response.ok) throw refused(String(response.status))
  const text = await response.text()
  const parsed = v.safeParse(signedGrantSchema, text.length > maxLength ? undefined : parseJson(text))
  if (!parsed.success) throw refused('its answer is no grant')
  return parsed.output
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function refused(details: string, cause?: unknown): MarketplaceError {
  const message = 'This site’s server gave no grant for these rows; sign in to the site, or reload the page.'
  return new MarketplaceError({ code: 'grant-invalid', message, details, cause })
}
