/** A manifest's bytes and their hash; apart from its schema, so that a page that only reads one loads no more. */
import { keccak256 } from 'viem'
import { decodeCbor, encodeCbor } from './cbor.ts'
import { limits } from './limits.ts'
import { type Manifest, manifestSchema } from './manifest.ts'
import type { Hex } from './schemas.ts'

/** Deterministic bytes of a manifest. */
export function encodeManifest(manifest: Manifest): Uint8Array {
  return encodeCbor(manifest)
}

/** Decodes manifest bytes; throws `manifest-invalid`. */
export function decodeManifest(bytes: Uint8Array): Manifest {
  return decodeCbor({
    bytes,
    schema: manifestSchema,
    maxBytes: limits.manifestBytes,
    code: 'manifest-invalid',
    what: 'manifest',
  })
}

/** The hash that stands on chain: keccak256 of the manifest's bytes. */
export function hashManifest(bytes: Uint8Array): Hex {
  return keccak256(bytes)
}
