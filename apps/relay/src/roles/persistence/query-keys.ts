/**
 * The node's query keys: P-256 pairs that queries are sealed to by HPKE. The newest is published in the node record;
 * older ones open until the last record that named them has expired (DESIGN §5), then they are erased. The private
 * keys lie in one file of the data directory, mode 0600, replaced atomically.
 */
import { hash } from 'node:crypto'
import { open, readFile, rename, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { HpkeKeys } from '@enigma/crypto'
import { nodePrimitives } from '@enigma/crypto/node'
import { type Hex, limits, MarketplaceError } from '@enigma/protocol'
import * as v from 'valibot'

const { suite } = nodePrimitives
const algorithm = { name: 'ECDH', namedCurve: 'P-256' } as const

const storedKeySchema = v.strictObject({
  createdAtSeconds: v.number(),
  opensUntilSeconds: v.number(),
  privateKey: v.strictObject({
    kty: v.literal('EC'),
    crv: v.literal('P-256'),
    x: v.string(),
    y: v.string(),
    d: v.string(),
  }),
})
type StoredKey = v.InferOutput<typeof storedKeySchema>
const storedKeysSchema = v.strictObject({ v: v.literal(1), keys: v.array(storedKeySchema) })

type LoadedKey = { stored: StoredKey; keyId: Hex; queryKey: Hex; pair: HpkeKeys }

export type QueryKeys = {
  /** The key to publish: an uncompressed point, and its id. */
  readonly current: { queryKey: Hex; keyId: Hex }
  /** The pair of a key that still opens queries; its private key cannot be exported. */
  pairOf(keyId: Hex): HpkeKeys | undefined
  /** Must resolve before a record that names the current key is published: the key is kept until it expires. */
  keepCurrentUntil(expiresAtSeconds: number): Promise<void>
  /** Makes a new key current when the present one is older than `maxAgeSeconds`; erases keys that no record names. */
  rotate(parameters: { maxAgeSeconds: number }): Promise<void>
}

export type OpenQueryKeysParameters = { path: string; nowSeconds: () => number }

/** Opens the key file, or creates it with a first key; throws `setting-invalid` when others can read it. */
export async function openQueryKeys({ path, nowSeconds }: OpenQueryKeysParameters): Promise<QueryKeys> {
  let keys = await Promise.all((await readStored(path)).map(loadKey))
  if (keys.length === 0) keys = await replaceKeys(path, [await createKey(nowSeconds())])

  function current(): LoadedKey {
    const newest = keys.at(-1)
    if (newest === undefined) throw new RangeError('there is always a current query key')
    return newest
  }

  let last: Promise<void> = Promise.resolve()
  /** One change after the other: each starts from the keys that the one before has written. */
  const change = (work: () => Promise<void>): Promise<void> => {
    last = last.then(work, work)
    return last
  }

  return {
    get current() {
      const { queryKey, keyId } = current()
      return { queryKey, keyId }
    },
    pairOf(keyId) {
      const found = keys.find((key) => key.keyId === keyId)
      if (found === undefined) return undefined
      return found === current() || stillOpens(found, nowSeconds()) ? found.pair : undefined
    },
    keepCurrentUntil: (expiresAtSeconds) =>
      change(async () => {
        const newest = current()
        if (newest.stored.opensUntilSeconds >= expiresAtSeconds) return
        const kept = { ...newest, stored: { ...newest.stored, opensUntilSeconds: expiresAtSeconds } }
        keys = await replaceKeys(path, [...keys.slice(0, -1), kept])
      }),
    rotate: ({ maxAgeSeconds }) =>
      change(async () => {
        const now = nowSeconds()
        const newest = current()
        const isOld = now - newest.stored.createdAtSeconds >= maxAgeSeconds
        const kept = keys.filter((key) => (key === newest && !isOld) || stillOpens(key, now))
        if (!isOld && kept.length === keys.length) return
        keys = await replaceKeys(path, isOld ? [...kept, await createKey(now)] : kept)
      }),
  }
}

function stillOpens({ stored }: LoadedKey, nowSeconds: number): boolean {
  return nowSeconds < stored.opensUntilSeconds + limits.clockSkewSeconds
}

async function createKey(nowSeconds: number): Promise<LoadedKey> {
  const { privateKey } = await crypto.subtle.generateKey(algorithm, true, ['deriveBits'])
  const jwk = await crypto.subtle.exportKey('jwk', privateKey)
  const { kty, crv, x, y, d } = jwk
  const stored = { createdAtSeconds: nowSeconds, opensUntilSeconds: 0, privateKey: { kty, crv, x, y, d } }
  return loadKey(v.parse(storedKeySchema, stored))
}

async function loadKey(stored: StoredKey): Promise<LoadedKey> {
  const { x, y, d } = stored.privateKey
  const point = Buffer.concat([Buffer.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')])
  const [privateKey, publicKey] = await Promise.all([
    suite.DeserializePrivateKey(new Uint8Array(Buffer.from(d, 'base64url'))),
    suite.DeserializePublicKey(new Uint8Array(point)),
  ])
  const keyId: Hex = `0x${hash('sha256', point, 'hex').slice(0, 16)}`
  return { stored, keyId, queryKey: `0x${point.toString('hex')}`, pair: { privateKey, publicKey } }
}

async function readStored(path: string): Promise<StoredKey[]> {
  const info = await stat(path).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  })
  if (info === undefined) return []
  if ((info.mode & 0o077) !== 0) {
    throw new MarketplaceError({
      code: 'setting-invalid',
      message: `Others can read this key file; run: chmod 600 ${path}`,
    })
  }
  try {
    return v.parse(storedKeysSchema, JSON.parse(await readFile(path, 'utf8'))).keys
  } catch (cause) {
    const message = `${path} holds no query keys; restore it from a backup, or remove it to make new ones.`
    throw new MarketplaceError({ code: 'setting-invalid', message, cause })
  }
}

async function replaceKeys(path: string, keys: LoadedKey[]): Promise<LoadedKey[]> {
  const temporary = `${path}.new`
  {
    await using file = await open(temporary, 'w', 0o600)
    await file.chmod(0o600)
    await file.writeFile(`${JSON.stringify({ v: 1, keys: keys.map(({ stored }) => stored) })}\n`)
    await file.sync()
  }
  await rename(temporary, path)
  await using directory = await open(dirname(path), 'r')
  await directory.sync()
  return keys
}
