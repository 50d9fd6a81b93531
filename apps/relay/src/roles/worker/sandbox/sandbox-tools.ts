/** What this machine offers around Deno's own sandbox: prlimit and setpriv (util-linux) and bubblewrap (DESIGN §8). */
import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Absolute paths; undefined where the machine has none, or where it does not work here. */
export type SandboxTools = {
  prlimit: string | undefined
  setpriv: string | undefined
  bubblewrap: string | undefined
}

/** Looks for the tools on `searchPath` and tries each once, since bubblewrap may be forbidden by the kernel. */
export function findSandboxTools({ searchPath = process.env['PATH'] ?? '' } = {}): SandboxTools {
  const working = (name: string, args: readonly string[]) => {
    const path = findExecutable(name, searchPath)
    if (path === undefined) return undefined
    return spawnSync(path, args, { stdio: 'ignore', timeout: 5000 }).status === 0 ? path : undefined
  }
  return {
    prlimit: working('prlimit', ['--core=0', '--', '/bin/true']),
    setpriv: working('setpriv', ['--nnp', '--pdeathsig', 'KILL', '/bin/true']),
    bubblewrap: working('bwrap', ['--unshare-all', '--die-with-parent', '--ro-bind', '/', '/', '/bin/true']),
  }
}

function findExecutable(name: string, searchPath: string): string | undefined {
  return searchPath
    .split(delimiter)
    .filter((directory) => directory.startsWith('/'))
    .map((directory) => join(directory, name))
    .find((path) => isExecutable(path))
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
