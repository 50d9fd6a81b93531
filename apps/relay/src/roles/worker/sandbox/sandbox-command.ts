/** The command line of one sandboxed run: Deno without any permission, inside whatever else the machine offers. */
import { availableParallelism } from 'node:os'
import type { SandboxTools } from './sandbox-tools.ts'

export type SandboxCommandParameters = {
  denoPath: string
  tools: SandboxTools
  /** `data:` URL of the harness: from there, a relative or absolute import of a file has no base to resolve against. */
  harnessUrl: string
  memoryBytes: number
  /** CPU seconds after which the kernel ends the process, should this daemon no longer be there to do it. */
  cpuSeconds: number
}

export type SandboxCommand = { command: string; args: readonly string[]; env: Record<string, string> }

const mebibyte = 1024 * 1024
/** What V8 and Deno reserve before the script's first line (measured: starts at 600 MB on two cores). */
const baselineBytes = 640 * mebibyte
const baselineBytesPerCore = 16 * mebibyte

/** Composes the command: setpriv → prlimit → bubblewrap → deno, leaving out what the machine does not have. */
export function sandboxCommand(parameters: SandboxCommandParameters): SandboxCommand {
  const { tools } = parameters
  const [command = parameters.denoPath, ...args] = [
    ...(tools.setpriv === undefined ? [] : [tools.setpriv, '--nnp', '--pdeathsig', 'KILL']),
    ...(tools.prlimit === undefined ? [] : prlimitCommand(tools.prlimit, parameters)),
    ...(tools.bubblewrap === undefined ? [] : bubblewrapCommand(tools.bubblewrap, parameters.denoPath)),
    ...denoCommand(parameters),
  ]
  return { command, args, env: environment }
}

// A cache directory that cannot exist: nothing a script stores outlives it, and it cannot fill the disk.
const environment = { DENO_DIR: '/dev/null/none', DENO_NO_UPDATE_CHECK: '1', NO_COLOR: '1' }

function prlimitCommand(prlimit: string, { memoryBytes, cpuSeconds }: SandboxCommandParameters): string[] {
  const dataBytes = baselineBytes + baselineBytesPerCore * availableParallelism() + memoryBytes
  return [prlimit, `--data=${dataBytes}`, '--core=0', '--fsize=0', '--nofile=256', `--cpu=${cpuSeconds}`, '--']
}

function bubblewrapCommand(bubblewrap: string, denoPath: string): string[] {
  const libraries = ['/lib', '/lib64', '/usr/lib'].flatMap((path) => ['--ro-bind-try', path, path])
  const isolation = ['--unshare-all', '--die-with-parent', '--new-session', '--cap-drop', 'ALL']
  return [bubblewrap, ...isolation, '--ro-bind', denoPath, denoPath, ...libraries, '--proc', '/proc', '--dev', '/dev']
}

function denoCommand({ denoPath, harnessUrl, memoryBytes }: SandboxCommandParameters): string[] {
  const flags = ['--no-prompt', '--no-remote', '--no-npm', '--no-config', '--no-lock', '--no-code-cache']
  const heap = `--v8-flags=--max-old-space-size=${Math.max(16, Math.floor(memoryBytes / mebibyte))}`
  return [denoPath, 'run', '--quiet', ...flags, heap, harnessUrl]
}
