/** Sessions of the command line: P-256 keys in files of mode 0600 under `$ENIGMA_HOME/sessions`. */
import { createHash } from 'node:crypto'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { KeyStore, Session } from '@enigma/client'
import { MarketplaceError, signedGrantSchema } from '@enigma/protocol'
import * as v from 'valibot'
import { isNodeError } from '../daemon/is-node-error.ts'
import { makeDirectory } from '../daemon/make-directory.ts'
import { type CommandContext, homeDirectory } from './context.ts'

const p256 = { name: 'ECDSA', namedCurve: 'P-256' } as const
const fileSchema = v.object({
  publicKey: v.pipe(
    v.string(),
    v.regex(/^0x04[0-9a-f]{128}$/),
    v.transform((text) => text as `0x${string}`),
  ),
  privateKey: v.object({ kty: v.literal('EC'), crv: v.literal('P-256'), x: v.string(), y: v.string(), d: v.string() }),
  grant: signedGrantSchema,
})

/** The sessions of a command's user. */
export function openSessions(context: CommandContext): KeyStore {
  return createFileKeyStore(join(homeDirectory(context), 'sessions'))
}

/** The directory is made when the first session is put. */
function createFileKeyStore(directory: string): KeyStore {
  const pathOf = (id: string) => join(directory, `${createHash('sha256').update(id).digest('hex').slice(0, 40)}.json`)
  return {
    needsExtractableKeys: true,
    get: (id) => readSession(pathOf(id)),
    async put(id, { key, grant }) {
      await makeDirectory(directory)
      const privateKey = await crypto.subtle.exportKey('jwk', key.privateKey)
      const path = pathOf(id)
      await writeFile(`${path}.new`, JSON.stringify({ publicKey: key.publicKey, privateKey, grant }), { mode: 0o600 })
      await rename(`${path}.new`, path)
    },
    delete: (id) => rm(pathOf(id), { force: true }),
  }
}

async function readSession(path: string): Promise<Session | undefined> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (isNodeError(error, 'ENOENT')) return undefined
    throw error
  }
  const parsed = v.safeParse(fileSchema, JSON.parse(text))
  if (!parsed.success) {
    throw new MarketplaceError({
      code: 'setting-invalid',
      message: `${path} is not a session; remove it and try again.`,
    })
  }
  const { publicKey, privateKey, grant } = parsed.output
  const key = await crypto.subtle.importKey('jwk', privateKey, p256, true, ['sign'])
  return { key: { publicKey, privateKey: key }, grant }
}
