/** The errors of a stream, as codes of the closed union. */
import { MarketplaceError } from '@enigma/protocol'

/** What arrived cannot be read; never retried on the same stream. */
export function unreadable(message: string, cause?: unknown): MarketplaceError {
  return new MarketplaceError({ code: 'unreadable', message, cause })
}

/** The stream or connection is gone; another path may work. */
export function streamLost(cause?: unknown): MarketplaceError {
  const message = 'The connection to the peer was lost; try another path.'
  return new MarketplaceError({ code: 'no-route', message, cause })
}

/** The peer did not do its part in time. */
export function timedOut(what: string, timeoutMs: number): MarketplaceError {
  return new MarketplaceError({ code: 'timeout', message: `The peer did not ${what} within ${timeoutMs} ms.` })
}

/** The caller's own signal ended the work. */
export function aborted(signal: AbortSignal): MarketplaceError {
  if (signal.reason instanceof MarketplaceError) return signal.reason
  return new MarketplaceError({ code: 'aborted', message: 'The request was cancelled.', cause: signal.reason })
}
