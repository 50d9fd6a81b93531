/** Every run of every curation script, kept in node:sqlite: what `enigma dataset status` shows, and what is due next. */
import type { DatabaseSync } from 'node:sqlite'
import { errorCodes, type Hex } from '@enigma/protocol'
import * as v from 'valibot'
import type { Migration } from '../../store/open-database.ts'

export const runLogMigrations: readonly Migration[] = [
  {
    name: 'run-log-1',
    sql: `CREATE TABLE curation_run (
      id INTEGER PRIMARY KEY,
      dataset TEXT NOT NULL,
      scheduled_at_ms INTEGER NOT NULL,
      started_at_ms INTEGER NOT NULL,
      ended_at_ms INTEGER,
      state TEXT NOT NULL,
      code TEXT,
      message TEXT,
      rows INTEGER NOT NULL DEFAULT 0,
      added INTEGER NOT NULL DEFAULT 0,
      conflicts INTEGER NOT NULL DEFAULT 0,
      seq INTEGER,
      requests INTEGER NOT NULL DEFAULT 0,
      transcript_hash TEXT,
      log TEXT NOT NULL DEFAULT ''
    ) STRICT;
    CREATE INDEX curation_run_by_dataset ON curation_run (dataset, id)`,
  },
]

const runSchema = v.object({
  id: v.number(),
  dataset: v.pipe(
    v.string(),
    v.transform((text) => text as Hex),
  ),
  scheduledAtMs: v.number(),
  startedAtMs: v.number(),
  endedAtMs: v.nullable(v.number()),
  /** `interrupted`: the worker ended during the run; its time is due again. */
  state: v.picklist(['running', 'ok', 'failed', 'interrupted']),
  code: v.nullable(v.picklist(errorCodes)),
  message: v.nullable(v.string()),
  /** Rows that the script yielded, of those `added` to the snapshot, and `conflicts` with published ones. */
  rows: v.number(),
  added: v.number(),
  conflicts: v.number(),
  /** The snapshot's number after the run. */
  seq: v.nullable(v.number()),
  requests: v.number(),
  transcriptHash: v.nullable(v.string()),
  /** What the script logged. */
  log: v.string(),
})
/** One run. Times in milliseconds since 1970. */
export type CurationRun = v.InferOutput<typeof runSchema>

export type RunOutcome = Pick<
  CurationRun,
  'state' | 'code' | 'message' | 'rows' | 'added' | 'conflicts' | 'seq' | 'requests' | 'transcriptHash' | 'log'
>

export type RunLog = {
  /** Notes that a run starts; returns its id. */
  start(run: { dataset: Hex; scheduledAtMs: number; startedAtMs: number }): number
  end(run: { id: number; endedAtMs: number } & RunOutcome): void
  /** The scheduled time of the last run that came to an end, good or bad. */
  lastEndedMs(dataset: Hex): number | undefined
  /** The scheduled time of the last good run: `ctx.since`. */
  lastGoodMs(dataset: Hex): number | undefined
  /** The newest runs first. */
  runs(wish: { dataset?: Hex | undefined; limit?: number | undefined }): CurationRun[]
}

const keptRuns = 1000
const columns = `id, dataset, scheduled_at_ms AS scheduledAtMs, started_at_ms AS startedAtMs, ended_at_ms AS endedAtMs,
  state, code, message, rows, added, conflicts, seq, requests, transcript_hash AS transcriptHash, log`

/** Opens the log on a database with `runLogMigrations`; runs that a killed worker left open become `interrupted`. */
export function createRunLog({ database }: { database: DatabaseSync }): RunLog {
  database.exec("UPDATE curation_run SET state = 'interrupted' WHERE state = 'running'")
  const insert = database.prepare(
    "INSERT INTO curation_run (dataset, scheduled_at_ms, started_at_ms, state) VALUES (?, ?, ?, 'running')",
  )
  const update = database.prepare(
    `UPDATE curation_run SET ended_at_ms = ?, state = ?, code = ?, message = ?, rows = ?, added = ?, conflicts = ?,
       seq = ?, requests = ?, transcript_hash = ?, log = ? WHERE id = ?`,
  )
  const prune = database.prepare(
    `DELETE FROM curation_run WHERE dataset = ?1 AND id <=
       (SELECT id FROM curation_run WHERE dataset = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)`,
  )
  const last = database.prepare(
    `SELECT max(scheduled_at_ms) AS at FROM curation_run
     WHERE dataset = ? AND (state = 'ok' OR (state = 'failed' AND ? = 'any'))`,
  )
  const list = database.prepare(
    `SELECT ${columns} FROM curation_run WHERE ?1 IS NULL OR dataset = ?1 ORDER BY id DESC LIMIT ?2`,
  )
  const lastMs = (dataset: Hex, which: 'any' | 'good') => {
    const at = last.get(dataset, which)?.['at']
    return typeof at === 'number' ? at : undefined
  }
  return {
    start({ dataset, scheduledAtMs, startedAtMs }) {
      prune.run(dataset, keptRuns)
      return Number(insert.run(dataset, scheduledAtMs, startedAtMs).lastInsertRowid)
    },
    end(run) {
      const { endedAtMs, state, code, message, rows, added, conflicts, seq, requests, transcriptHash, log, id } = run
      const outcome = [state, code, message, rows, added, conflicts, seq, requests, transcriptHash, log] as const
      update.run(endedAtMs, ...outcome, id)
    },
    lastEndedMs: (dataset) => lastMs(dataset, 'any'),
    lastGoodMs: (dataset) => lastMs(dataset, 'good'),
    runs: ({ dataset, limit = 100 }) => list.all(dataset ?? null, limit).map((row) => v.parse(runSchema, { ...row })),
  }
}
