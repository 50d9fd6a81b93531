/** A query's failure as the console shows it: the sentence, the place in the SQL, and what to do next. */
import { MarketplaceError } from '@enigma/protocol'
import { positionOfDetails } from '@enigma/query'
import type { ShownError } from '#lib/format/shown-error.ts'
import { placeOfPosition } from '#lib/sql/place-of-position.ts'
import { toShownError } from '../to-shown-error.ts'

/** What the reader can do: each becomes a button or a link. */
export type NextStep =
  'connect' | 'retry' | 'authorize' | 'subscribe' | 'ask-sample' | 'blind-path' | 'reload-dataset' | 'show-place'

export type ConsoleError = ShownError & {
  next: readonly NextStep[]
  /** In UTF-16 units of the SQL that was asked. */
  place?: { from: number; to: number; line: number; column: number }
}

const steps: Readonly<Record<string, readonly NextStep[]>> = {
  'no-session': ['authorize', 'ask-sample'],
  'grant-expired': ['authorize', 'ask-sample'],
  'grant-invalid': ['authorize', 'ask-sample'],
  'grant-revoked': ['authorize', 'ask-sample'],
  'no-subscription': ['subscribe', 'ask-sample'],
  'subscription-ended': ['subscribe', 'ask-sample'],
  'sql-refused': [],
  'parameter-invalid': [],
  'limit-too-high': [],
  'sample-limited': ['retry', 'subscribe'],
  'dataset-unknown': ['reload-dataset'],
  'no-node': ['retry'],
}

/** Turns whatever ended a query into what the console shows. */
export function toConsoleError(error: unknown, asked: { sql: string; path: 'blind' | 'direct' }): ConsoleError {
  const shown = toShownError(error)
  const position = error instanceof MarketplaceError ? positionOfDetails(error.details ?? '') : undefined
  const details = shown.details?.replace(/^position \d+\n?/, '')
  const base = { ...shown, ...(details === undefined ? {} : { details }) }
  if (details === '') delete base.details
  const next = [
    ...(steps[shown.code ?? ''] ?? ['retry']),
    ...(asked.path === 'direct' && shown.code === 'no-node' ? (['blind-path'] as const) : []),
  ]
  if (position === undefined) return { ...base, next }
  const place = placeOfPosition(asked.sql, position)
  const lines = asked.sql.slice(0, place.from).split('\n')
  const at = { ...place, line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 }
  return { ...base, next: ['show-place', ...next], place: at }
}
