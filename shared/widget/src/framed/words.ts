/**
 * What a page and its frame say to each other, over a port that is handed over once. The frame takes the element's
 * attributes and never tells a row, a number of rows, a time or the words of an error: a page that wants to know what its
 * viewers subscribe to learns whether rows are shown, and nothing of them. Imports no code, for the page's side is small.
 */
import type { WidgetState } from '../element-types.ts'

/** Attributes that a frame obeys. Whose network, relays or grant is asked is not a page's to say. */
export const framedAttributes = [
  ...['dataset', 'sql', 'params', 'limit', 'view', 'x', 'y', 'refresh'],
  ...['theme', 'lang', 'controls', 'anchor', 'aria-label'],
] as const
export type FramedAttribute = (typeof framedAttributes)[number]
/** Null for one that is absent. */
export type FramedValues = Readonly<Record<FramedAttribute, string | null>>

/** Characters of an attribute at most; of the question itself more. */
const mostLength = 2_000
const longLength = 64 * 1024
const isLong = (name: FramedAttribute) => name === 'sql' || name === 'params'

/** The frame's page, beside the loader. */
export const framePage = 'frame.html'

/** The one message between windows: it brings the port. `nonce` stands in the frame's address, too. */
export type FirstMessage = { enigma: 'frame'; nonce: string; values: FramedValues }
export type ToFrame = { kind: 'values'; values: FramedValues } | { kind: 'ask' } | { kind: 'stop' }
export type FromFrame =
  | { kind: 'ready'; nonce: string }
  | { kind: 'state'; state: WidgetState }
  /** What the viewer has to see at once before there are rows; 0 once that is over. */
  | { kind: 'height'; heightPx: number }
  /** One of the SDK's codes; its words stay in the frame. */
  | { kind: 'error'; code: string }

const states: readonly string[] = ['idle', 'loading', 'ready', 'stale', 'error', 'locked'] satisfies WidgetState[]

const mostHeightPx = 800

/** The nonce of a frame's address; undefined where it is none. */
export function nonceOf(hash: string): string | undefined {
  return /^#([0-9a-f]{32})$/.exec(hash)?.[1]
}

/** Undefined for what is no first message for the frame of this nonce. */
export function readFirst(data: unknown, nonce: string): FramedValues | undefined {
  if (!isRecord(data) || data['enigma'] !== 'frame' || data['nonce'] !== nonce) return undefined
  return readValues(data['values'])
}

/** Undefined for what a page has not to say. */
export function readToFrame(data: unknown): ToFrame | undefined {
  if (!isRecord(data)) return undefined
  const { kind } = data
  if (kind === 'ask' || kind === 'stop') return { kind }
  const values = kind === 'values' ? readValues(data['values']) : undefined
  return values === undefined ? undefined : { kind: 'values', values }
}

/** Undefined for what a frame has not to say. */
export function readFromFrame(data: unknown): FromFrame | undefined {
  if (!isRecord(data)) return undefined
  const { kind, nonce, state, code, heightPx } = data
  if (kind === 'ready' && typeof nonce === 'string') return { kind, nonce }
  if (kind === 'state' && typeof state === 'string' && states.includes(state)) {
    return { kind, state: state as WidgetState }
  }
  if (kind === 'height' && typeof heightPx === 'number' && heightPx >= 0) {
    return { kind, heightPx: Math.min(mostHeightPx, Math.ceil(heightPx)) }
  }
  if (kind === 'error' && typeof code === 'string' && /^[a-z0-9-]{1,40}$/.test(code)) return { kind, code }
  return undefined
}

function readValues(given: unknown): FramedValues | undefined {
  if (!isRecord(given)) return undefined
  const values: Partial<Record<FramedAttribute, string | null>> = {}
  for (const name of framedAttributes) {
    const value = given[name] ?? null
    if (value !== null && (typeof value !== 'string' || value.length > (isLong(name) ? longLength : mostLength))) {
      return undefined
    }
    values[name] = value
  }
  return values as FramedValues
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

/** Messages that one side takes: so many at once, and so many a second from then on. */
const [burst, perSecond] = [60, 20]

/** Creates a bound on messages; false from the first one that is too many. */
export function createMessageBound(nowMs: () => number = () => performance.now()): () => boolean {
  let [left, atMs] = [burst, nowMs()]
  return () => {
    const now = nowMs()
    left = Math.min(burst, left + ((now - atMs) / 1000) * perSecond) - 1
    atMs = now
    return left >= 0
  }
}
