/** Global set-up: the demo network as a person starts it, in a directory of its own; stopped when the tests have ended. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const root = join(import.meta.dirname, '../../../..')

export default async function startDemo(): Promise<() => Promise<void>> {
  if (process.env['E2E_BASE_URL'] !== undefined) return () => Promise.resolve()
  const directory = await mkdtemp(join(tmpdir(), 'enigma-e2e-'))
  const child = spawn(process.execPath, ['demo/src/main.ts', '--directory', directory, '--port', '0'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  process.env['E2E_BASE_URL'] = await whenServed(child)
  process.env['E2E_DIRECTORY'] = directory
  return async () => {
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    await ended
    await rm(directory, { recursive: true, force: true })
  }
}

/** Reads what the demo prints until it says where the app is; throws what it printed when it ends before. */
async function whenServed(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new TypeError('the demo has no output')
  const printed: string[] = []
  const lines = createInterface({ input: child.stdout })
  for await (const line of lines) {
    printed.push(line)
    const url = /^\s+open\s+(http\S+)/.exec(line)?.[1]
    if (url === undefined) continue
    // The rest is not needed, but must be read, or the demo would block on a full pipe.
    child.stdout.resume()
    return url
  }
  throw new Error(`the demo ended before it served the app:\n${printed.join('\n')}`)
}
