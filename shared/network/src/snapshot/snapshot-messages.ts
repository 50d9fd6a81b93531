/** Words of `/enigma/snapshot/1.0.0`: offers of heads, and pulls of descriptions and segments (DESIGN §8). */
import { hashSchema, limits, signedHeadSchema, snapshotPassSchema, uintSchema } from '@enigma/protocol'
import * as v from 'valibot'

const pass = v.exactOptional(snapshotPassSchema)

/** `pass`: by which the dataset's publisher fetches, whose peerId no manifest lists. */
export const snapshotRequestSchema = v.variant('kind', [
  v.strictObject({ kind: v.literal('offer'), signed: signedHeadSchema }),
  v.strictObject({ kind: v.literal('latest'), dataset: hashSchema, pass }),
  v.strictObject({ kind: v.literal('segment'), dataset: hashSchema, hash: hashSchema, offset: uintSchema(), pass }),
])
export type SnapshotRequest = v.InferOutput<typeof snapshotRequestSchema>

/** The first frame of the answer to `latest`; the description follows in chunks. */
export const latestReplySchema = v.strictObject({
  signed: signedHeadSchema,
  descriptionBytes: uintSchema(limits.snapshotDescriptionBytes),
})
