/** The envelope of a sealed query that relays read: where it goes, and nothing of what it asks (DESIGN §2, §9). */
import { bytesSchema, encodeCbor, hashSchema, limits, peerIdSchema, uintSchema } from '@enigma/protocol'
import * as v from 'valibot'

const queryIdBytes = 16

/**
 * `audience`: the peerId of the node that can open it. `queryId`: 16 random bytes, so that no relay carries it twice.
 * `ttl`: relays that may still pass it on.
 */
export const queryRouteSchema = v.strictObject({
  audience: peerIdSchema,
  dataset: hashSchema,
  queryId: v.pipe(
    bytesSchema(queryIdBytes),
    v.check((bytes) => bytes.length === queryIdBytes, 'expected 16 bytes'),
  ),
  ttl: uintSchema(limits.routeTtl),
})
export type QueryRoute = v.InferOutput<typeof queryRouteSchema>

/** The most bytes of an encoded route. */
export const maxRouteBytes = 512

/** Bytes of a route. */
export function encodeQueryRoute(route: QueryRoute): Uint8Array {
  return encodeCbor(route)
}

/** A fresh random query id. */
export function createQueryId(): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(queryIdBytes))
}
