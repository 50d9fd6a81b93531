/** An error as a widget shows it, and what it means for its state. */
import { type ErrorCode, MarketplaceError } from '@enigma/protocol'

/** The grant or the subscription behind it has ended, or never was. */
const locking: ReadonlySet<ErrorCode> = new Set([
  'no-subscription',
  'subscription-ended',
  'grant-expired',
  'grant-invalid',
  'no-session',
] satisfies ErrorCode[])

export type ShownError = { code: string; message: string; hint: string | undefined; isLocked: boolean }

/** Tells whatever was thrown; what is not ours keeps its own words. */
export function toShownError(error: unknown): ShownError {
  if (error instanceof MarketplaceError) {
    const { code, shortMessage, details } = error
    return { code, message: shortMessage, hint: details, isLocked: locking.has(code) }
  }
  const message = error instanceof Error ? error.message : String(error)
  return { code: 'client-failed', message, hint: undefined, isLocked: false }
}
