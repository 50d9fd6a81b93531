/** One engine process as the daemon sees it: a request, a reply in time, or SIGKILL. */
import { type ChildProcess, spawn } from 'node:child_process'
import { MarketplaceError } from '@enigma/protocol'
import { engineLimits } from '../engine-limits.ts'
import type { EngineReply, EngineRequest } from './engine-messages.ts'

export type EngineTools = { prlimit: string | undefined; setpriv: string | undefined }

export type EngineProcess = {
  readonly isAlive: boolean
  /** Whether it was asked anything but to open its database. */
  readonly isUsed: boolean
  /** Sends a request and waits for its one reply; throws the reply's failure, or `engine-failed` when there is none. */
  ask: (request: EngineRequest, timeoutMs: number) => Promise<Exclude<EngineReply, { kind: 'failed' }>>
  /** Interrupts the running query; the process is killed when it does not reply within the grace. */
  cancel: () => void
  kill: () => Promise<void>
  /** Resolves when the process is gone, whoever ended it. */
  readonly ended: Promise<void>
}

type Pending = { resolve: (reply: EngineReply) => void; reject: (error: Error) => void }

const childPath = new URL('engine-child.ts', import.meta.url).pathname

/** Starts an engine process; `onKilled` is told when it had to be killed. */
export function startEngineProcess({
  tools,
  memoryBytes,
  fileBytes,
  onKilled,
}: {
  tools: EngineTools
  memoryBytes: number
  /** The largest file that it may write; any size when absent. */
  fileBytes?: number | undefined
  onKilled: () => void
}): EngineProcess {
  return superviseEngine(spawnEngine(tools, memoryBytes, fileBytes), onKilled)
}

function superviseEngine(child: ChildProcess, onKilled: () => void): EngineProcess {
  let pending: Pending | undefined
  let isAlive = true
  let isUsed = false
  const ended = whenEnded(child).then(() => {
    isAlive = false
    pending?.reject(engineFailed())
    pending = undefined
  })
  child.on('message', (reply) => {
    const waiting = pending
    pending = undefined
    waiting?.resolve(reply as EngineReply)
  })
  const kill = async () => {
    // Dead from now on for whoever asks next, though the system takes a moment to say so.
    isAlive = false
    child.kill('SIGKILL')
    await ended
  }
  const overdue = () => {
    onKilled()
    void kill()
  }
  return {
    get isAlive() {
      return isAlive
    },
    get isUsed() {
      return isUsed
    },
    async ask(request, timeoutMs) {
      if (!isAlive) throw engineFailed()
      if (pending !== undefined) throw new TypeError('an engine process does one thing at a time')
      const { promise, resolve, reject } = Promise.withResolvers<EngineReply>()
      pending = { resolve, reject }
      const timer = setTimeout(() => {
        reject(tooSlow())
        overdue()
      }, timeoutMs + engineLimits.graceMs)
      isUsed ||= request.kind === 'query'
      child.send(request)
      try {
        const reply = await promise
        if (reply.kind !== 'failed') return reply
        throw new MarketplaceError(reply)
      } finally {
        clearTimeout(timer)
      }
    },
    cancel() {
      if (pending === undefined || !isAlive) return
      child.send({ kind: 'cancel' } satisfies EngineRequest)
      const cancelled = pending
      setTimeout(() => {
        if (pending === cancelled) overdue()
      }, engineLimits.graceMs).unref()
    },
    ...{ kill, ended },
  }
}

function whenEnded(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
}

function spawnEngine({ prlimit, setpriv }: EngineTools, memoryBytes: number, fileBytes?: number): ChildProcess {
  const dataBytes = memoryBytes + engineLimits.processBytes
  const fileLimit = fileBytes === undefined ? [] : [`--fsize=${fileBytes}`]
  const wrappers = [
    ...(setpriv === undefined ? [] : [setpriv, '--nnp', '--pdeathsig', 'KILL']),
    ...(prlimit === undefined ? [] : [prlimit, `--data=${dataBytes}`, '--core=0', ...fileLimit, '--']),
  ]
  const [command = process.execPath, ...args] = wrappers.concat(process.execPath, childPath)
  return spawn(command, args, {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    serialization: 'advanced',
    env: { NODE_OPTIONS: '--max-old-space-size=512' },
  })
}

function tooSlow(): MarketplaceError {
  return new MarketplaceError({ code: 'too-slow', message: 'The query did not end when told to; ask for less.' })
}

function engineFailed(): MarketplaceError {
  return new MarketplaceError({
    code: 'engine-failed',
    message: 'The engine process ended on this query; it was started anew, try another form of the query.',
  })
}
