/** A node of the demo that stands still, as one does on a machine that is too busy: it sees neither the chain nor its askers. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

/** Halts the process of the demo's node of this name; what is returned lets it go on. */
export function pauseNode(name: 'persistence-public' | 'persistence-private'): () => void {
  const config = join(process.env['E2E_DIRECTORY'] ?? '', name, 'enigma.toml')
  const processes = execFileSync('ps', ['-A', '-o', 'pid=,args='], { encoding: 'utf8' }).split('\n')
  const found = processes.find((line) => line.includes(`node start --config ${config}`))
  const pid = Number(found?.trim().split(' ')[0])
  if (!Number.isSafeInteger(pid)) throw new Error(`no process runs ${config}`)
  process.kill(pid, 'SIGSTOP')
  return () => void process.kill(pid, 'SIGCONT')
}
