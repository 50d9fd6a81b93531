/** What the answer pipeline asks of a dataset's engine: the narrow face of `Engine` (engine/engine.ts) on one snapshot. */
import type { Hex, Parameter, ResultColumn, SignedHead, Value } from '@enigma/protocol'

/** One batch: a self-contained Arrow IPC stream, not compressed; `values` only of a deterministic result. */
export type EngineBatch = { rows: number; arrow: Uint8Array; values?: readonly (readonly Value[])[] }

/**
 * A running query. `truncated` is final once `batches` has ended; leaving the loop over `batches` frees the engine.
 * `deterministic` promises rows in canonical order with their `values`.
 */
export type EngineResult = {
  readonly columns: readonly ResultColumn[]
  readonly deterministic: boolean
  readonly truncated: boolean
  readonly batches: AsyncIterable<EngineBatch>
  /** Time that the guard took. */
  readonly guardMs: number
}

export type StreamQuery = (parameters: {
  sql: string
  parameters: readonly Parameter[]
  maxRows: number
  maxBytes: number
  timeoutMs: number
  signal: AbortSignal
}) => Promise<EngineResult>

/** A lease on one snapshot: it stays open until `release`, whatever is swapped in meanwhile. */
export type OpenedSnapshot = {
  readonly head: SignedHead
  readonly manifestHash: Hex
  readonly engineId: string
  readonly timeoutMs: number
  readonly stream: StreamQuery
  readonly release: () => void
}
