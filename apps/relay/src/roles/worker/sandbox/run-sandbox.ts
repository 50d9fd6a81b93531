/**
 * Runs one curation script in a process that may do nothing but speak with us over standard input and output
 * (DESIGN §8). Everything that comes out is bounded before it is kept; any breach ends the process with SIGKILL.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import type { Readable, Writable } from 'node:stream'
import { findDeno } from './find-deno.ts'
import { LineSplitter } from './line-splitter.ts'
import { sandboxCommand } from './sandbox-command.ts'
import { type SandboxLimits, sandboxLimits } from './sandbox-limits.ts'
import {
  decodeSandboxLine,
  type SandboxFetch,
  type SandboxFetched,
  type SandboxLine,
  type SandboxStart,
} from './sandbox-protocol.ts'
import { findSandboxTools, type SandboxTools } from './sandbox-tools.ts'
import { errorOfExit, errorOfThrown, floodError, scriptError, timeoutError } from './script-error.ts'

export type RunSandboxParameters = {
  start: SandboxStart
  timeoutMs: number
  memoryBytes: number
  maxRows: number
  /** Takes one row as the script yielded it; the next is read when the promise settles. */
  onRow: (row: unknown, index: number) => void | Promise<void>
  onLog: (text: string) => void
  /** Answers a fetch. A rejection ends the run with that error; what the script may handle is an answer with `error`. */
  onFetch: (request: SandboxFetch, signal: AbortSignal) => Promise<SandboxFetched>
  signal?: AbortSignal | undefined
  tools?: SandboxTools | undefined
  limits?: SandboxLimits | undefined
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>
const harness = new URL('harness.deno.ts', import.meta.url)

/** Runs the script to its end and returns the number of rows; throws a MarketplaceError of the script codes. */
export async function runSandbox(parameters: RunSandboxParameters): Promise<{ rows: number }> {
  const { memoryBytes, timeoutMs, tools = findSandboxTools() } = parameters
  const harnessUrl = `data:application/typescript;base64,${(await readFile(harness)).toString('base64')}`
  const cpuSeconds = Math.ceil(timeoutMs / 1000) + 1
  const { command, args, env } = sandboxCommand({ denoPath: findDeno(), tools, harnessUrl, memoryBytes, cpuSeconds })
  parameters.signal?.throwIfAborted()
  const child = spawn(command, args, { env, cwd: '/', detached: true, stdio: ['pipe', 'pipe', 'pipe'] })
  return new SandboxRun(child, parameters).result()
}

/** One run's state: the first failure decides what it ends with. */
class SandboxRun {
  readonly #child: Child
  readonly #parameters: RunSandboxParameters
  readonly #limits: SandboxLimits
  readonly #fetches = new AbortController()
  #failure: Error | undefined
  #isDone = false
  #rows = 0
  #logLines = 0
  #openFetches = 0
  #errorBytes = 0
  #errorText = ''

  constructor(child: Child, parameters: RunSandboxParameters) {
    this.#child = child
    this.#parameters = parameters
    this.#limits = parameters.limits ?? sandboxLimits
  }

  async result(): Promise<{ rows: number }> {
    const { timeoutMs, signal } = this.#parameters
    const timer = setTimeout(() => this.#fail(timeoutError(`${timeoutMs / 1000} seconds`)), timeoutMs)
    const abort = () => this.#fail(signal?.reason)
    signal?.addEventListener('abort', abort)
    try {
      const ended = this.#whenEnded()
      this.#child.stdin.on('error', () => undefined)
      this.#child.stderr.on('data', (chunk: Uint8Array) => this.#keepErrorText(chunk))
      this.#send(this.#parameters.start)
      await this.#readOutput()
      const { exitCode, signal: by } = await ended
      if (this.#failure === undefined && !this.#isDone) {
        this.#fail(errorOfExit({ exitCode, signal: by, errorText: this.#errorText }))
      }
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
      this.#kill()
    }
    if (this.#failure !== undefined) throw this.#failure
    return { rows: this.#rows }
  }

  #whenEnded(): Promise<{ exitCode: number | null; signal: string | null }> {
    const { promise, resolve } = Promise.withResolvers<{ exitCode: number | null; signal: string | null }>()
    this.#child.once('error', (cause) => {
      this.#fail(scriptError('script-failed', 'The sandbox could not be started on this machine.', cause.message))
      resolve({ exitCode: null, signal: null })
    })
    this.#child.once('close', (exitCode, signal) => resolve({ exitCode, signal }))
    return promise
  }

