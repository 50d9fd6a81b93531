/** Starts the demo's child processes, keeps their logs, and stops every one of them. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

export type Child = {
  readonly name: string
  readonly pid: number
  readonly logPath: string
  /** Settles when the process ends. */
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
  /** SIGTERM, then SIGKILL after the grace; resolves when it is gone. */
  stop: () => Promise<void>
}

export type Supervisor = {
  /** Starts `command`; its output goes to `<logDirectory>/<name>.log`. */
  start: (parameters: { name: string; command: string; args: readonly string[]; cwd?: string }) => Child
  /** Puts a process that something else started under the same care. */
  adopt: (pid: number) => void
  /** Stops all children, last started first, and the watchdog. */
  stopAll: () => Promise<void>
}

const graceMs = 8000

/** Creates the supervisor; `onUnexpectedEnd` is told of a child that ends before `stopAll`. */
export function createSupervisor({
  logDirectory,
  onUnexpectedEnd,
}: {
  logDirectory: string
  onUnexpectedEnd: (child: Child) => void
}): Supervisor {
  const children: Child[] = []
  let stopping = false
  const watchdog = spawn(process.execPath, [join(import.meta.dirname, 'watchdog.ts')], {
    stdio: ['pipe', 'ignore', 'inherit'],
    detached: true,
  })
  const watch = (pid: number) => void watchdog.stdin.write(`${pid}\n`)

  return {
    start({ name, command, args, cwd }) {
      const logPath = join(logDirectory, `${name}.log`)
      const log = openSync(logPath, 'a')
      const child = spawn(command, args, { stdio: ['ignore', log, log], ...(cwd === undefined ? {} : { cwd }) })
      const started = superviseChild(child, name, logPath)
      watch(started.pid)
      children.push(started)
      void started.ended.then(() => {
        watchdog.stdin.write(`-${started.pid}\n`)
        if (!stopping) onUnexpectedEnd(started)
      })
      return started
    },
    adopt: watch,
    async stopAll() {
      stopping = true
      for (const child of children.toReversed()) await child.stop()
      watchdog.stdin.end()
      if (watchdog.exitCode === null) await once(watchdog, 'exit')
    },
  }
}

function superviseChild(child: ChildProcess, name: string, logPath: string): Child {
  const { pid } = child
  if (pid === undefined) throw new Error(`${name} could not be started: ${child.spawnfile}`)
  const ended = once(child, 'exit').then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as NodeJS.Signals | null,
  }))
  return {
    name,
    pid,
    logPath,
    ended,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGTERM')
      const grace = new AbortController()
      const timer = delay(graceMs, 'late' as const, { signal: grace.signal }).catch(() => 'ended' as const)
      if ((await Promise.race([ended, timer])) === 'late') child.kill('SIGKILL')
      await ended
      grace.abort()
    },
  }
}

/** Resolves when this process's parent is gone, so that killing npm ends the demo too. */
export function whenOrphaned({
  signal,
  intervalMs = 500,
}: {
  signal: AbortSignal
  intervalMs?: number
}): Promise<void> {
  const parent = process.ppid
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      if (process.ppid !== parent) resolve()
    }, intervalMs)
    timer.unref()
    signal.addEventListener('abort', () => clearInterval(timer), { once: true })
  })
}
