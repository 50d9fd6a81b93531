/** Account keys on disk: one 32-byte secp256k1 key as hex, readable by its owner only. */
import { chmod, open, readFile, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { MarketplaceError } from '@enigma/protocol'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import type { Hex, LocalAccount } from 'viem'
import { isNodeError } from './is-node-error.ts'
import { makeDirectory } from './make-directory.ts'

const keyPattern = /^0x[0-9a-f]{64}$/

/** Creates a key file with mode 0600 and returns its account; refuses to overwrite. */
export async function createKeyFile({ path }: { path: string }): Promise<LocalAccount> {
  await makeDirectory(dirname(path))
  const privateKey = generatePrivateKey()
  await writeNewKey(path, privateKey)
  return privateKeyToAccount(privateKey)
}

/** Reads a key file; throws `setting-invalid` when others can read it or it holds no key. */
export async function readKeyFile({ path }: { path: string }): Promise<LocalAccount> {
  const text = await readKeyText(path)
  const key = text.trim().toLowerCase()
  if (!keyPattern.test(key)) {
    throw new MarketplaceError({
      code: 'setting-invalid',
      message: 'The key file holds no key: it must be 0x and 64 hex digits. Make one with `enigma key new`.',
      details: path,
    })
  }
  return privateKeyToAccount(key as Hex)
}

/** Reads a key file, or creates it when there is none. */
export async function openKeyFile({ path }: { path: string }): Promise<LocalAccount> {
  const exists = await stat(path).then(
    () => true,
    (error: unknown) => {
      if (isNodeError(error, 'ENOENT')) return false
      throw error
    },
  )
  return exists ? readKeyFile({ path }) : createKeyFile({ path })
}

/** The account of a command: the file that `--key` names, else the environment variable ENIGMA_KEY. */
export async function commandAccount({
  keyFile,
  environment,
}: {
  keyFile: string | undefined
  environment: NodeJS.ProcessEnv
}): Promise<LocalAccount> {
  if (keyFile !== undefined) return readKeyFile({ path: keyFile })
  const key = environment['ENIGMA_KEY']?.trim().toLowerCase()
  if (key !== undefined && keyPattern.test(key)) return privateKeyToAccount(key as Hex)
  throw new MarketplaceError({
    code: 'setting-invalid',
    message:
      key === undefined
        ? 'This command signs with an account: name its key file with --key, or set ENIGMA_KEY.'
        : 'ENIGMA_KEY is not a key: it must be 0x and 64 hex digits.',
  })
}

async function readKeyText(path: string): Promise<string> {
  try {
    const { mode } = await stat(path)
    if ((mode & 0o077) !== 0) {
      throw new MarketplaceError({
        code: 'setting-invalid',
        message: `Others can read this key file; run: chmod 600 ${path}`,
      })
    }
    return await readFile(path, 'utf8')
  } catch (cause) {
    if (cause instanceof MarketplaceError) throw cause
    const message = `The key file ${path} cannot be read. Make one with: enigma key new ${path}`
    throw new MarketplaceError({ code: 'setting-invalid', message, cause })
  }
}

async function writeNewKey(path: string, privateKey: Hex): Promise<void> {
  try {
    await using file = await open(path, 'wx', 0o600)
    await file.writeFile(`${privateKey}\n`)
    await file.sync()
    await chmod(path, 0o600)
  } catch (cause) {
    const message = isNodeError(cause, 'EEXIST')
      ? `${path} exists already and is not overwritten: a lost key is lost money. Choose another name.`
      : `The key file ${path} cannot be written; name a place that you may write to.`
    throw new MarketplaceError({ code: 'setting-invalid', message, cause })
  }
}
