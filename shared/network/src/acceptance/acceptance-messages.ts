/** Words of `/enigma/acceptance/1.0.0`: on which terms a persistence node serves datasets of curators it does not know. */
import {
  addressSchema,
  encodeCbor,
  isDatasetName,
  limits,
  manifestNodeSchema,
  peerIdSchema,
  uintSchema,
} from '@enigma/protocol'
import * as v from 'valibot'
import { amountSchema } from '../amount-schema.ts'

/**
 * What a node asks of a dataset and gives it. `minRate` in wei per second, `minDeposit` in wei; `shareBps` of the payouts
 * go to `payee`; `places` are free now, `placesPerCurator` how many one curator may hold.
 */
export const acceptanceTermsSchema = v.strictObject({
  v: v.literal(1),
  peerId: peerIdSchema,
  signer: addressSchema,
  maxBytes: uintSchema(),
  maxRows: uintSchema(),
  minRate: amountSchema,
  minDeposit: amountSchema,
  payee: addressSchema,
  shareBps: uintSchema(10_000),
  places: uintSchema(100_000),
  placesPerCurator: uintSchema(100_000),
})
export type AcceptanceTerms = v.InferOutput<typeof acceptanceTermsSchema>

export const acceptanceRequestSchema = v.variant('kind', [
  v.strictObject({ kind: v.literal('terms'), curator: addressSchema }),
  v.strictObject({
    kind: v.literal('accept'),
    curator: addressSchema,
    name: v.pipe(v.string(), v.check(isDatasetName, 'not a dataset name')),
  }),
])
export type AcceptanceRequest = v.InferOutput<typeof acceptanceRequestSchema>

export const acceptanceReplySchema = manifestNodeSchema

/** The most bytes of either reply. */
export const maxAcceptanceReplyBytes = limits.sqlBytes

/** Bytes of terms; equal terms give equal bytes. */
export function encodeTerms(terms: AcceptanceTerms): Uint8Array {
  const { minRate, minDeposit } = terms
  return encodeCbor({ ...terms, minRate: minRate.toString(), minDeposit: minDeposit.toString() })
}
