/** Signed manifests and node records as single frames; decoding checks their form, never their signatures. */
import {
  decodeCbor,
  type SignedManifest,
  type SignedNodeRecord,
  signedManifestSchema,
  signedNodeRecordSchema,
} from '@enigma/protocol'
import { networkLimits } from './network-limits.ts'

/** Decodes a signed manifest; throws `manifest-invalid`. */
export function decodeSignedManifest(bytes: Uint8Array): SignedManifest {
  const maxBytes = networkLimits.frameBytes
  return decodeCbor({ bytes, schema: signedManifestSchema, maxBytes, code: 'manifest-invalid', what: 'manifest' })
}

/** Decodes a signed node record; throws `node-record-invalid`. */
export function decodeSignedRecord(bytes: Uint8Array): SignedNodeRecord {
  const maxBytes = networkLimits.frameBytes
  return decodeCbor({
    bytes,
    schema: signedNodeRecordSchema,
    maxBytes,
    code: 'node-record-invalid',
    what: 'node record',
  })
}
