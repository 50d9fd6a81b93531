/** What the process that writes and reads segments is asked, and what it answers; both travel by structured clone. */
import type { Hex, ResultColumn } from '@enigma/protocol'

/** Where rows come from. `rows`: JSON lines of row-line.ts; `segments`: Parquet files of this store, in order. */
export type SegmentSource = {
  format: 'rows' | 'segments' | 'parquet' | 'csv' | 'json'
  paths: readonly string[]
}

/** Writes one Parquet file of the declared columns. */
export type BuildTask = {
  kind: 'build'
  columns: readonly ResultColumn[]
  source: SegmentSource
  /** With a key: rows whose key is in `published` (Parquet paths) are left out, and rows are ordered by key. */
  key: readonly string[] | undefined
  published: readonly string[]
  outPath: string
}

/** Reads a Parquet file of the declared columns and at most `maxRows` rows, and computes its Merkle root. */
export type InspectTask = { kind: 'inspect'; columns: readonly ResultColumn[]; path: string; maxRows: number }

export type SegmentTask = BuildTask | InspectTask

/**
 * `rows` in the file and its `root`. For a build with a key: `skipped` rows were published already with the same values,
 * `conflicts` under the same key with other values, which stand.
 */
export type SegmentFacts = { rows: number; root: Hex; skipped: number; conflicts: number }

export type SegmentReply = { facts: SegmentFacts } | { error: { isOurs: boolean; message: string } } | { rows: number }
