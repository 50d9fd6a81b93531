/** One run of a curation script: sandbox, fetches, checks, rows in a spool; also what `enigma script run` shows. */
import { createHash } from 'node:crypto'
import { type Manifest, MarketplaceError } from '@enigma/protocol'
import type { ResolveHost } from './host-fetch/fetch-target.ts'
import { createHostFetch, type HostFetchLimits } from './host-fetch/host-fetch.ts'
import { createRowChecker } from './rows/row-checker.ts'
import { openRowSpool, type RowSpool, type SpooledTable } from './rows/row-spool.ts'
import { type SandboxLimits, sandboxLimits } from './sandbox/sandbox-limits.ts'
import { runSandbox } from './sandbox/run-sandbox.ts'
import type { SandboxTools } from './sandbox/sandbox-tools.ts'

/** The manifest's parts that a run needs. */
export type CurationPlan = Required<Pick<Manifest, 'script' | 'tables'>>

export type RunScriptParameters = {
  plan: CurationPlan
  /** The script's TypeScript source; refused unless it has the manifest's hash. */
  source: Uint8Array
  /** The time the run is for: `ctx.now`. */
  scheduledAtMs: number
  /** The scheduled time of the last good run: `ctx.since`. */
  sinceMs?: number | undefined
  previous?: { seq: number; createdAtSeconds: number } | undefined
  hostOverrides: Readonly<Record<string, string>>
  /** An empty or absent directory for the rows; the caller removes it by `discard`. */
  spoolDirectory: string
  onLog?: ((text: string) => void) | undefined
  /** Sees each checked row, for a dry run's table. */
  onRow?: ((row: { table: string; values: readonly unknown[] }) => void) | undefined
  signal?: AbortSignal | undefined
  resolveHost?: ResolveHost | undefined
  tools?: SandboxTools | undefined
  limits?: { sandbox?: SandboxLimits; fetch?: HostFetchLimits } | undefined
}

export type ScriptRun = {
  rows: number
  tables: SpooledTable[]
  requests: number
  transcriptHash: `0x${string}`
  discard: () => Promise<void>
}

/** Runs a script to its end; throws script codes, `host-refused`, `rows-invalid`, `manifest-mismatch`, and leaves nothing. */
export async function runScript(parameters: RunScriptParameters): Promise<ScriptRun> {
  const { plan, source, spoolDirectory, limits } = parameters
  checkSource(source, plan.script.hash)
  const maxBytes = (limits?.sandbox ?? sandboxLimits).outputBytes
  const spool = await openRowSpool({ directory: spoolDirectory, tables: plan.tables, maxBytes })
  try {
    return await runInto(spool, parameters)
  } catch (error) {
    await spool.discard()
    throw error
  }
}

async function runInto(spool: RowSpool, parameters: RunScriptParameters): Promise<ScriptRun> {
  const { plan, source, hostOverrides, resolveHost, limits, onRow } = parameters
  const check = createRowChecker(plan)
  const hostFetch = createHostFetch({ hosts: plan.script.hosts, hostOverrides, resolveHost, limits: limits?.fetch })
  const { rows } = await runSandbox({
    start: {
      source: Buffer.from(source).toString('base64'),
      nowMs: parameters.scheduledAtMs,
      sinceMs: parameters.sinceMs ?? null,
      previous: parameters.previous ?? null,
    },
    timeoutMs: plan.script.timeoutSeconds * 1000,
    memoryBytes: plan.script.memoryBytes,
    maxRows: plan.script.maxRows,
    onRow: (yielded, index) => {
      const row = check(yielded, index)
      onRow?.(row)
      return spool.write(row)
    },
    onLog: parameters.onLog ?? (() => undefined),
    onFetch: (request, signal) => hostFetch.fetch(request, signal),
    signal: parameters.signal,
    tools: parameters.tools,
    limits: limits?.sandbox,
  })
  const { requests } = hostFetch.transcript
  const tables = await spool.finish()
  return { rows, tables, requests, transcriptHash: hostFetch.transcript.digest(), discard: () => spool.discard() }
}

/** SHA-256 of a script's source, as it stands in the manifest. */
export function hashScript(source: Uint8Array): `0x${string}` {
  return `0x${createHash('sha256').update(source).digest('hex')}`
}

function checkSource(source: Uint8Array, expected: string): void {
  if (source.length > sandboxLimits.sourceBytes) {
    throw new MarketplaceError({
      code: 'script-failed',
      message: `The curation script has more than ${sandboxLimits.sourceBytes} bytes; fetch data instead of carrying it.`,
    })
  }
  const hash = hashScript(source)
  if (hash === expected) return
  throw new MarketplaceError({
    code: 'manifest-mismatch',
    message:
      'This script is not the one in the manifest; publish a manifest with its hash, or put the old script back.',
    details: `manifest ${expected}, file ${hash}`,
  })
}
