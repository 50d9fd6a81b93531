/** Runs work on segments in a process of its own, so that neither hostile files nor DuckDB can harm the daemon. */
import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { type ErrorCode, MarketplaceError } from '@enigma/protocol'
import { findSandboxTools, type SandboxTools } from '../roles/worker/sandbox/sandbox-tools.ts'
import type { SegmentFacts, SegmentReply, SegmentTask } from './segment-task.ts'

export type SegmentWorkerParameters = {
  /** DuckDB's memory; beyond it, it spills to `temporaryDirectory`. */
  memoryBytes?: number
  temporaryDirectory: string
  timeoutMs?: number
  tools?: Pick<SandboxTools, 'prlimit' | 'setpriv'>
}

/** Does one task. `code` is the error's code where the data is at fault. */
export type RunSegmentWork = (parameters: {
  task: SegmentTask
  code: ErrorCode
  onRows?: ((rows: number) => void) | undefined
  signal?: AbortSignal | undefined
}) => Promise<SegmentFacts>

const child = fileURLToPath(new URL('segment-child.ts', import.meta.url))
/** What Node and DuckDB reserve beside DuckDB's own memory. */
const processBytes = 2 * 1024 ** 3

/** Creates the runner; each task has a fresh process that is killed when it takes longer than `timeoutMs`. */
export function createSegmentWorker({
  memoryBytes = 1024 ** 3,
  temporaryDirectory,
  timeoutMs = 30 * 60_000,
  tools = findSandboxTools(),
}: SegmentWorkerParameters): RunSegmentWork {
  return async ({ task, code, onRows, signal }) => {
    signal?.throwIfAborted()
    const { promise, resolve, reject } = Promise.withResolvers<SegmentFacts>()
    const process_ = start(tools, memoryBytes + processBytes)
    let errorText = ''
    process_.stderr?.on('data', (part: Buffer) => (errorText = (errorText + part.toString('latin1')).slice(-2000)))
    const timer = setTimeout(() => reject(failed(`it took longer than ${timeoutMs / 1000} s`)), timeoutMs)
    const abort = () => reject(signal?.reason as Error)
    signal?.addEventListener('abort', abort)
    process_.on('message', (reply: SegmentReply) => {
      if ('rows' in reply) onRows?.(reply.rows)
      else if ('facts' in reply) resolve(reply.facts)
      else reject(reply.error.isOurs ? segmentDataError(code, reply.error.message) : failed(reply.error.message))
    })
    process_.once('error', (error) => reject(failed(error.message)))
    process_.once('exit', (exit, by) => reject(failed(`it ended with ${by ?? String(exit)} ${errorText}`)))
    process_.send({ task, memoryBytes, temporaryDirectory })
    try {
      return await promise
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
      process_.kill('SIGKILL')
    }
  }
}

/** The kernel ends the process with this one, and an allocation beyond its memory fails. */
function start({ prlimit, setpriv }: Pick<SandboxTools, 'prlimit' | 'setpriv'>, maxBytes: number): ChildProcess {
  const words: string[] = [
    ...(setpriv === undefined ? [] : [setpriv, '--nnp', '--pdeathsig', 'KILL']),
    ...(prlimit === undefined ? [] : [prlimit, `--data=${maxBytes}`, '--core=0', '--']),
    process.execPath,
    child,
  ]
  const [command = process.execPath, ...args] = words
  return spawn(command, args, { serialization: 'advanced', stdio: ['ignore', 'ignore', 'pipe', 'ipc'], env: {} })
}

/** The error for data that is at fault, with the code of what the data is. */
export function segmentDataError(code: ErrorCode, details: string): MarketplaceError {
  const message =
    code === 'rows-invalid'
      ? 'The rows do not fit the declared table; mend the data, the script or the manifest.'
      : 'A segment of the snapshot is not what its description says; it is refused.'
  return new MarketplaceError({ code, message, details })
}

function failed(details: string): MarketplaceError {
  const message = 'The process that works on segments failed; try again, and look at free memory and disk space.'
  return new MarketplaceError({ code: 'engine-failed', message, details })
}
