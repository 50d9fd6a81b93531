/** Runs an `enigma` command to its end, as a person would. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

const main = join(import.meta.dirname, '../../../relay/src/main.ts')

/** `home` is where the command keeps what it publishes; a failure throws with what it printed. */
export async function runEnigma(args: readonly string[], { home }: { home?: string } = {}): Promise<void> {
  const env = home === undefined ? process.env : { ...process.env, ENIGMA_HOME: home }
  await promisify(execFile)(process.execPath, [main, ...args, '--json'], { env })
}
