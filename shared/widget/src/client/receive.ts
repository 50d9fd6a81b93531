/** Takes a query to its end: its rows where they stand, and what was verified about them. */
import type { QueryResult, QueryRun } from '@enigma/client/visitor'
import { ResultSet, type RowSource } from '@enigma/result/result-set'

/** Rows whose receipt and snapshot were verified. */
export type Answer = {
  rows: RowSource
  result: Pick<QueryResult, 'rowCount' | 'isTruncated' | 'node' | 'facts' | 'head' | 'timings'>
  /** When it had come, in Unix milliseconds. */
  atMs: number
}

/** Resolves once everything was verified: no row is handed out before. Throws what ended the query. */
export async function receive(run: QueryRun): Promise<Answer> {
  let set: ResultSet | undefined
  for await (const batch of run) {
    if (set === undefined || batch.isRestart) set = new ResultSet(batch.columns)
    set.append(batch)
  }
  const result = await run.result
  // A result without rows has columns all the same.
  return { rows: (set ?? new ResultSet(result.columns)).view(), result, atMs: Date.now() }
}
