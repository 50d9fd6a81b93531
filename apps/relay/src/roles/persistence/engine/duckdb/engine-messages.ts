/** What the daemon and an engine process say to each other, by structured clone. */
import type { ErrorCode, Parameter, ResultColumn, Value } from '@enigma/protocol'
import type { EngineTable, IngestParameters } from '../engine.ts'

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

export type BatchReply = { kind: 'batch'; rows: number; arrow: Uint8Array; values?: readonly (readonly Value[])[] }
export type EngineReply =
  | { kind: 'ready' }
  | { kind: 'columns'; columns: readonly ResultColumn[]; deterministic: boolean; guardMs: number }
  | BatchReply
  | { kind: 'end'; truncated: boolean }
  | { kind: 'failed'; code: ErrorCode; message: string; details?: string }
