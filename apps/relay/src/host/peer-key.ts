/** The node's libp2p identity: an Ed25519 key in a file that only its owner reads, so that the peerId never changes. */
import { mkdir, open, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { generateKeyPair, privateKeyFromProtobuf, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { MarketplaceError } from '@enigma/protocol'

/** Reads the key of `path`, or creates it with mode 0600; throws `setting-invalid` for a file that holds no key. */
export async function openPeerKey({ path }: { path: string }): Promise<PrivateKey> {
  const stored = await readStored(path)
  if (stored === undefined) return createPeerKey(path)
  try {
    return privateKeyFromProtobuf(Buffer.from(stored.trim(), 'base64'))
  } catch (cause) {
    const message = `${path} holds no peer key. Restore it from a backup; without it the node has another identity.`
    throw new MarketplaceError({ code: 'setting-invalid', message, cause })
  }
}

async function createPeerKey(path: string): Promise<PrivateKey> {
  const key = await generateKeyPair('Ed25519')
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  await using file = await open(path, 'wx', 0o600)
  await file.writeFile(`${Buffer.from(privateKeyToProtobuf(key)).toString('base64')}\n`)
  await file.sync()
  return key
}

async function readStored(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

/** The peerId of the key in `path`; throws `setting-invalid` when the node never ran. */
export async function peerIdOf({ path }: { path: string }): Promise<string> {
  if ((await readStored(path)) === undefined) {
    const message = `There is no peer key at ${path}; start the node once, it makes one.`
    throw new MarketplaceError({ code: 'setting-invalid', message })
  }
  return peerIdFromPrivateKey(await openPeerKey({ path })).toString()
}
