/** The session key's signature over a query (DESIGN §6). */
import {
  concatBytes,
  encodeQuery,
  type GrantChain,
  type Query,
  queryLabel,
  type SignedQuery,
  utf8,
} from '@enigma/protocol'
import { type SessionKey, signP256, verifyP256, type VerifyP256 } from './p256.ts'

/** Signs a query; `query.sessionKey` must be the key's point. */
export async function signQuery({
  query,
  key,
  grants,
}: {
  query: Query
  key: SessionKey
  grants: GrantChain | []
}): Promise<SignedQuery> {
  if (query.sessionKey !== key.publicKey) throw new TypeError('query.sessionKey is not the key that signs')
  const bytes = encodeQuery(query)
  return { query: bytes, signature: await signP256({ key, message: queryMessage(bytes) }), grants }
}

/** Whether the key that the query names signed it. */
export function verifyQuerySignature({
  signedQuery,
  query,
  verify = verifyP256,
}: {
  signedQuery: SignedQuery
  query: Query
  verify?: VerifyP256
}): Promise<boolean> {
  return verify({
    publicKey: query.sessionKey,
    message: queryMessage(signedQuery.query),
    signature: signedQuery.signature,
  })
}

function queryMessage(bytes: Uint8Array): Uint8Array {
  return concatBytes(utf8(queryLabel), bytes)
}
