/**
 * The next chunk of a streamed DuckDB result. DuckDB ends a stream that failed exactly as one that is exhausted, with no
 * chunk, and Node's binding does not look at the error behind it: asked for nothing else, a query that ran out of memory
 * or was interrupted would pass for a shorter answer, or for one without rows.
 */
import { type DuckDBDataChunk, type DuckDBResult, ResultReturnType } from '@duckdb/node-api'

/** A stream that broke off; the binding does not give DuckDB's reason. */
export class StreamFailedError extends Error {
  override readonly name = 'StreamFailedError'
}

/** The chunk, or undefined after the last one; throws `StreamFailedError` for a result that broke off before its end. */
export async function nextChunk(result: DuckDBResult): Promise<DuckDBDataChunk | undefined> {
  const chunk = await result.fetchChunk()
  if (chunk !== null && chunk.rowCount > 0) return chunk
  if (result.returnType === ResultReturnType.INVALID) throw new StreamFailedError('the result broke off')
  return undefined
}
