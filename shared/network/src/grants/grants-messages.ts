/** Words of `/enigma/grants/1.0.0`: the present revision of an embed, by its id or its account, and what a relay has. */
import { addressSchema, embedSchema, hashSchema, limits, uintSchema } from '@enigma/protocol'
import * as v from 'valibot'
import { networkLimits } from '../network-limits.ts'

export const grantsRequestSchema = v.variant('kind', [
  v.strictObject({ kind: v.literal('current'), id: hashSchema }),
  v.strictObject({ kind: v.literal('of'), account: addressSchema }),
  v.strictObject({ kind: v.literal('announce'), embed: embedSchema }),
  v.strictObject({ kind: v.literal('contents'), after: hashSchema }),
  v.strictObject({
    kind: v.literal('embeds'),
    ids: v.pipe(v.array(hashSchema), v.maxLength(networkLimits.itemsPerRequest)),
  }),
])
export type GrantsRequest = v.InferOutput<typeof grantsRequestSchema>

export const grantsAnnounceReplySchema = v.strictObject({ isNew: v.boolean() })

/** One page of what a relay has: at most this many embeds. */
export const embedLinesPerPage = 500

/** What a relay says of an embed that it has; `validUntil` in Unix seconds. */
const embedLineSchema = v.strictObject({
  id: hashSchema,
  dataset: hashSchema,
  revision: uintSchema(),
  hash: hashSchema,
  validUntil: uintSchema(),
})
export type EmbedLine = v.InferOutput<typeof embedLineSchema>

export const embedLinesSchema = v.pipe(v.array(embedLineSchema), v.maxLength(embedLinesPerPage))

/** The most bytes of a request. */
export const maxGrantsRequestBytes = limits.embedBytes + 1024
