/** Runs an `enigma` command to its end, as a person would; the demo does nothing that the command line cannot. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

const execute = promisify(execFile)

/** The command's entry point, for child processes. */
export const enigmaMain = join(import.meta.dirname, '../../../apps/relay/src/main.ts')

/** Runs `enigma <args> --json` and returns what it printed; a failure throws with the command's last words. */
export async function runEnigma({
  args,
  home,
}: {
  args: readonly string[]
  /** Where the command keeps what it publishes. */
  home?: string
}): Promise<unknown> {
  try {
    const { stdout } = await execute(process.execPath, [enigmaMain, ...args, '--json'], {
      maxBuffer: 64 * 1024 * 1024,
      ...(home === undefined ? {} : { env: { ...process.env, ENIGMA_HOME: home } }),
    })
    return stdout.trim() === '' ? undefined : (JSON.parse(stdout) as unknown)
  } catch (cause) {
    const stderr =
      cause instanceof Error && 'stderr' in cause
        ? String(cause.stderr).trim().split('\n').slice(-3).join('\n')
        : String(cause)
    throw new Error(`enigma ${args.join(' ')}\n${stderr}`, { cause })
  }
}
