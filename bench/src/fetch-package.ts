/** Packages of the npm registry as they are published, unpacked into a folder; nothing of them is run. */
import { execFile } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Fetches one tarball, which npm checks against the registry's hash; returns where it was unpacked, as in `node_modules`. */
export async function fetchPackage({
  name,
  version,
  directory,
}: {
  name: string
  version: string
  /** The folder of packages; each lies in it under its name. */
  directory: string
}): Promise<string> {
  const target = join(directory, name)
  await mkdir(target, { recursive: true })
  const args = ['pack', `${name}@${version}`, '--ignore-scripts', '--json', '--pack-destination', directory]
  const { stdout } = await run('npm', args, { cwd: directory, maxBuffer: 64 * 1024 * 1024 })
  const [packed] = JSON.parse(stdout) as { filename: string; version: string }[]
  if (packed?.version !== version) throw new Error(`npm packed no ${name}@${version}`)
  await run('tar', ['-xzf', join(directory, packed.filename), '-C', target, '--strip-components', '1'])
  return target
}
