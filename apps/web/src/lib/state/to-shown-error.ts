/** Turns whatever was thrown into what a page may show: our errors' sentences, and a plain one for the rest. */
import { MarketplaceError } from '@enigma/protocol'
import type { ShownError } from '#lib/format/shown-error.ts'

export function toShownError(error: unknown): ShownError {
  if (error instanceof MarketplaceError) {
    return {
      code: error.code,
      message: error.shortMessage,
      ...(error.details === undefined ? {} : { details: error.details }),
    }
  }
  const details = error instanceof Error ? error.message : String(error)
  return { message: 'Something went wrong that should not have. Reload the page and try again.', details }
}
