/**
 * What viewers agreed to: each question of each site by itself, because a page that could ask another one without a press
 * would learn, question by question, what it has not subscribed to. Each is repeated a few times a minute at most.
 */
import { MarketplaceError } from '@enigma/protocol'
import * as v from 'valibot'

/** Asks of one question in the time. */
const [mostAsks, asksMs] = [4, 120_000]
const mostConsents = 200
const storeKey = 'enigma-frame-consents'

const consentsSchema = v.array(
  v.tuple([
    v.string(),
    v.object({ untilMs: v.number(), askedAtMs: v.pipe(v.array(v.number()), v.maxLength(mostAsks)) }),
  ]),
)
type Consent = v.InferOutput<typeof consentsSchema>[number][1]

/** What is agreed to: everything that the answer depends on, and who asks by whose session. */
export type ConsentParameters = { origin: string; grant: string; question: object }

/** `localStorage` of the frame, or one that refuses. */
export type ConsentStore = Pick<Storage, 'getItem' | 'setItem'>

export type Consents = {
  /** Whether it was agreed to, and counts the ask; throws `rate-limited` where it was asked too often just now. */
  take: (key: string) => boolean
  /** The viewer agrees, until the session ends (in Unix seconds); counts the ask. */
  give: (key: string, untilSeconds: number) => void
}

/** Names a consent by its hash: what was asked is not kept. */
export async function consentKey({ origin, grant, question }: ConsentParameters): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify([origin, grant, question]))
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return btoa(String.fromCharCode(...digest))
}

/** Creates the consents over a store; where it refuses they last as long as the frame. */
export function createConsents(store: () => ConsentStore, nowMs: () => number = Date.now): Consents {
  let kept = new Map<string, Consent>()
  const read = () => {
    try {
      const parsed = v.safeParse(consentsSchema, JSON.parse(store().getItem(storeKey) ?? '[]'))
      if (parsed.success) kept = new Map(parsed.output)
    } catch {
      // The browser keeps nothing for frames: what this one remembers holds.
    }
    for (const [key, { untilMs }] of kept) if (untilMs < nowMs()) kept.delete(key)
  }
  const write = () => {
    try {
      store().setItem(storeKey, JSON.stringify([...kept].slice(-mostConsents)))
    } catch {
      // As above.
    }
  }
  return {
    take(key) {
      read()
      const consent = kept.get(key)
      if (consent === undefined) return false
      const askedAtMs = consent.askedAtMs.filter((atMs) => Math.abs(nowMs() - atMs) < asksMs)
      if (askedAtMs.length >= mostAsks) throw tooOften()
      kept.set(key, { ...consent, askedAtMs: [...askedAtMs, nowMs()] })
      write()
      return true
    },
    give(key, untilSeconds) {
      read()
      kept.delete(key)
      kept.set(key, { untilMs: untilSeconds * 1000, askedAtMs: [nowMs()] })
      write()
    },
  }
}

function tooOften(): MarketplaceError {
  const message = 'This page has asked for these rows too often just now; try again in two minutes.'
  return new MarketplaceError({ code: 'rate-limited', message })
}
