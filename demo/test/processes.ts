/** The processes of a demo as the kernel lists them, for tests that it leaves none behind (Linux). */
import { readdirSync, readFileSync } from 'node:fs'

/** A process by its id and the moment of its start, so that a reused id is not taken for it. */
export type ProcessKey = `${number}@${string}`

/** Collects the descendants of a process while it lives; what was reparented since is still known. */
export function createFamily(rootPid: number): { look: () => void; living: () => ProcessKey[]; size: () => number } {
  const seen = new Set<ProcessKey>()
  const pids = new Set([rootPid])
  return {
    look() {
      const all = listProcesses()
      for (let grown = true; grown;) {
        grown = false
        for (const { pid, parent, key } of all) {
          if (!pids.has(parent) || seen.has(key)) continue
          pids.add(pid)
          seen.add(key)
          grown = true
        }
      }
    },
    living: () => {
      const now = new Set(listProcesses().map(({ key }) => key))
      return [...seen].filter((key) => now.has(key))
    },
    size: () => seen.size,
  }
}

type Listed = { pid: number; parent: number; key: ProcessKey }

function listProcesses(): Listed[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readProcess(Number(name)) ?? [])
}

/** Undefined for a process that has ended, also while nobody has asked for its exit code yet. */
function readProcess(pid: number): Listed | undefined {
  let text: string
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch {
    // It ended between the listing and the reading.
    return undefined
  }
  const [state, parent, ...rest] = text.slice(text.lastIndexOf(')') + 2).split(' ')
  if (state === 'Z' || state === 'X') return undefined
  return { pid, parent: Number(parent), key: `${pid}@${rest[17] ?? ''}` }
}
