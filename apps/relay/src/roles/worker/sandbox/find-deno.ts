/** Finds the Deno executable inside its npm package, so that no launcher script stands between us and the sandbox. */
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { MarketplaceError } from '@enigma/protocol'

const packages: Record<string, string> = {
  'linux-x64': '@deno/linux-x64-glibc',
  'linux-arm64': '@deno/linux-arm64-glibc',
  'darwin-x64': '@deno/darwin-x64',
  'darwin-arm64': '@deno/darwin-arm64',
}

/** Path of the Deno executable; throws `setting-invalid` where npm brought none for this machine. */
export function findDeno({ platform = process.platform, arch = process.arch } = {}): string {
  const name = packages[`${platform}-${arch}`]
  const launcher = createRequire(import.meta.url).resolve('deno/package.json')
  const path = name === undefined ? undefined : siblingOf(launcher, name)
  if (path !== undefined && existsSync(path)) return path
  throw new MarketplaceError({
    code: 'setting-invalid',
    message:
      'This machine has no Deno to run curation scripts in; run the installation again, or drop the role worker.',
    details: `${platform}-${arch}`,
  })
}

function siblingOf(launcher: string, name: string): string | undefined {
  try {
    return join(dirname(createRequire(launcher).resolve(`${name}/package.json`)), 'deno')
  } catch {
    return undefined
  }
}
