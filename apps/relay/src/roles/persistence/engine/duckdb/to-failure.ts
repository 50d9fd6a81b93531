/** What DuckDB threw, as the marketplace's error; `errors_as_json` makes it say where in the SQL it stumbled. */
import { positionDetails, positionOfByte } from '@enigma/query'
import { MarketplaceError } from '@enigma/protocol'
import * as v from 'valibot'
import { StreamFailedError } from '../../../../duckdb/next-chunk.ts'
import type { QueryRequest } from './engine-messages.ts'

const maxDetails = 500

export type FailureFacts = {
  isLate: boolean
  isCancelled: boolean
  request: Pick<QueryRequest, 'sql' | 'timeoutMs'>
}

/** Our errors pass; of DuckDB's only the text about the asker's own SQL leaves the process. */
export function toFailure(cause: unknown, { isLate, isCancelled, request }: FailureFacts): MarketplaceError {
  if (cause instanceof MarketplaceError) return cause
  if (isCancelled) return new MarketplaceError({ code: 'aborted', message: 'The query was cancelled.' })
  if (isLate) {
    const message = `The query took longer than ${request.timeoutMs / 1000} s; ask for less or filter more.`
    return new MarketplaceError({ code: 'too-slow', message })
  }
  if (cause instanceof StreamFailedError) {
    const message =
      'The query failed after a part of its rows: a value did not convert, or memory ran out; mend the expression, or ask for less.'
    return new MarketplaceError({ code: 'engine-failed', message })
  }
  const text = cause instanceof Error ? cause.message : String(cause)
  // Out of memory, DuckDB would move data to a temporary file, which the hardened configuration forbids.
  if (/out of memory|bad_?alloc|failed to (allocate|offload)|LocalFileSystem has been disabled/i.test(text)) {
    return new MarketplaceError({
      code: 'too-large',
      message: 'The query needs more memory than it may use; ask for less.',
    })
  }
  // An unknown column, a type that does not fit, a division by zero.
  return new MarketplaceError({
    code: 'sql-refused',
    message: 'DuckDB refused the query.',
    details: told(text, request),
  })
}

const engineErrorSchema = v.object({
  exception_type: v.string(),
  exception_message: v.string(),
  position: v.optional(v.pipe(v.string(), v.regex(/^\d{1,7}$/), v.transform(Number))),
})

function told(text: string, { sql }: FailureFacts['request']): string {
  const parsed = v.safeParse(engineErrorSchema, parseJson(text))
  if (!parsed.success) return text.slice(0, maxDetails)
  const { exception_type: type, exception_message: message, position } = parsed.output
  const more = `${type} Error: ${message}`
  return (position === undefined ? more : positionDetails(positionOfByte(sql, position), more)).slice(0, maxDetails)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Not every layer of the engine follows the setting.
    return undefined
  }
}
