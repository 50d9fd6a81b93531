/** The session key's signature over a request for usage. */
import {
  concatBytes,
  encodeUsageRequest,
  type GrantChain,
  type SignedUsageRequest,
  type UsageRequest,
  usageLabel,
  utf8,
} from '@enigma/protocol'
import { type SessionKey, signP256, verifyP256, type VerifyP256 } from './p256.ts'

export type SignUsageRequestParameters = { request: UsageRequest; key: SessionKey; grants: GrantChain }

/** Signs a request; `request.sessionKey` must be the key's point. */
export async function signUsageRequest({
  request,
  key,
  grants,
}: SignUsageRequestParameters): Promise<SignedUsageRequest> {
  if (request.sessionKey !== key.publicKey) throw new TypeError('request.sessionKey is not the key that signs')
  const bytes = encodeUsageRequest(request)
  return { request: bytes, signature: await signP256({ key, message: messageOf(bytes) }), grants }
}

export type VerifyUsageRequestParameters = { signed: SignedUsageRequest; request: UsageRequest; verify?: VerifyP256 }

/** Whether the key that the request names signed it. */
export function verifyUsageRequest({
  signed,
  request: { sessionKey: publicKey },
  verify = verifyP256,
}: VerifyUsageRequestParameters): Promise<boolean> {
  return verify({ publicKey, message: messageOf(signed.request), signature: signed.signature })
}

function messageOf(bytes: Uint8Array): Uint8Array {
  return concatBytes(utf8(usageLabel), bytes)
}