  async #readOutput(): Promise<void> {
    const tooLong = (maxLineBytes: number) => floodError(`it wrote a line of more than ${maxLineBytes} bytes`)
    const lines = new LineSplitter({ maxLineBytes: this.#limits.lineBytes, tooLong })
    let bytes = 0
    for await (const chunk of this.#child.stdout as AsyncIterable<Uint8Array>) {
      bytes += chunk.length
      if (bytes > this.#limits.outputBytes) this.#fail(floodError(`it wrote over ${this.#limits.outputBytes} bytes`))
      if (this.#failure !== undefined) break
      await this.#takeChunk(lines, chunk)
    }
  }

  async #takeChunk(lines: LineSplitter, chunk: Uint8Array): Promise<void> {
    try {
      for (const line of lines.push(chunk)) {
        await this.#takeLine(decodeSandboxLine(line))
        if (this.#failure !== undefined) return
      }
    } catch (error) {
      this.#fail(error)
    }
  }

  async #takeLine(line: SandboxLine | undefined): Promise<void> {
    if (line === undefined || this.#isDone) {
      const message = 'The curation script wrote to standard output itself; yield rows, and use ctx.log for messages.'
      this.#fail(scriptError('script-failed', message))
    } else if (line.kind === 'row') await this.#takeRow(line.row)
    else if (line.kind === 'fetch') this.#startFetch(line.request)
    else if (line.kind === 'log') this.#takeLog(line.text)
    else if (line.kind === 'error') this.#fail(errorOfThrown(line.error))
    else this.#isDone = true
  }

  async #takeRow(row: unknown): Promise<void> {
    const { maxRows, onRow } = this.#parameters
    if (this.#rows >= maxRows) throw floodError(`it yielded more than ${maxRows} rows (maxRows in the manifest)`)
    this.#rows += 1
    await onRow(row, this.#rows - 1)
  }

  #takeLog(text: string): void {
    this.#logLines += 1
    if (this.#logLines > this.#limits.logLines) throw floodError(`it logged over ${this.#limits.logLines} lines`)
    this.#parameters.onLog(text.slice(0, this.#limits.logLineBytes))
  }

  #startFetch(request: SandboxFetch): void {
    this.#openFetches += 1
    if (this.#openFetches > this.#limits.openFetches) {
      throw floodError(`it fetched more than ${this.#limits.openFetches} addresses at once`)
    }
    this.#parameters
      .onFetch(request, this.#fetches.signal)
      .then((fetched) => this.#send(fetched, () => (this.#openFetches -= 1)))
      .catch((error: unknown) => this.#fail(error))
  }

  /** Calls `onTaken` when the script's process has read the message, but for what the pipe holds. */
  #send(message: SandboxStart | SandboxFetched, onTaken?: () => void): void {
    const { stdin } = this.#child
    if (!stdin.writable) return
    const line = Buffer.from(`${JSON.stringify(message)}\n`)
    if (stdin.writableLength + line.length > this.#limits.unreadBytes) {
      throw floodError(`it left over ${this.#limits.unreadBytes} bytes of answers to its fetches unread`)
    }
    // A failed write is the end of the process, which says why by its exit.
    stdin.write(line, (error) => (error == null ? onTaken?.() : undefined))
  }

  #keepErrorText(chunk: Uint8Array): void {
    this.#errorBytes += chunk.length
    if (this.#errorBytes > this.#limits.errorBytes) {
      this.#fail(floodError(`it wrote over ${this.#limits.errorBytes} bytes to standard error`))
      return
    }
    const text = this.#errorText + Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).toString('latin1')
    this.#errorText = text.slice(-this.#limits.keptErrorBytes)
  }

  #fail(error: unknown): void {
    this.#failure ??= error instanceof Error ? error : new Error(String(error))
    this.#kill()
  }

  /** Ends the whole process group; the streams close, and whoever reads them goes on. */
  #kill(): void {
    this.#fetches.abort()
    this.#child.stdin.destroy()
    if (this.#child.pid === undefined || this.#child.exitCode !== null || this.#child.signalCode !== null) return
    try {
      process.kill(-this.#child.pid, 'SIGKILL')
    } catch {
      this.#child.kill('SIGKILL')
    }
  }
}
