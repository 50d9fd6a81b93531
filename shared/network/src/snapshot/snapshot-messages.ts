/** Words of `/enigma/snapshot/1.0.0`: offers of heads, and pulls of descriptions and segments (DESIGN §8). */
import { hashSchema, limits, signedHeadSchema, uintSchema } from '@enigma/protocol'
import * as v from 'valibot'

export const snapshotRequestSchema = v.variant('kind', [
  v.strictObject({ kind: v.literal('offer'), signed: signedHeadSchema }),
  v.strictObject({ kind: v.literal('latest'), dataset: hashSchema }),
  v.strictObject({ kind: v.literal('segment'), dataset: hashSchema, hash: hashSchema, offset: uintSchema() }),
])
export type SnapshotRequest = v.InferOutput<typeof snapshotRequestSchema>

/** The first frame of the answer to `latest`; the description follows in chunks. */
export const latestReplySchema = v.strictObject({
  signed: signedHeadSchema,
  descriptionBytes: uintSchema(limits.snapshotDescriptionBytes),
})
