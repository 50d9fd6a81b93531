/** What it means that this browser could not keep something, and what to do next. */
import type { ShownError } from '#lib/format/shown-error.ts'

/** Undefined where something else than a lack of room is the matter. */
export function explainStorage(error: unknown): ShownError | undefined {
  if (!(error instanceof DOMException) || error.name !== 'QuotaExceededError') return undefined
  const message =
    'This browser has no room left for what must be kept, so nothing more was done. Free some space or delete what other sites keep here, then try again; leave this page open until then.'
  return { message }
}
