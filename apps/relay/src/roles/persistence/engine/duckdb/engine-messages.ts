/** What the daemon and an engine process say to each other, by structured clone. */
import type { ErrorCode, Parameter, ResultColumn } from '@enigma/protocol'
import type { EngineBatch, EngineTable, IngestParameters } from '../engine.ts'

export type OpenRequest = {
  kind: 'open'
  databasePath: string
  tables: readonly EngineTable[]
  memoryBytes: number
  threads: number
}
export type QueryRequest = {
  kind: 'query'
  sql: string
  parameters: readonly Parameter[]
  maxRows: number
  maxBytes: number
  timeoutMs: number
}
export type IngestRequest = { kind: 'ingest'; memoryBytes: number; threads: number } & Omit<IngestParameters, 'signal'>
export type EngineRequest = OpenRequest | QueryRequest | IngestRequest | { kind: 'next' } | { kind: 'cancel' }

/** What follows the columns: batches, then the end, unless the last batch said that it is the last. */
export type BatchReply = { kind: 'batch' } & EngineBatch
export type NextReply = BatchReply | { kind: 'end'; truncated: boolean }
/** `first` is what `next` would have replied, where it came at once. */
export type ColumnsReply = {
  kind: 'columns'
  columns: readonly ResultColumn[]
  deterministic: boolean
  guardMs: number
  first?: NextReply
}
export type EngineReply =
  { kind: 'ready' } | ColumnsReply | NextReply | { kind: 'failed'; code: ErrorCode; message: string; details?: string }
